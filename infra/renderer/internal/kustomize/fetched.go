package kustomize

import (
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

// file implements resolver.
func (b *kustomizing) file(folder, entry string) (string, bool) {
	at, ok := b.job.Remotes[entry]
	if !ok {
		b.need(protocol.Need{Kind: "remote", Text: entry})
		return "", false
	}
	from := place{tree: b.mounts[standing{root: at.Root}].tree, path: at.Path}
	name := b.beside(folder, path.Ext(path.Base(at.Path)), from, shownRemote(entry))
	b.fetched[name] = origin{entry: entry, top: fileIn(entry)}
	return name, true
}

// beside puts a file next to a kustomization, where load restrictions hold for it, under a name that nothing else has.
func (b *kustomizing) beside(folder, extension string, what place, shown string) (name string) {
	name = "beside-" + b.token + "-" + strconv.Itoa(len(b.files.files)) + extension
	b.files.files[path.Join(folder, name)] = what
	b.words.instead(name, shown)
	return name
}

// folder implements resolver: a folder is reached from the kustomization by a relative path, as kustomize takes no other.
func (b *kustomizing) folder(folder, entry string) (string, bool) {
	at, ok := b.job.Remotes[entry]
	if !ok {
		b.need(protocol.Need{Kind: "remote", Text: entry})
		return "", false
	}
	mounted := b.mounts[standing{root: at.Root}]
	if found, err := mounted.tree.Resolve(at.Path); err == nil && found.Kind == seal.File {
		return b.file(folder, entry)
	}
	relative, err := filepath.Rel(folder, mounted.absolute(at.Path))
	if err != nil {
		return "", false
	}
	b.words.instead(relative, shownRemote(entry))
	b.fetched[strings.TrimPrefix(mounted.prefix, "/")] = origin{entry: entry, top: topOf(entry, at.Path)}
	return relative, true
}

// isLocalFile implements resolver.
func (b *kustomizing) isLocalFile(folder, entry string) bool {
	_, name, err := b.files.CleanedAbs(path.Join(folder, entry))
	return err == nil && name != ""
}

func (b *kustomizing) need(wanted protocol.Need) {
	if !slices.Contains(b.needs, wanted) {
		b.needs = append(b.needs, wanted)
	}
}
