// The mode `fetch`: charts and OCI artifacts from outside, before anything is rendered.
package main

import (
	"context"
	"fmt"
	"os"

	"evenkeel.dev/renderer/internal/fetch"
)

func init() {
	modes["fetch"] = runFetch
}

// runFetch answers the one request on the standard input. What went wrong with the request is in the answer; the exit code tells of a
// fault of this program or of its caller.
func runFetch([]string) int {
	if err := fetch.Run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "renderer:", err)
		return 1
	}
	return 0
}
