// Package fetch gets Helm charts and OCI artifacts from where they are served: one request with its credentials in, files into a folder,
// one answer out (spec/rendering.md §3.1, §7). It keeps nothing, and decides nothing that needs no network.
package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"evenkeel.dev/renderer/internal/memory"
)

const maxRequestBytes = 8 << 20

// Run reads a request, does what it asks within its time limit, and writes the answer as one line. The error it returns is for a request
// that cannot be read or an answer that cannot be written; everything else is in the answer.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	var request Request
	if err := json.NewDecoder(io.LimitReader(in, maxRequestBytes)).Decode(&request); err != nil {
		return errors.New("the request is not the JSON that is expected") // its text may hold secrets
	}
	if len(request.Refused.Addresses) == 0 {
		return errors.New("the request does not say which addresses are refused")
	}
	var said sync.Once
	say := func(answer Answer) (err error) {
		said.Do(func() { err = json.NewEncoder(out).Encode(answer) })
		return err
	}
	memory.Bound(request.Limits.MemoryBytes, func(used uint64) {
		if used > request.Limits.MemoryBytes {
			_ = say(Answer{Error: request.memoryFault()})
			os.Exit(0)
		}
	})
	ctx, cancel := context.WithTimeout(ctx, time.Duration(request.TimeoutSeconds*float64(time.Second)))
	defer cancel()
	answer, err := serve(ctx, &request)
	if err != nil {
		answer = Answer{Error: request.answerFault(ctx, err)}
	}
	return say(answer)
}

func serve(ctx context.Context, request *Request) (Answer, error) {
	source, err := openOrigin(request)
	if err != nil {
		return Answer{}, err
	}
	switch request.Action + " " + request.Kind {
	case "versions index":
		return indexVersions(ctx, source, request)
	case "pull index":
		return pullFromIndex(ctx, source, request)
	case "versions chart", "versions artifact":
		return tagVersions(ctx, source, request)
	case "pull chart":
		return pullChart(ctx, source, request)
	case "resolve artifact":
		return resolveArtifact(ctx, source, request)
	case "pull artifact":
		return pullArtifact(ctx, source, request)
	}
	return Answer{}, invalid(fmt.Errorf("no action %q for a source of kind %q", request.Action, request.Kind))
}
