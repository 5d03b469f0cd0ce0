// The mode `fetch`: charts and OCI artifacts from outside, before anything is rendered.
package main

import (
	"context"
	"os"

	"evenkeel.dev/renderer/internal/fetch"
)

// runFetch answers the one request on the standard input. What went wrong with the request is in the answer; an error is a fault of
// this program or of its caller.
func runFetch() error {
	return fetch.Run(context.Background(), os.Stdin, os.Stdout)
}
