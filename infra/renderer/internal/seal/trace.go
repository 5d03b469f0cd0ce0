package seal

import (
	"slices"
	"strings"
)

// trace is what a render depended on, by kinds of dependence.
type trace struct {
	// present: files that were read and symlinks that were followed.
	present map[string]bool
	// absent: the first missing component of paths that were looked for.
	absent map[string]bool
	// listed: folders whose names were read, with all below them.
	listed map[string]bool
	// looked: folders of which only the presence mattered.
	looked map[string]bool
}

func newTrace() trace {
	return trace{present: map[string]bool{}, absent: map[string]bool{}, listed: map[string]bool{}, looked: map[string]bool{}}
}

// Reads is the trace in the words of the protocol, sorted: `path` for what stands there, `path/` for everything below.
// A folder that was looked at is there as long as something that is read below it is; only without such it needs its own entry.
func (t *Tree) Reads() []string {
	entries := map[string]bool{}
	covered := map[string]bool{"": true}
	cover := func(name string) {
		for at := name; at != ""; at = parent(at) {
			covered[at] = true
		}
	}
	for name := range t.trace.present {
		entries[name] = true
		cover(parent(name))
	}
	for name := range t.trace.listed {
		entries[name+"/"] = true
		cover(name)
	}
	for name := range t.trace.absent {
		entries[name] = true
		entries[name+"/"] = true
	}
	for name := range t.trace.looked {
		if !covered[name] {
			entries[name+"/"] = true
		}
	}
	return smallest(entries)
}

// smallest leaves out what another entry covers.
func smallest(entries map[string]bool) []string {
	reads := make([]string, 0, len(entries))
	for name := range entries {
		if !below(name, entries) {
			reads = append(reads, name)
		}
	}
	slices.Sort(reads)
	return reads
}

func below(name string, entries map[string]bool) bool {
	if name == "/" {
		return false
	}
	for at := parent(strings.TrimSuffix(name, "/")); at != ""; at = parent(at) {
		if entries[at+"/"] {
			return true
		}
	}
	return entries["/"]
}
