package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"sigs.k8s.io/kustomize/kyaml/filesys"

	"evenkeel.dev/renderer/internal/seal"
)

var errReadOnly = errors.New("files are only read while rendering")

// mount is where a folder of a root stands among the absolute paths that kustomize sees.
type mount struct {
	standing
	prefix string
	tree   *seal.Tree
	base   string
	shown  string
}

// fileSystem is what kustomize takes for a disk. Each mount has a name that nobody can guess, so no path leads from one into another.
// Of the interface, building a kustomization uses CleanedAbs and ReadFile.
type fileSystem struct {
	filesys.FileSystem
	mounts []mount
	// files are single files that came from elsewhere or were made here, by the absolute path that they stand at.
	files map[string]place
	// kustomizations are real paths by which kustomizations are read, with the path that each was looked for at.
	kustomizations map[string]string
	// opened sees the content of every file before kustomize does.
	opened func(file opened) ([]byte, error)
}

type place struct {
	tree *seal.Tree
	path string
	// text is what stands there when it is in no tree.
	text []byte
}

func (p place) read() ([]byte, error) {
	if p.tree == nil {
		return p.text, nil
	}
	return p.tree.Read(p.path)
}

type opened struct {
	path string
	// kustomization is where it was looked for as a kustomization; "" for any other file.
	kustomization string
	content       []byte
}

// CleanedAbs follows the symlinks of a path and parts folder from file, as the file system on disk does.
func (f *fileSystem) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	if _, ok := f.files[name]; ok {
		return filesys.ConfirmedDir(path.Dir(name)), path.Base(name), nil
	}
	at, relative, err := f.locate(name)
	if err != nil {
		return "", "", fmt.Errorf("evalsymlink failure on '%s' : %w", name, err)
	}
	found, err := at.tree.Resolve(path.Join(at.base, relative))
	if err == nil && found.Kind == seal.Absent {
		err = found.Reason
		if err == syscall.ENOENT {
			err = &fs.PathError{Op: "lstat", Path: at.absolute(found.Missing()), Err: err}
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("evalsymlink failure on '%s' : %w", name, err)
	}
	real := at.absolute(found.Path)
	if found.Kind == seal.Folder {
		return filesys.ConfirmedDir(real), "", nil
	}
	if isKustomization(name) {
		f.kustomizations[real] = name
	}
	return filesys.ConfirmedDir(path.Dir(real)), path.Base(real), nil
}

// ReadFile reads a file of a mount, or one that stands in for a remote one.
func (f *fileSystem) ReadFile(name string) ([]byte, error) {
	file := opened{path: name}
	if elsewhere, ok := f.files[name]; ok {
		content, err := elsewhere.read()
		if err != nil {
			return nil, err
		}
		file.content = content
		return f.opened(file)
	}
	at, relative, err := f.locate(name)
	if err != nil {
		return nil, err
	}
	if file.content, err = at.tree.Read(path.Join(at.base, relative)); err != nil {
		return nil, at.shownError(err)
	}
	file.kustomization = f.kustomizations[name]
	if file.kustomization == "" && isKustomization(name) {
		file.kustomization = name
	}
	return f.opened(file)
}

func (f *fileSystem) locate(name string) (mount, string, error) {
	best, rest := mount{}, ""
	for _, candidate := range f.mounts {
		if len(candidate.prefix) <= len(best.prefix) {
			continue
		}
		if name == candidate.prefix {
			best, rest = candidate, ""
		} else if after, ok := strings.CutPrefix(name, candidate.prefix+"/"); ok {
			best, rest = candidate, after
		}
	}
	if best.tree == nil {
		return mount{}, "", &seal.OutsideError{Path: strings.TrimPrefix(name, "/")}
	}
	return best, rest, nil
}

// absolute is a path in the tree of a mount as kustomize sees it.
func (m mount) absolute(name string) string {
	if m.base != "" {
		name = strings.TrimPrefix(strings.TrimPrefix(name, m.base), "/")
	}
	return path.Join(m.prefix, name)
}

func (m mount) shownError(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return &fs.PathError{Op: inner.Op, Path: m.absolute(inner.Path), Err: inner.Err}
	}
	return err
}

// WriteFile refuses: what kustomize renders is taken from memory.
func (f *fileSystem) WriteFile(string, []byte) error { return errReadOnly }

// RemoveAll refuses, see WriteFile.
func (f *fileSystem) RemoveAll(string) error { return errReadOnly }
