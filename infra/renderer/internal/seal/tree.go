// Package seal is the only way in which a render sees files: folders named by the request, texts that stand in them, and nothing else.
// Whatever is looked for is written down, so that the caller knows what the answer depends on.
package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// MaxFileBytes is the size of the largest file that is read.
const MaxFileBytes = 64 << 20

// Kind says what stands at a path.
type Kind int

const (
	Absent Kind = iota
	File
	Folder
	Link
	// Other is a device, a socket or a pipe; Git keeps none of these, and nothing here opens one.
	Other
)

// Tree is one folder of a request with the texts that stand in it. It is used by one goroutine at a time.
// Paths are relative to the folder, separated by slashes, and clean; the folder itself is "".
type Tree struct {
	root    *os.Root
	texts   map[string]string
	folders map[string]bool
	entries map[string]entry
	trace   trace
}

type entry struct {
	kind   Kind
	size   int64
	target string
}

func newTree(folder string) (*Tree, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		// The path is one of the machine, and none of the user's business.
		return nil, errors.New("renderer: a root of the request is not a folder that can be read")
	}
	return &Tree{root: root, texts: map[string]string{}, folders: map[string]bool{}, entries: map[string]entry{}, trace: newTrace()}, nil
}

// stand lets a text stand at a path as if it had been written there: through symlinks, and in folders that it makes.
func (t *Tree) stand(at, text string) error {
	name, err := Clean(at)
	if err != nil || name == "" {
		return fmt.Errorf("renderer: files: %q is no path in the repository", at)
	}
	found, err := t.resolve(name)
	if err != nil {
		return err
	}
	real := found.Path
	if found.Kind == Absent {
		real = path.Join(found.Path, found.Rest)
	}
	t.texts[real] = text
	for folder := parent(real); folder != ""; folder = parent(folder) {
		t.folders[folder] = true
	}
	return nil
}

// Read gives the content of a file. The path is followed through symlinks; an error names it as the caller wrote it.
func (t *Tree) Read(name string) ([]byte, error) {
	found, err := t.Resolve(name)
	if err != nil {
		return nil, err
	}
	switch found.Kind {
	case Absent:
		return nil, &fs.PathError{Op: "open", Path: name, Err: found.Reason}
	case Folder:
		return nil, &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	case File:
		return t.content(found.Path)
	default:
		return nil, fmt.Errorf("%s is no regular file", name)
	}
}

// content reads a path that resolve found to be a file, once more through the root: what changed meanwhile cannot lead outside.
func (t *Tree) content(real string) ([]byte, error) {
	if text, ok := t.texts[real]; ok {
		return []byte(text), nil
	}
	if size := t.entries[real].size; size > MaxFileBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", real, MaxFileBytes)
	}
	file, err := t.root.OpenFile(real, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, shown(err, real)
	}
	defer file.Close()
	content, err := readAll(file, t.entries[real].size)
	if err != nil {
		return nil, shown(err, real)
	}
	if len(content) > MaxFileBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", real, MaxFileBytes)
	}
	return content, nil
}

// readAll reads a file of about the given size with one allocation, and no more than one byte beyond the limit.
func readAll(file io.Reader, size int64) ([]byte, error) {
	content := make([]byte, 0, size+1)
	for len(content) <= MaxFileBytes {
		if len(content) == cap(content) {
			content = slices.Grow(content, 64<<10)
		}
		n, err := file.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		if err == io.EOF {
			return content, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return content, nil
}

// lstat says what stands at a path whose parents are real folders. One request sees one state of it.
func (t *Tree) lstat(name string) (entry, error) {
	if known, ok := t.entries[name]; ok {
		return known, nil
	}
	found, err := t.look(name)
	if err == nil {
		t.entries[name] = found
	}
	return found, err
}

func (t *Tree) look(name string) (entry, error) {
	if text, ok := t.texts[name]; ok {
		return entry{kind: File, size: int64(len(text))}, nil
	}
	if t.folders[name] || name == "" {
		return entry{kind: Folder}, nil
	}
	info, err := t.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG):
		return entry{kind: Absent}, nil
	case err != nil:
		return entry{}, shown(err, name)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := t.root.Readlink(name)
		if err != nil {
			return entry{}, shown(err, name)
		}
		return entry{kind: Link, target: target}, nil
	case info.IsDir():
		return entry{kind: Folder}, nil
	case info.Mode().IsRegular():
		return entry{kind: File, size: info.Size()}, nil
	}
	return entry{kind: Other}, nil
}

// shown is an error of the system without the folder that the root lies in.
func shown(err error, name string) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return &fs.PathError{Op: inner.Op, Path: name, Err: inner.Err}
	}
	return fmt.Errorf("%s cannot be read", name)
}

// Clean is a path relative to a root in its one spelling; an error for one that is absolute or leads out of the root.
func Clean(name string) (string, error) {
	if path.IsAbs(name) || strings.ContainsRune(name, 0) {
		return "", &OutsideError{name}
	}
	clean := path.Clean(name)
	if clean == ".." || strings.HasPrefix(clean, "../") {
		return "", &OutsideError{name}
	}
	if clean == "." {
		return "", nil
	}
	return clean, nil
}

func parent(name string) string {
	at := strings.LastIndexByte(name, '/')
	if at < 0 {
		return ""
	}
	return name[:at]
}

func orDot(name string) string {
	if name == "" {
		return "."
	}
	return name
}
