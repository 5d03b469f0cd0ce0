package protocol

import (
	"slices"
	"sync"
)

// work knows which requests are being answered.
type work struct {
	// gate is held for reading by each request from its beginning to the end of its answer.
	gate   sync.RWMutex
	mutex  sync.Mutex
	inside []string
}

func newWork() *work { return &work{inside: []string{}} }

func (w *work) begin(id string) (done func()) {
	w.gate.RLock()
	w.mutex.Lock()
	w.inside = append(w.inside, id)
	w.mutex.Unlock()
	return func() {
		w.mutex.Lock()
		at := slices.Index(w.inside, id)
		w.inside = slices.Delete(w.inside, at, at+1)
		w.mutex.Unlock()
		w.gate.RUnlock()
	}
}

func (w *work) requests() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Clone(w.inside)
}

// whenIdle does something while no request is at work and none can begin; it does nothing when one is.
func (w *work) whenIdle(do func()) {
	if !w.gate.TryLock() {
		return
	}
	defer w.gate.Unlock()
	do()
}
