package helm

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

// shownValues is how Argo CD calls the values that the spec itself holds.
const shownValues = "<temp file with values from source.helm.values/valuesObject>"

// hidden stands for what may be secret.
const hidden = "***"

var (
	// quoted is what the YAML library repeats of its input.
	quoted       = regexp.MustCompile("'[^']*'|`[^`]*`|\"[^\"]*\"|(invalid map key: ).*")
	doubleQuoted = regexp.MustCompile(`"[^"]*"`)
)

type setValue struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	String bool   `json:"string"`
}

type setFile struct {
	Name string         `json:"name"`
	File protocol.Place `json:"file"`
}

// values merges what the source gives, each over what came before: files, values, --set, --set-string, --set-file.
func (j job) values(view *seal.View) (map[string]any, error) {
	merged := map[string]any{}
	for _, place := range j.ValueFiles {
		text, err := read(view, place)
		if err != nil {
			return nil, err
		}
		values, err := loader.LoadValues(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("failed to parse %s: %w", shownPath(place.Path), err)
		}
		merged = loader.MergeMaps(merged, values)
	}
	for _, given := range j.texts {
		values, err := loader.LoadValues(bytes.NewReader(given.Text))
		if err != nil {
			return nil, fmt.Errorf("failed to parse %s: %w", given.Name, err)
		}
		merged = loader.MergeMaps(merged, values)
	}
	if j.Values != "" {
		values, err := loader.LoadValues(bytes.NewReader([]byte(j.Values)))
		if err != nil {
			return nil, fmt.Errorf("failed to parse %s: %s", shownValues, quoted.ReplaceAllString(err.Error(), "$1"+hidden))
		}
		merged = loader.MergeMaps(merged, values)
	}
	return merged, j.set(view, merged)
}

func (j job) set(view *seal.View, into map[string]any) error {
	for _, given := range j.Set {
		if given.String {
			continue
		}
		if err := strvals.ParseInto(given.Name+"="+given.Value, into); err != nil {
			return fmt.Errorf("failed parsing --set data: %s", given.shown(err))
		}
	}
	for _, given := range j.Set {
		if !given.String {
			continue
		}
		if err := strvals.ParseIntoString(given.Name+"="+given.Value, into); err != nil {
			return fmt.Errorf("failed parsing --set-string data: %s", given.shown(err))
		}
	}
	for _, given := range j.SetFiles {
		text := func([]rune) (any, error) {
			content, err := read(view, given.File)
			return string(content), err
		}
		if err := strvals.ParseIntoFile(given.Name+"=file", into, text); err != nil {
			return fmt.Errorf("failed parsing --set-file data: %w", err)
		}
	}
	return nil
}

// shown is an error of a parameter without what is quoted in it, unless that is of the name: the value may be secret.
func (s setValue) shown(err error) string {
	return doubleQuoted.ReplaceAllStringFunc(err.Error(), func(text string) string {
		if strings.Contains(s.Name, strings.Trim(text, `"`)) {
			return text
		}
		return hidden
	})
}

func read(view *seal.View, place protocol.Place) ([]byte, error) {
	tree, err := view.Tree(place.Root)
	if err != nil {
		return nil, err
	}
	text, err := tree.Read(place.Path)
	if err != nil {
		return nil, shownError(err)
	}
	return text, nil
}
