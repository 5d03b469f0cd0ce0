// Package documents reads streams of YAML and JSON documents the way kubectl and Argo CD do, and remembers where each begins.
package documents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"

	"evenkeel.dev/renderer/internal/protocol"
)

const separator = "---"

var (
	yamlLine   = regexp.MustCompile(`yaml: line (\d+): `)
	yamlPrefix = regexp.MustCompile(`^(error converting YAML to JSON: )?yaml: (line \d+: )?`)
)

// Stream reads text as one stream. What looks like JSON is read as JSON values until that fails, and as YAML documents from there on,
// unless two values came before (k8s.io/apimachinery/pkg/util/yaml). Empty and null documents are left out.
func Stream(text []byte) ([]protocol.Document, *protocol.Fault) {
	if !looksLikeJSON(text) {
		return yamlDocuments(text, 1)
	}
	values, end, fault := jsonValues(text)
	if fault == nil || len(values) > 1 {
		return withoutNull(values), fault
	}
	rest, line := text[end:], lineAt(text, end)
	if at := bytes.IndexFunc(rest, notSpace); at > 0 {
		// Line breaks between a value and what follows it belong to neither.
		line += bytes.Count(rest[:at], []byte("\n"))
		rest = rest[at:]
	}
	found, yamlFault := yamlDocuments(rest, line)
	if yamlFault != nil {
		yamlFault = fault
	}
	return append(withoutNull(values), found...), yamlFault
}

// JSON reads text as JSON values alone.
func JSON(text []byte) ([]protocol.Document, *protocol.Fault) {
	values, _, fault := jsonValues(text)
	return withoutNull(values), fault
}

func looksLikeJSON(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeftFunc(text, unicode.IsSpace), []byte("{"))
}

func notSpace(r rune) bool { return !unicode.IsSpace(r) }

func jsonValues(text []byte) ([]protocol.Document, int, *protocol.Fault) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	var values []protocol.Document
	for {
		end := int(decoder.InputOffset())
		var value json.RawMessage
		err := decoder.Decode(&value)
		if err == io.EOF {
			return values, end, nil
		}
		if err != nil {
			return values, end, jsonFault(text, end, err)
		}
		begin := int(decoder.InputOffset()) - len(value)
		values = append(values, protocol.Document{Line: lineAt(text, begin), Value: value})
	}
}

func jsonFault(text []byte, end int, err error) *protocol.Fault {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return &protocol.Fault{Line: lineAt(text, int(syntax.Offset)), Message: syntax.Error()}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		end = len(text)
	}
	return &protocol.Fault{Line: lineAt(text, end), Message: err.Error()}
}

func lineAt(text []byte, offset int) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
}

func withoutNull(values []protocol.Document) []protocol.Document {
	kept := make([]protocol.Document, 0, len(values))
	for _, value := range values {
		if !isNull(value.Value) {
			kept = append(kept, value)
		}
	}
	return kept
}

func isNull(value []byte) bool {
	trimmed := bytes.TrimSpace(value)
	return len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null"))
}

// yamlDocuments splits at lines that begin with the separator, whatever they stand in, and reads each part.
func yamlDocuments(text []byte, line int) ([]protocol.Document, *protocol.Fault) {
	found := []protocol.Document{}
	for _, part := range split(text, line) {
		if part.fault != nil {
			return found, part.fault
		}
		value, err := yaml.YAMLToJSON(part.text)
		if err != nil {
			return found, yamlFault(err, part.line)
		}
		if isNull(value) {
			continue
		}
		if len(found) == protocol.MaxDocuments {
			return found, &protocol.Fault{Line: part.line, Message: fmt.Sprintf("more than %d documents", protocol.MaxDocuments)}
		}
		found = append(found, protocol.Document{Line: firstContent(part), Value: value})
	}
	return found, nil
}

type part struct {
	text  []byte
	line  int
	fault *protocol.Fault
}

func split(text []byte, line int) []part {
	var parts []part
	current := part{line: line}
	begin := 0
	flush := func(end int) {
		if current.text = text[begin:end]; len(current.text) > 0 {
			parts = append(parts, current)
		}
	}
	for at := 0; at < len(text); line++ {
		end := len(text)
		if next := bytes.IndexByte(text[at:], '\n'); next >= 0 {
			end = at + next + 1
		}
		if after, isSeparator := bytes.CutPrefix(text[at:end], []byte(separator)); isSeparator {
			if trimmed := strings.TrimSpace(string(after)); trimmed != "" && trimmed[0] != '#' {
				flush(at)
				message := "invalid Yaml document separator: " + trimmed
				return append(parts, part{line: line, fault: &protocol.Fault{Line: line, Message: message}})
			}
			flush(at)
			begin, current = end, part{line: line + 1}
		}
		at = end
	}
	flush(len(text))
	return parts
}

// firstContent is the first line of a document that is neither empty nor a comment.
func firstContent(p part) int {
	line := p.line
	for text := range bytes.Lines(p.text) {
		if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] != '#' {
			return line
		}
		line++
	}
	return p.line
}

// yamlFault is an error of the YAML library with the line of the file instead of the line of the document.
func yamlFault(err error, begin int) *protocol.Fault {
	line := begin
	if match := yamlLine.FindStringSubmatch(err.Error()); match != nil {
		if within, parseErr := strconv.Atoi(match[1]); parseErr == nil {
			line = begin + within - 1
		}
	}
	return &protocol.Fault{Line: line, Message: yamlPrefix.ReplaceAllString(err.Error(), "")}
}
