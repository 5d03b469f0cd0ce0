// Package memory bounds what this process takes of the machine: it gives up before it takes what others need.
package memory

import (
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"
)

const interval = 50 * time.Millisecond

// Bound tells look how many bytes this process takes, for as long as it lives: whoever takes more than the limit is to end. The collector
// comes more often as the limit comes near.
func Bound(limit uint64, look func(used uint64)) {
	debug.SetMemoryLimit(int64(limit - limit/8))
	// One large allocation can outrun the watch. The system then refuses it, and Go ends the process with code 2.
	hard := limit + limit/2
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: hard, Max: hard})
	go func() {
		for range time.Tick(interval) {
			look(Used())
		}
	}()
}

// Used is what the runtime holds of the machine's memory: the heap, the stacks, and its own books.
func Used() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}
