package kustomize

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
)

// namespace is where the charts of a kustomization go that name none themselves: its own namespace, or the one of the kustomization that
// it is a base of, which only the path tells.
func (i *inflation) namespace() (string, error) {
	if i.k.Namespace != "" {
		return i.k.Namespace, nil
	}
	at, _, err := i.files.locate(i.folder)
	return at.namespace, err
}

// noticeNamespaces lets a build begin again in which it matters which namespace a kustomization inherits, whichever of the two is read first.
func (i *inflation) noticeNamespaces() error {
	i.namespaced = i.namespaced || i.k.Namespace != ""
	inherits := func(wanted types.HelmChart) bool { return wanted.Namespace == "" && i.k.Namespace == "" }
	i.inherits = i.inherits || slices.ContainsFunc(i.k.HelmCharts, inherits)
	if i.namespaced && i.inherits && !i.mode.apart {
		i.wants.apart = true
		return errAgain
	}
	return nil
}

// setApart sends kustomize to the folders of a kustomization by paths that tell the namespace which they inherit.
func (i *inflation) setApart() error {
	if !i.mode.apart {
		return nil
	}
	namespace, err := i.namespace()
	if err != nil {
		return err
	}
	for _, entries := range [][]string{i.k.Resources, i.k.Components, i.k.Generators, i.k.Transformers, i.k.Validators} {
		for at, entry := range entries {
			if entries[at], err = i.apart(entry, namespace); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i *inflation) apart(entry, namespace string) (string, error) {
	if strings.Contains(entry, "\n") || path.IsAbs(entry) {
		return entry, nil
	}
	folder, name, err := i.files.CleanedAbs(path.Join(i.folder, entry))
	if err != nil || name != "" {
		// A file, or nothing: kustomize tells of that.
		return entry, nil
	}
	from, relative, err := i.files.locate(folder.String())
	if err != nil || from.namespace == namespace || from.base != "" {
		return entry, err
	}
	into, err := i.mount(standing{from.root, namespace}, from.shown)
	if err != nil {
		return entry, err
	}
	there, err := filepath.Rel(i.folder, into.absolute(relative))
	if err != nil {
		return entry, err
	}
	i.changed = true
	i.words.instead(there, entry)
	i.fetched[strings.TrimPrefix(into.prefix, "/")] = i.fetched[strings.TrimPrefix(from.prefix, "/")]
	return there, nil
}
