// Package files reads plain manifests: YAML, JSON, and jsonnet programs.
package files

import (
	"encoding/json"
	"errors"
	"strings"

	"evenkeel.dev/renderer/internal/documents"
	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

type job struct {
	Folder  string   `json:"folder"`
	Paths   []string `json:"paths"`
	Jsonnet programs `json:"jsonnet"`
}

// Render reads each file of the job up to its first fault, in the order asked.
func Render(view *seal.View, raw json.RawMessage) (protocol.Answer, error) {
	var asked job
	if err := json.Unmarshal(raw, &asked); err != nil {
		return protocol.Answer{}, errors.New("renderer: the job is not understood")
	}
	tree, err := view.Tree("")
	if err != nil {
		return protocol.Answer{}, err
	}
	answer := protocol.Answer{Files: make([]protocol.File, 0, len(asked.Paths))}
	for _, path := range asked.Paths {
		found, fault := read(tree, path, asked)
		answer.Files = append(answer.Files, protocol.File{Path: path, Documents: found, Fault: fault})
	}
	return answer, nil
}

func read(tree *seal.Tree, path string, asked job) ([]protocol.Document, *protocol.Fault) {
	if strings.HasSuffix(path, ".jsonnet") {
		return asked.Jsonnet.evaluate(tree, asked.Folder, path)
	}
	text, err := tree.Read(path)
	if err != nil {
		return []protocol.Document{}, &protocol.Fault{Line: 1, Message: err.Error()}
	}
	if strings.HasSuffix(path, ".json") {
		return documents.JSON(text)
	}
	return documents.Stream(text)
}
