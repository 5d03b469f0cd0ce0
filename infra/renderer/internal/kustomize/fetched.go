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

// file implements resolver: load restrictions hold for a file that stands beside the kustomization.
func (b *kustomizing) file(folder, entry string) (string, bool) {
	at, ok := b.job.Remotes[entry]
	if !ok {
		b.need(protocol.Need{Kind: "remote", Text: entry})
		return "", false
	}
	name := "remote-" + b.token + "-" + strconv.Itoa(len(b.files.files)) + path.Ext(path.Base(at.Path))
	b.files.files[path.Join(folder, name)] = place{tree: b.mounts[at.Root].tree, path: at.Path}
	b.words.instead(name, shownRemote(entry))
	b.fetched[name] = origin{entry: entry, top: fileIn(entry)}
	return name, true
}

// folder implements resolver: a folder is reached from the kustomization by a relative path, as kustomize takes no other.
func (b *kustomizing) folder(folder, entry string) (string, bool) {
	at, ok := b.job.Remotes[entry]
	if !ok {
		b.need(protocol.Need{Kind: "remote", Text: entry})
		return "", false
	}
	mounted := b.mounts[at.Root]
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
