package fetch

import (
	"bytes"
	"encoding/json"
	"errors"

	"go.yaml.in/yaml/v3"
)

// entriesOf reads the entries of one chart. An index is YAML, or JSON for speed; YAML is parsed whole only where the part of the chart
// cannot be told by its lines, since that takes fifteen times its size in memory.
func entriesOf(data []byte, chart string) ([]entry, bool, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		var index struct {
			Entries map[string]json.RawMessage `json:"entries"`
		}
		if err := json.Unmarshal(trimmed, &index); err == nil {
			raw, found := index.Entries[chart]
			if !found {
				return nil, false, nil
			}
			var entries []entry
			err := json.Unmarshal(raw, &entries)
			return entries, true, err
		}
	}
	if part := partOf(data, chart); part != nil {
		var entries map[string][]entry
		if err := yaml.Unmarshal(part, &entries); err == nil {
			return entries[chart], true, nil
		}
	}
	var index struct {
		APIVersion string               `yaml:"apiVersion"`
		Entries    map[string]yaml.Node `yaml:"entries"`
	}
	if err := yaml.Unmarshal(data, &index); err != nil {
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

// partOf cuts out the lines of one chart, its key first, as Helm and most others lay out an index: entries in block style, each key on
// a line of its own. What is in there is indented deeper, or is an item of its list. Nil where the chart is not found so.
func partOf(data []byte, chart string) []byte {
	lines, found := bytes.CutPrefix(data, []byte("entries:\n"))
	if !found {
		_, lines, found = bytes.Cut(data, []byte("\nentries:\n"))
	}
	if !found {
		return nil
	}
	depth, start := 0, -1
	for at := 0; at < len(lines); {
		line, _, _ := bytes.Cut(lines[at:], []byte("\n"))
		text := bytes.TrimLeft(line, " ")
		indent := len(line) - len(text)
		switch {
		case len(bytes.TrimSpace(text)) == 0 || text[0] == '#':
		case indent == 0 || indent < depth:
			return partFrom(lines[:at], start)
		case text[0] == '-' && indent == depth:
		case depth == 0 || indent == depth:
			if start >= 0 {
				return lines[start:at]
			}
			depth = indent
			if isKey(text, chart) {
				start = at
			}
		}
		at += len(line) + 1
	}
	return partFrom(lines, start)
}

func partFrom(lines []byte, start int) []byte {
	if start < 0 {
		return nil
	}
	return lines[start:]
}

func isKey(text []byte, chart string) bool {
	key, found := bytes.CutSuffix(bytes.TrimRight(text, " \r"), []byte(":"))
	return found && string(bytes.Trim(key, `"'`)) == chart
}
