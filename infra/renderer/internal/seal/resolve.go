package seal

import (
	"fmt"
	"path"
	"strings"
	"syscall"
)

// maxLinks is how many symlinks one path may take: as many as Go's own resolver follows.
const maxLinks = 255

// OutsideError tells of a path, or of a symlink on it, that leaves its root.
type OutsideError struct{ Path string }

func (e *OutsideError) Error() string { return fmt.Sprintf("%s leads outside the repository", e.Path) }

// LoopError tells of symlinks that lead to one another for ever.
type LoopError struct{ Path string }

func (e *LoopError) Error() string { return fmt.Sprintf("%s: too many links", e.Path) }

// Found is where a path leads once its symlinks are followed.
type Found struct {
	// Path holds no symlink. Of an absent path it is the part that is there.
	Path string
	Kind Kind
	// Rest is what of an absent path is missing, or cannot be there as its parent is no folder; Reason says which.
	Rest   string
	Reason error
}

// Missing is the first component of an absent path that is not there.
func (f Found) Missing() string {
	first, _, _ := strings.Cut(f.Rest, "/")
	return path.Join(f.Path, first)
}

// Resolve follows a path and writes down what that depended on.
func (t *Tree) Resolve(name string) (Found, error) {
	clean, err := Clean(name)
	if err != nil {
		return Found{}, err
	}
	found, err := t.resolve(clean)
	if err != nil {
		return Found{}, err
	}
	t.note(found)
	return found, nil
}

func (t *Tree) note(found Found) {
	switch found.Kind {
	case Absent:
		if found.Reason == syscall.ENOTDIR {
			t.trace.present[found.Path] = true
			return
		}
		t.trace.absent[found.Missing()] = true
		t.trace.looked[found.Path] = true
	case Folder:
		t.trace.looked[found.Path] = true
	default:
		t.trace.present[found.Path] = true
	}
}

// resolve walks down component by component, as the kernel would, but never above the root.
func (t *Tree) resolve(name string) (Found, error) {
	at, rest, links := "", name, 0
	for rest != "" {
		var first string
		first, rest, _ = strings.Cut(rest, "/")
		switch first {
		case "", ".":
			continue
		case "..":
			// Only the target of a symlink has these; what lies before them is a real folder.
			if at == "" {
				return Found{}, &OutsideError{name}
			}
			at = parent(at)
			continue
		}
		next := path.Join(at, first)
		here, err := t.lstat(next)
		if err != nil {
			return Found{}, err
		}
		switch {
		case here.kind == Folder:
			at = next
		case here.kind == Link:
			t.trace.present[next] = true
			if links++; links > maxLinks {
				return Found{}, &LoopError{name}
			}
			if path.IsAbs(here.target) {
				return Found{}, &OutsideError{next}
			}
			rest = here.target + "/" + rest
		case here.kind == Absent:
			return Found{Path: at, Kind: Absent, Rest: path.Join(first, rest), Reason: syscall.ENOENT}, nil
		case strings.Trim(rest, "/") == "":
			return Found{Path: next, Kind: here.kind}, nil
		default:
			return Found{Path: next, Kind: Absent, Rest: rest, Reason: syscall.ENOTDIR}, nil
		}
	}
	return Found{Path: at, Kind: Folder}, nil
}
