package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"

	"evenkeel.dev/renderer/internal/seal"
)

// MaxLineBytes is the longest request that is read.
const MaxLineBytes = 64 << 20

// Render answers one job; an error is what the user reads.
type Render func(view *seal.View, job json.RawMessage) (Answer, error)

// Renders are the kinds of job by their `type`.
type Renders map[string]Render

// Server answers requests until there are no more.
type Server struct {
	renders Renders
	out     *output
	// busy is held for reading by each request from its beginning to the end of its answer.
	busy sync.RWMutex
}

// NewServer writes its answers to out.
func NewServer(renders Renders, out io.Writer) *Server {
	return &Server{renders: renders, out: &output{out: out}}
}

// Serve says that it is ready, reads requests and answers each as soon as it is done, as many at once as Go has processors.
// A request is taken from the input only when there is a hand free for it.
func (s *Server) Serve(in io.Reader, ready any) error {
	if err := s.out.send(ready); err != nil {
		return err
	}
	lines := make(chan []byte)
	var hands sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		hands.Go(func() {
			for line := range lines {
				s.answer(line)
			}
		})
	}
	err := readLines(in, lines)
	close(lines)
	hands.Wait()
	return errors.Join(err, s.out.failure())
}

func readLines(in io.Reader, lines chan<- []byte) error {
	reader := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readLine(reader)
		if len(bytes.TrimSpace(line)) > 0 {
			lines <- line
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		if len(line)+len(part) > MaxLineBytes {
			return nil, fmt.Errorf("a request is longer than %d bytes", MaxLineBytes)
		}
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

func (s *Server) answer(line []byte) {
	var request Request
	if err := json.Unmarshal(line, &request); err != nil {
		s.out.answer(Answer{Error: "renderer: the request is not understood", Reads: map[string][]string{}})
		return
	}
	s.busy.RLock()
	defer s.busy.RUnlock()
	answer := s.render(request)
	answer.ID = request.ID
	s.out.answer(answer)
}

func (s *Server) render(request Request) (answer Answer) {
	view, err := seal.Open(request.Roots, request.Files)
	if err != nil {
		return Answer{Error: err.Error(), Reads: map[string][]string{}}
	}
	defer view.Close()
	// One request that goes wrong in a way that nobody foresaw must not take the others with it.
	defer func() {
		if fault := recover(); fault != nil {
			answer = Answer{Error: internalError(fault)}
		}
		answer.Reads = view.Reads()
	}()
	answer, err = s.run(view, request.Job)
	if err == nil {
		err = withinLimits(answer)
	}
	if err != nil {
		return Answer{Error: strings.TrimRight(err.Error(), "\n")}
	}
	return answer
}

func (s *Server) run(view *seal.View, job json.RawMessage) (Answer, error) {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(job, &kind); err != nil {
		return Answer{}, errors.New("renderer: the job is not understood")
	}
	render, ok := s.renders[kind.Type]
	if !ok {
		return Answer{}, fmt.Errorf("renderer: no job is of type %q", kind.Type)
	}
	return render(view, job)
}

// internalError has no stack and no text that a library put together: either may repeat what was being rendered.
func internalError(fault any) string {
	if err, ok := fault.(runtime.Error); ok {
		return "renderer: internal error: " + err.Error()
	}
	return fmt.Sprintf("renderer: internal error: %T", fault)
}
