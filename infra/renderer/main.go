// Command renderer turns sources into manifests. Without an argument it is the sealed batch renderer: it reads only what a request names,
// reaches no host, and starts no program.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"evenkeel.dev/renderer/internal/files"
	"evenkeel.dev/renderer/internal/helm"
	"evenkeel.dev/renderer/internal/kustomize"
	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

const (
	mebibyte          = 1 << 20
	defaultLimitMiB   = 1024
	defaultRecycleMiB = 256
)

// modes are what the first argument may ask for instead of rendering.
var modes = map[string]func() error{"fetch": runFetch}

func main() {
	if len(os.Args) > 1 {
		if mode, ok := modes[os.Args[1]]; ok {
			os.Exit(exitCode(mode(), os.Stderr))
		}
	}
	os.Exit(render(os.Args[1:]))
}

func exitCode(err error, complain io.Writer) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(complain, "renderer:", err)
	return 1
}

func render(arguments []string) int {
	flags := flag.NewFlagSet("renderer", flag.ContinueOnError)
	limit := flags.Uint64("memory", defaultLimitMiB, "MiB of memory at which the process gives up")
	recycle := flags.Uint64("recycle", defaultRecycleMiB, "MiB of memory above which it ends when it has nothing to do")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	complain := os.Stderr
	if err := seal.CloseProcess(); err != nil {
		return exitCode(err, complain)
	}
	server := protocol.NewServer(protocol.Renders{"kustomize": kustomize.Render, "helm": helm.Render, "files": files.Render}, os.Stdout)
	server.Watch(protocol.Memory{Limit: *limit * mebibyte, Recycle: *recycle * mebibyte})
	return exitCode(server.Serve(os.Stdin, newReady()), complain)
}
