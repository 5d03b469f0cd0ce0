package protocol

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"
)

const lastWordsPatience = 2 * time.Second

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

// lastWords end the process once they are said. A reader that takes nothing must not keep it alive.
func (o *output) lastWords(message any, code int) {
	time.AfterFunc(lastWordsPatience, func() { os.Exit(code) })
	if line, err := encoded(message); err == nil {
		o.turn.Lock()
		_, _ = o.out.Write(line)
	}
	os.Exit(code)
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
