package protocol

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"
)

const (
	watchInterval = 50 * time.Millisecond
	exitMemory    = 3
	collectAt     = 400
)

// Memory bounds what this process takes, in bytes.
type Memory struct {
	// Limit ends the process at once: no render can be stopped in the middle, and the machine has other things to do.
	Limit uint64
	// Recycle ends it when it has nothing to do and still holds more than this: the caller starts a fresh one.
	Recycle uint64
}

// Fatal is the last line of a process that ran out of memory.
type Fatal struct {
	Fatal    string   `json:"fatal"`
	InFlight []string `json:"inflight"`
}

// Watch looks at the memory for as long as the process lives. The collector comes seldom while the heap is small, as renders leave
// much behind and keep little, and more often as the limit comes near.
func (s *Server) Watch(memory Memory) {
	debug.SetGCPercent(collectAt)
	debug.SetMemoryLimit(int64(memory.Limit - memory.Limit/8))
	// One large allocation can outrun the watch. The system then refuses it, and Go ends the process with code 2 and no last line.
	hard := memory.Limit + memory.Limit/2
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: hard, Max: hard})
	go func() {
		for range time.Tick(watchInterval) {
			switch used := usedBytes(); {
			case used > memory.Limit:
				s.out.lastWords(Fatal{Fatal: "memory", InFlight: s.work.requests()}, exitMemory)
			case used > memory.Recycle:
				s.work.whenIdle(func() { recycle(memory) })
			}
		}
	}()
}

func recycle(memory Memory) {
	debug.FreeOSMemory()
	if usedBytes() > memory.Recycle {
		os.Exit(0)
	}
}

// usedBytes is what the runtime holds of the machine's memory: the heap, the stacks, and its own books.
func usedBytes() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
