package protocol

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
)

// output writes whole lines, each at once, as they come from any goroutine.
type output struct {
	turn sync.Mutex
	out  io.Writer
	err  error
}

func (o *output) send(message any) error {
	line, err := encoded(message)
	if err != nil {
		return err
	}
	o.turn.Lock()
	defer o.turn.Unlock()
	if _, err := o.out.Write(line); err != nil && o.err == nil {
		o.err = err
	}
	return nil
}

// answer sends an answer, or says why it cannot be sent: a document that is no JSON is a fault of ours.
func (o *output) answer(answer Answer) {
	if err := o.send(answer); err != nil {
		_ = o.send(Answer{ID: answer.ID, Reads: answer.Reads, Error: "renderer: internal error: the answer is no JSON"})
	}
}

func (o *output) failure() error {
	o.turn.Lock()
	defer o.turn.Unlock()
	return o.err
}

func encoded(message any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(message)
	return buffer.Bytes(), err
}
