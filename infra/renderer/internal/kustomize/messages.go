package kustomize

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// What kustomize repeats of literals and env files may be secret.
	literals = regexp.MustCompile(`(?s)literal sources? .*?(, expected key=value)`)
	envLine  = regexp.MustCompile(`(?s)(has invalid utf8 bytes : ).*`)
	// An address in memory tells nothing, and would make each message another.
	pointer = regexp.MustCompile(`0x[0-9a-f]{6,}`)
)

// words turn what kustomize says into what a user may read: our paths hidden, remote entries as they were written, no secret.
type words struct {
	replaced map[string]string
	secrets  map[string]bool
}

func newWords() words { return words{replaced: map[string]string{}, secrets: map[string]bool{}} }

// instead lets a message say one text in place of another.
func (w words) instead(of, say string) { w.replaced[of] = say }

// hide keeps the literal of a secret out of messages, alone or as a value.
func (w words) hide(literal string) {
	_, value, _ := strings.Cut(literal, "=")
	for _, text := range []string{literal, value, strings.Trim(value, `"'`)} {
		if len(text) > 2 {
			w.secrets[text] = true
		}
	}
}

func (w words) shown(message string) string {
	message = literals.ReplaceAllString(message, "literal source ***$1")
	message = envLine.ReplaceAllString(message, "$1***")
	message = pointer.ReplaceAllString(message, "0x…")
	for _, text := range longestFirst(w.secrets) {
		message = strings.ReplaceAll(message, text, "***")
	}
	for _, text := range longestFirst(w.replaced) {
		message = strings.ReplaceAll(message, text, w.replaced[text])
	}
	return message
}

func longestFirst[Value any](texts map[string]Value) []string {
	sorted := make([]string, 0, len(texts))
	for text := range texts {
		sorted = append(sorted, text)
	}
	slices.SortFunc(sorted, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return sorted
}
