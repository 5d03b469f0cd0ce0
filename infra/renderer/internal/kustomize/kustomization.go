package kustomize

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
)

func isKustomization(name string) bool {
	return slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(name))
}

// kustomization is one that is being read: what it names on other hosts is replaced by what was fetched.
type kustomization struct {
	folder   string
	document *yaml.Node
	resolve  resolver
	changed  bool
}

// resolver tells what stands for a remote entry.
type resolver interface {
	// file is a path beside the kustomization, folder also one that leads elsewhere. Not found: the entry must be fetched first.
	file(folder, entry string) (string, bool)
	folder(folder, entry string) (string, bool)
	isLocalFile(folder, entry string) bool
}

// parseKustomization gives nil for what is no mapping: kustomize tells of that.
func parseKustomization(text []byte) *yaml.Node {
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil || len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	return &document
}

// text is the kustomization as it is to be read, the original bytes unless something in it was replaced.
func (k *kustomization) text(original []byte) ([]byte, error) {
	if !k.changed {
		return original, nil
	}
	var buffer bytes.Buffer
	encoder := yaml.NewEncoder(&buffer)
	if err := encoder.Encode(k.document); err != nil {
		return nil, err
	}
	return buffer.Bytes(), encoder.Close()
}

func (k *kustomization) replaceRemote() {
	eachField(k.document.Content[0], func(name string, mapping *yaml.Node, at int) {
		value := followed(mapping.Content[at+1])
		switch name {
		case "resources", "bases", "generators", "transformers", "validators":
			k.list(value, k.resource)
		case "components":
			k.list(value, k.component)
		case "crds", "configurations", "patchesstrategicmerge":
			k.list(value, k.file)
		case "patches", "patchesjson6902", "replacements":
			k.fieldsOf(value, "path")
		case "openapi":
			k.field(value, "path")
		case "configmapgenerator", "secretgenerator":
			k.generators(value)
		}
	})
}

func (k *kustomization) generators(value *yaml.Node) {
	eachItem(value, func(generator *yaml.Node) {
		k.lists(generator, "files", k.keyedFile)
		k.lists(generator, "envs", k.file)
		k.field(generator, "env")
	})
}

// An edit gives what an entry becomes. kept: it stays as it is; gone: it must be fetched first and is left out for now.
type edit func(entry string) (becomes string, outcome outcome)

type outcome int

const (
	kept outcome = iota
	replaced
	gone
)

func outcomeOf(becomes string, found bool) (string, outcome) {
	if found {
		return becomes, replaced
	}
	return "", gone
}

// resource is a file or a folder: kustomize tries the file first.
func (k *kustomization) resource(entry string) (string, outcome) {
	if strings.Contains(entry, "\n") {
		return "", kept
	}
	if isRemoteFile(entry) || isRepository(entry) && !k.resolve.isLocalFile(k.folder, entry) {
		return outcomeOf(k.resolve.folder(k.folder, entry))
	}
	return "", kept
}

func (k *kustomization) component(entry string) (string, outcome) {
	if isRepository(entry) {
		return outcomeOf(k.resolve.folder(k.folder, entry))
	}
	return "", kept
}

func (k *kustomization) file(entry string) (string, outcome) {
	if isRemoteFile(entry) {
		return outcomeOf(k.resolve.file(k.folder, entry))
	}
	return "", kept
}

// keyedFile may say under which key the file goes; without that its own name is the key.
func (k *kustomization) keyedFile(entry string) (string, outcome) {
	key, name, keyed := strings.Cut(entry, "=")
	if !keyed {
		key, name = path.Base(entry), entry
	}
	becomes, outcome := k.file(name)
	return key + "=" + becomes, outcome
}

func (k *kustomization) list(value *yaml.Node, change edit) {
	if value.Kind != yaml.SequenceNode {
		return
	}
	var items []*yaml.Node
	for _, item := range value.Content {
		if scalar := followed(item); scalar.Kind == yaml.ScalarNode {
			becomes, outcome := change(scalar.Value)
			if outcome != kept {
				k.changed = true
			}
			if outcome == gone {
				continue
			}
			if outcome == replaced {
				item = text(becomes)
			}
		}
		items = append(items, item)
	}
	value.Content = items
}

func (k *kustomization) lists(mapping *yaml.Node, field string, change edit) {
	eachField(mapping, func(name string, mapping *yaml.Node, at int) {
		if name == field {
			k.list(followed(mapping.Content[at+1]), change)
		}
	})
}

// fieldsOf replaces a field of each item; an item whose file must be fetched first is left out.
func (k *kustomization) fieldsOf(value *yaml.Node, field string) {
	if value.Kind != yaml.SequenceNode {
		return
	}
	value.Content = slices.DeleteFunc(value.Content, func(item *yaml.Node) bool { return k.field(followed(item), field) })
}

// field says whether the file that it names must be fetched first; it is left out then.
func (k *kustomization) field(mapping *yaml.Node, field string) (isGone bool) {
	var left func()
	eachField(mapping, func(name string, mapping *yaml.Node, at int) {
		value := followed(mapping.Content[at+1])
		if name != field || value.Kind != yaml.ScalarNode {
			return
		}
		becomes, outcome := k.file(value.Value)
		if outcome == kept {
			return
		}
		k.changed = true
		mapping.Content[at+1] = text(becomes)
		if outcome == gone {
			left = func() { mapping.Content = slices.Delete(mapping.Content, at, at+2) }
		}
	})
	if left != nil {
		left()
	}
	return left != nil
}

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

func followed(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode && node.Alias != nil {
		node = node.Alias
	}
	return node
}

func eachItem(value *yaml.Node, visit func(item *yaml.Node)) {
	if value.Kind == yaml.SequenceNode {
		for _, item := range value.Content {
			visit(followed(item))
		}
	}
}

// eachField visits the fields of a mapping and of those merged into it. Go's JSON reader takes field names in any case.
func eachField(mapping *yaml.Node, visit func(name string, mapping *yaml.Node, at int)) {
	visitFields(mapping, visit, map[*yaml.Node]bool{})
}

func visitFields(mapping *yaml.Node, visit func(name string, mapping *yaml.Node, at int), visited map[*yaml.Node]bool) {
	if mapping.Kind != yaml.MappingNode || visited[mapping] {
		return
	}
	visited[mapping] = true
	for at := 0; at+1 < len(mapping.Content); at += 2 {
		key, value := followed(mapping.Content[at]), followed(mapping.Content[at+1])
		if key.Value != "<<" {
			visit(strings.ToLower(key.Value), mapping, at)
			continue
		}
		visitFields(value, visit, visited)
		eachItem(value, func(merged *yaml.Node) { visitFields(merged, visit, visited) })
	}
}
