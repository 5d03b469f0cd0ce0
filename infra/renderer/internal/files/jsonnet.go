package files

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/google/go-jsonnet"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

// shownRoot is what stands for our folder in the messages of tools.
const shownRoot = "<path to cached source>/"

// programs is what the jsonnet programs of a source are given.
type programs struct {
	ExtVars []variable `json:"extVars"`
	TLAs    []variable `json:"tlas"`
	Libs    []string   `json:"libs"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Code  bool   `json:"code"`
}

func (p programs) evaluate(tree *seal.Tree, folder, name string) ([]protocol.Document, *protocol.Fault) {
	machine := jsonnet.MakeVM()
	machine.Importer(&importer{tree: tree, folders: append([]string{folder}, p.Libs...), read: map[string]imported{}})
	for _, given := range p.ExtVars {
		set(given, machine.ExtVar, machine.ExtCode)
	}
	for _, given := range p.TLAs {
		set(given, machine.TLAVar, machine.TLACode)
	}
	text, err := machine.EvaluateFile(shownRoot + name)
	if err != nil {
		return []protocol.Document{}, &protocol.Fault{Line: 1, Message: strings.TrimRight(err.Error(), "\n")}
	}
	if len(text) > protocol.MaxOutputBytes {
		message := fmt.Sprintf("it evaluates to %d bytes, more than %d", len(text), protocol.MaxOutputBytes)
		return []protocol.Document{}, &protocol.Fault{Line: 1, Message: message}
	}
	return values(text)
}

func set(given variable, asText, asCode func(name, value string)) {
	if given.Code {
		asCode(given.Name, given.Value)
		return
	}
	asText(given.Name, given.Value)
}

// values are the items of an array, or the one value that the program gave.
func values(text string) ([]protocol.Document, *protocol.Fault) {
	var items []json.RawMessage
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		items = []json.RawMessage{json.RawMessage(text)}
	}
	found := make([]protocol.Document, 0, len(items))
	for _, item := range items {
		if string(item) != "null" {
			found = append(found, protocol.Document{Line: 1, Value: item})
		}
	}
	return found, nil
}

// importer finds imports beside the importing file, and then in its folders, the last one first, as the jsonnet command does.
type importer struct {
	tree    *seal.Tree
	folders []string
	read    map[string]imported
}

// imported is the outcome of one path: jsonnet wants the same contents, by identity, whenever it is imported again.
type imported struct {
	contents jsonnet.Contents
	found    bool
}

// Import implements jsonnet.Importer.
func (i *importer) Import(from, asked string) (jsonnet.Contents, string, error) {
	relative := strings.TrimPrefix(asked, shownRoot)
	if path.IsAbs(relative) {
		return jsonnet.Contents{}, "", &seal.OutsideError{Path: asked}
	}
	folders := []string{path.Dir(strings.TrimPrefix(from, shownRoot))}
	if from == "" {
		folders = []string{""}
	}
	for at := len(i.folders) - 1; at >= 0; at-- {
		folders = append(folders, i.folders[at])
	}
	for _, folder := range folders {
		contents, found, err := i.contents(path.Join(folder, relative))
		if err != nil || found {
			return contents, shownRoot + path.Join(folder, relative), err
		}
	}
	return jsonnet.Contents{}, "", fmt.Errorf("couldn't open import %#v: no match locally or in the Jsonnet library paths", asked)
}

func (i *importer) contents(name string) (jsonnet.Contents, bool, error) {
	if known, ok := i.read[name]; ok {
		return known.contents, known.found, nil
	}
	text, err := i.tree.Read(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return jsonnet.Contents{}, false, err
	}
	outcome := imported{contents: jsonnet.MakeContentsRaw(text), found: err == nil}
	i.read[name] = outcome
	return outcome.contents, outcome.found, nil
}
