package kustomize

import (
	"errors"
	"fmt"
	"os"
	"path"

	"evenkeel.dev/renderer/internal/seal"
)

// valueFiles lays down the files that helm is told to read itself.
func (b *kustomizing) valueFiles(folder string, entry chartEntry) error {
	if b.realFolder == "" {
		return nil
	}
	for _, name := range entry.AdditionalValuesFiles {
		at := path.Join(folder, name)
		content, err := b.files.ReadFile(at)
		if err != nil {
			// kustomize tells of that.
			continue
		}
		if err := writeFile(at, content); err != nil {
			return err
		}
	}
	return nil
}

// lay copies a chart with all that its symlinks lead to.
func (b *kustomizing) lay(at string, tree *seal.Tree, folder string) error {
	if b.realFolder == "" {
		return nil
	}
	l := layer{tree: tree, left: maxChartBytes}
	return l.folder(at, folder)
}

type layer struct {
	tree *seal.Tree
	left int
}

func (l *layer) folder(at, folder string) error {
	names, err := l.tree.List(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		return errors.New("renderer: a chart cannot be laid into its folder")
	}
	for _, name := range names {
		if err := l.entry(path.Join(at, name), path.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}

func (l *layer) entry(at, name string) error {
	found, err := l.tree.Resolve(name)
	if err != nil {
		return err
	}
	if found.Kind == seal.Folder {
		return l.folder(at, name)
	}
	content, err := l.tree.Read(name)
	if err != nil {
		return err
	}
	if l.left -= len(content); l.left < 0 {
		return fmt.Errorf("helmCharts: a chart is larger than %d bytes", maxChartBytes)
	}
	return writeFile(at, content)
}

func writeFile(at string, content []byte) error {
	if err := os.MkdirAll(path.Dir(at), 0o700); err != nil {
		return errors.New("renderer: a chart cannot be laid into its folder")
	}
	if err := os.WriteFile(at, content, 0o600); err != nil {
		return errors.New("renderer: a chart cannot be laid into its folder")
	}
	return nil
}
