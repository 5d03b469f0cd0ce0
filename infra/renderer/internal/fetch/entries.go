package fetch

import (
	"bufio"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"
)

// maxWhole is how much YAML is parsed at once: it takes up to a hundred times its size in memory.
const maxWhole = 8 << 20

var (
	// errLayout is for text that is laid out in a way that a reader does not know.
	errLayout = errors.New("laid out in another way")
	// errTooLarge is for such text that is too large to be parsed whole.
	errTooLarge = errors.New("too large to be parsed whole")
)

// entriesOf reads the entries of one chart as the index arrives, and keeps no other. An index is YAML in block style, as Helm writes it,
// or JSON for speed; what is neither is parsed whole.
func entriesOf(index *indexReader, chart string) ([]entry, bool, error) {
	text := bufio.NewReaderSize(index, 64<<10)
	read := blockEntries
	if startsObject(text) {
		read = jsonEntries
	}
	entries, found, err := read(text, chart)
	if !errors.Is(err, errLayout) {
		return entries, found, err
	}
	if _, err := io.Copy(io.Discard, index); err != nil {
		return nil, false, err
	}
	if index.size > maxWhole {
		return nil, false, errTooLarge
	}
	return wholeEntries(index.head, chart)
}

func startsObject(text *bufio.Reader) bool {
	for {
		next, err := text.Peek(1)
		if err != nil {
			return false
		}
		switch next[0] {
		case ' ', '\t', '\r', '\n':
			_, _ = text.Discard(1)
		default:
			return next[0] == '{'
		}
	}
}

func wholeEntries(text []byte, chart string) ([]entry, bool, error) {
	var index struct {
		APIVersion string               `yaml:"apiVersion"`
		Entries    map[string]yaml.Node `yaml:"entries"`
	}
	if err := yaml.Unmarshal(text, &index); err != nil {
		return nil, false, err
	}
	if index.APIVersion == "" && index.Entries == nil {
		return nil, false, errors.New("it has no apiVersion and no entries")
	}
	node, found := index.Entries[chart]
	if !found {
		return nil, false, nil
	}
	var entries []entry
	err := node.Decode(&entries)
	return entries, true, err
}
