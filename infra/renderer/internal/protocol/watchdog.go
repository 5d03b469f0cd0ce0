package protocol

import (
	"os"
	"runtime/debug"

	"evenkeel.dev/renderer/internal/memory"
)

const (
	exitMemory = 3
	collectAt  = 400
)

// Memory bounds what this process takes, in bytes.
type Memory struct {
	// Limit ends the process at once: no render can be stopped in the middle, and the machine has other things to do.
	Limit uint64
	// Recycle ends it when it has nothing to do and still holds more than this: the caller starts a fresh one.
	Recycle uint64
}

// Watch looks at the memory for as long as the process lives. The collector comes seldom while the heap is small, as renders leave
// much behind and keep little.
func (s *Server) Watch(bounds Memory) {
	debug.SetGCPercent(collectAt)
	memory.Bound(bounds.Limit, func(used uint64) {
		if used > bounds.Limit {
			os.Exit(exitMemory)
		}
		if used > bounds.Recycle && s.busy.TryLock() {
			recycle(bounds)
			s.busy.Unlock()
		}
	})
}

func recycle(bounds Memory) {
	debug.FreeOSMemory()
	if memory.Used() > bounds.Recycle {
		os.Exit(0)
	}
}
