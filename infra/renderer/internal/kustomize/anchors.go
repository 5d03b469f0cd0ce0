package kustomize

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes is how large a file may grow when its aliases are written out.
const maxNodes = 1_000_000

// explodes says whether the aliases of a text, or of a text that stands in it, are more than can be held. kustomize writes them all out,
// however many there are.
func explodes(text []byte) bool {
	if bytes.IndexByte(text, '&') < 0 || bytes.IndexByte(text, '*') < 0 {
		return false
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		if decoder.Decode(&document) != nil {
			// The end, or no YAML: kustomize tells of that.
			return false
		}
		count := counter{known: map[*yaml.Node]int{}}
		if count.of(&document) > maxNodes || holdsExploding(&document) {
			return true
		}
	}
}

// holdsExploding looks into blocks of text: patches and configurations are written inside kustomizations.
func holdsExploding(node *yaml.Node) bool {
	if node.Kind == yaml.ScalarNode {
		return strings.Contains(node.Value, "\n") && explodes([]byte(node.Value))
	}
	return slices.ContainsFunc(node.Content, holdsExploding)
}

type counter struct {
	// known are the sizes of nodes that aliases stand for; one that is being counted is as large as can be.
	known map[*yaml.Node]int
}

func (c counter) of(node *yaml.Node) int {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return c.of(node.Alias)
	}
	if node.Anchor != "" {
		if size, ok := c.known[node]; ok {
			return size
		}
		c.known[node] = maxNodes + 1
	}
	size := 1
	for _, child := range node.Content {
		if size += c.of(child); size > maxNodes {
			size = maxNodes + 1
			break
		}
	}
	if node.Anchor != "" {
		c.known[node] = size
	}
	return size
}
