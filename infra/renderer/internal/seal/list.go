package seal

import (
	"io/fs"
	"path"
	"slices"
	"syscall"
)

// List gives the names in a folder in lexical order. From then on the answer depends on everything below it.
func (t *Tree) List(name string) ([]string, error) {
	found, err := t.Resolve(name)
	if err != nil {
		return nil, err
	}
	if found.Kind != Folder {
		return nil, &fs.PathError{Op: "open", Path: name, Err: notFolder(found)}
	}
	t.trace.listed[found.Path] = true
	return t.names(found.Path)
}

func notFolder(found Found) error {
	if found.Kind == Absent {
		return found.Reason
	}
	return syscall.ENOTDIR
}

func (t *Tree) names(folder string) ([]string, error) {
	names := map[string]bool{}
	for _, at := range [2]map[string]bool{t.folders, keys(t.texts)} {
		for name := range at {
			if parent(name) == folder {
				names[path.Base(name)] = true
			}
		}
	}
	onDisk, err := fs.ReadDir(t.root.FS(), orDot(folder))
	if err != nil && !t.folders[folder] {
		return nil, shown(err, folder)
	}
	for _, item := range onDisk {
		names[item.Name()] = true
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	slices.Sort(sorted)
	return sorted, nil
}

func keys(texts map[string]string) map[string]bool {
	result := make(map[string]bool, len(texts))
	for name := range texts {
		result[name] = true
	}
	return result
}
