package kustomize

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

const (
	shownSource = "<path to cached source>"
	shownMount  = "<path to cached remote>"
)

// errAgain stops a build that must begin again in another mode; nobody reads it.
var errAgain = errors.New("this build begins again")

// mode is how a build is made. That it needs something of this is learned from its kustomizations.
type mode struct {
	// alone: no other build runs, as something was read that changes the process.
	alone bool
	// apart: a kustomization stands at another path for each namespace that it inherits.
	apart bool
}

// kustomizing is one build and what is learned while its kustomizations are read.
type kustomizing struct {
	view   *seal.View
	job    job
	files  *fileSystem
	mounts map[standing]mount
	words  words
	token  string

	needs []protocol.Need
	// fault stands above whatever kustomize makes of a file that it was not given.
	fault error
	// mode is how this build is made, wants how it has to be made.
	mode, wants mode
	prepared    map[string][]byte
	// fetched is what something fetched stands for, by a part of its path here that nothing else has; inflated the same for charts.
	fetched  map[string]origin
	inflated map[string]configuration
	// namespaced: a kustomization that was read sets a namespace; inherits: one has charts that take it from another.
	namespaced, inherits bool
	// charted is how much text the charts so far have come to.
	charted int
}

// standing is what a mount is known by: a root, and the namespace that its kustomizations inherit.
type standing struct{ root, namespace string }

// newBuild puts each mount below a name that only this build knows.
func newBuild(view *seal.View, asked job, how mode) (*kustomizing, error) {
	b := &kustomizing{
		view: view, job: asked, mounts: map[standing]mount{}, words: newWords(), token: rand.Text(), mode: how, wants: how,
		prepared: map[string][]byte{}, fetched: map[string]origin{}, inflated: map[string]configuration{},
	}
	b.files = &fileSystem{files: map[string]place{}, kustomizations: map[string]string{}, opened: b.opened}
	if _, err := b.mount(standing{}, shownSource); err != nil {
		return nil, err
	}
	for _, fetched := range [2]map[string]protocol.Place{asked.Remotes, asked.Charts} {
		for _, entry := range slices.Sorted(maps.Keys(fetched)) {
			if _, err := seal.Clean(fetched[entry].Path); err != nil {
				return nil, err
			}
			if _, err := b.mount(standing{root: fetched[entry].Root}, shownMount); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

func (b *kustomizing) mount(at standing, shown string) (mount, error) {
	if known, ok := b.mounts[at]; ok {
		return known, nil
	}
	tree, err := b.view.Tree(at.root)
	if err != nil {
		return mount{}, err
	}
	mounted := mount{standing: at, prefix: "/" + rand.Text(), tree: tree, shown: shown}
	b.mounts[at] = mounted
	b.files.mounts = append(b.files.mounts, mounted)
	b.words.instead(mounted.prefix, shown)
	return mounted, nil
}

// opened sees each file before kustomize does.
func (b *kustomizing) opened(file opened) ([]byte, error) {
	if explodes(file.content) {
		return nil, b.refuse(fmt.Errorf("%s: excessive aliasing", file.path))
	}
	if file.kustomization == "" {
		return file.content, nil
	}
	if text, ok := b.prepared[file.kustomization]; ok {
		return text, nil
	}
	text, err := b.prepare(file)
	if err == nil {
		b.prepared[file.kustomization] = text
	}
	return text, err
}

// refuse makes an error the outcome of the build: kustomize drops some errors of files, and tries something else.
func (b *kustomizing) refuse(err error) error {
	if b.fault == nil {
		b.fault = err
	}
	return err
}

func (b *kustomizing) prepare(file opened) ([]byte, error) {
	document := parseKustomization(file.content)
	if document == nil {
		return file.content, nil
	}
	folder := path.Dir(file.kustomization)
	k := &kustomization{folder: folder, document: document, resolve: b}
	eachField(document.Content[0], func(name string, mapping *yaml.Node, at int) {
		b.notice(name, followed(mapping.Content[at+1]))
	})
	if b.wants != b.mode {
		return nil, b.refuse(errAgain)
	}
	k.replaceRemote()
	text, err := k.text(file.content)
	if err != nil || !b.job.EnableHelm {
		return text, err
	}
	if text, err = b.inflate(folder, path.Base(file.kustomization), text); err != nil {
		return nil, b.refuse(err)
	}
	return text, nil
}

// notice learns from a field what the whole build depends on.
func (b *kustomizing) notice(name string, value *yaml.Node) {
	if value.Tag == "!!null" {
		return
	}
	switch name {
	case "openapi":
		b.wants.alone = true
	case "secretgenerator":
		eachItem(value, func(generator *yaml.Node) {
			eachField(generator, func(field string, mapping *yaml.Node, at int) {
				if field == "literals" {
					eachItem(followed(mapping.Content[at+1]), func(literal *yaml.Node) { b.words.hide(literal.Value) })
				}
			})
		})
	}
}
