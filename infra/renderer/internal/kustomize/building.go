package kustomize

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

const (
	shownSource = "<path to cached source>"
	shownMount  = "<path to cached remote>"
)

// errAlone stops a build that must begin again with the process to itself; nobody reads it.
var errAlone = errors.New("this build needs the process to itself")

// kustomizing is one build and what is learned while its kustomizations are read.
type kustomizing struct {
	view   *seal.View
	job    job
	files  *fileSystem
	mounts map[string]mount
	words  words
	token  string

	needs    []protocol.Need
	warnings []string
	// fault stands above whatever kustomize makes of a file that it was not given.
	fault error
	// alone: no other build runs. wantsAlone: that must be so, as something was read that changes the process.
	alone, wantsAlone, wantsHelm bool
	// realFolder is where the charts of this build lie on disk; empty for a build that has none.
	realFolder string
	prepared   map[string][]byte
	// fetched is what something fetched stands for, by a part of its path here that nothing else has.
	fetched map[string]origin
}

func newBuild(view *seal.View, asked job) (*kustomizing, error) {
	return newBuildAt(view, asked, "/"+rand.Text(), "")
}

// newBuildAt puts the mounts below a folder that is there, or below names that only this build knows.
func newBuildAt(view *seal.View, asked job, source, realFolder string) (*kustomizing, error) {
	b := &kustomizing{
		view: view, job: asked, mounts: map[string]mount{}, words: newWords(), token: rand.Text(),
		realFolder: realFolder, prepared: map[string][]byte{}, fetched: map[string]origin{},
	}
	b.files = &fileSystem{files: map[string]place{}, kustomizations: map[string]string{}, opened: b.opened}
	if err := b.mount("", source, shownSource); err != nil {
		return nil, err
	}
	for _, fetched := range [2]map[string]protocol.Place{asked.Remotes, asked.Charts} {
		for _, entry := range slices.Sorted(maps.Keys(fetched)) {
			if _, err := seal.Clean(fetched[entry].Path); err != nil {
				return nil, err
			}
			if err := b.mount(fetched[entry].Root, "/"+rand.Text(), shownMount); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

func (b *kustomizing) mount(root, prefix, shown string) error {
	if _, ok := b.mounts[root]; ok {
		return nil
	}
	tree, err := b.view.Tree(root)
	if err != nil {
		return err
	}
	b.mounts[root] = mount{prefix: prefix, tree: tree, shown: shown}
	b.files.mounts = append(b.files.mounts, b.mounts[root])
	b.words.instead(prefix, shown)
	return nil
}

// opened sees each file before kustomize does.
func (b *kustomizing) opened(file opened) ([]byte, error) {
	if explodes(file.content) {
		return nil, b.refuse(fmt.Errorf("%s: excessive aliasing", file.path))
	}
	if b.job.EnableHelm && b.job.Helm != "" && file.folder == "" {
		return file.content, b.generatorFile(file)
	}
	if file.folder == "" {
		return file.content, nil
	}
	if text, ok := b.prepared[file.path]; ok {
		return text, nil
	}
	text, err := b.prepare(file)
	if err == nil {
		b.prepared[file.path] = text
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
	k := &kustomization{folder: file.folder, document: document, resolve: b}
	eachField(document.Content[0], func(name string, mapping *yaml.Node, at int) {
		b.notice(name, followed(mapping.Content[at+1]))
	})
	if b.wantsAlone && !b.alone {
		return nil, b.refuse(errAlone)
	}
	k.replaceRemote()
	text, err := k.text(file.content)
	if err != nil || !b.wantsHelm {
		return text, err
	}
	return text, b.charts(file.folder, text)
}

// notice learns from a field what the whole build depends on.
func (b *kustomizing) notice(name string, value *yaml.Node) {
	if value.Tag == "!!null" {
		return
	}
	switch name {
	case "openapi":
		b.wantsAlone = true
	case "helmcharts", "helmchartinflationgenerator":
		b.noticeCharts()
	case "generators":
		eachItem(value, func(generator *yaml.Node) {
			if strings.Contains(generator.Value, generatorKind) {
				b.noticeCharts()
			}
		})
	case "secretgenerator":
		eachItem(value, func(generator *yaml.Node) {
			eachField(generator, func(field string, mapping *yaml.Node, at int) {
				if field == "literals" {
					eachItem(followed(mapping.Content[at+1]), func(literal *yaml.Node) { b.words.hide(literal.Value) })
				}
			})
		})
	}
	b.warn(name)
}

func (b *kustomizing) noticeCharts() {
	if b.job.EnableHelm && b.job.Helm != "" {
		b.wantsAlone, b.wantsHelm = true, true
	}
}

// warn repeats what kustomize says of fields that are going away.
func (b *kustomizing) warn(field string) {
	var used types.Kustomization
	switch field {
	case "bases":
		used.Bases = []string{}
	case "commonlabels":
		used.CommonLabels = map[string]string{}
	case "imagetags":
		used.ImageTags = []types.Image{}
	case "patchesjson6902":
		used.PatchesJson6902 = []types.Patch{}
	case "patchesstrategicmerge":
		used.PatchesStrategicMerge = []types.PatchStrategicMerge{}
	case "vars":
		used.Vars = []types.Var{}
	default:
		return
	}
	for _, message := range *used.CheckDeprecatedFields() {
		if !slices.Contains(b.warnings, message) {
			b.warnings = append(b.warnings, message)
		}
	}
}
