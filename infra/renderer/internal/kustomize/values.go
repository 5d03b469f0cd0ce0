package kustomize

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/filesys"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge2"
	"sigs.k8s.io/yaml"

	"evenkeel.dev/renderer/internal/helm"
)

const (
	mergeOverrides = "override"
	mergeKeeps     = "merge"
	mergeReplaces  = "replace"
)

var merges = []string{mergeKeeps, mergeOverrides, mergeReplaces}

// values are what helm is given: one file, with the inline values merged into it, and then the additional ones. Nothing is read twice.
func (i *inflation) values(wanted chart, ofChart string) ([]helm.ValuesText, error) {
	var additional []helm.ValuesText
	for _, name := range wanted.AdditionalValuesFiles {
		text, err := i.load(name)
		if err != nil {
			return nil, fmt.Errorf("could not load additionalValuesFile: %w", err)
		}
		additional = append(additional, helm.ValuesText{Name: name, Text: text})
	}
	first, err := i.firstValues(wanted, ofChart)
	return append([]helm.ValuesText{first}, additional...), err
}

func (i *inflation) firstValues(wanted chart, ofChart string) (helm.ValuesText, error) {
	merge := wanted.ValuesMerge
	if merge == "" {
		merge = mergeOverrides
	}
	if !slices.Contains(merges, merge) {
		return helm.ValuesText{}, fmt.Errorf("valuesMerge must be one of %v", merges)
	}
	name := wanted.ValuesFile
	if name == "" {
		name = ofChart
	}
	given := helm.ValuesText{Name: name}
	if len(wanted.ValuesInline) == 0 || merge != mergeReplaces {
		text, err := i.load(name)
		if err != nil {
			return given, err
		}
		given.Text = text
	}
	if len(wanted.ValuesInline) == 0 {
		return given, nil
	}
	inline := wanted.ValuesInline
	if merge != mergeReplaces {
		merged, err := mergedValues(given.Text, inline, merge)
		if err != nil {
			return given, err
		}
		inline = merged
	}
	text, err := yaml.Marshal(inline)
	return helm.ValuesText{Name: "valuesInline", Text: text}, err
}

// mergedValues lets either side win: override is for what stands in the kustomization, merge for the file.
func mergedValues(text []byte, inline map[string]any, merge string) (map[string]any, error) {
	file, err := kyaml.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("could not parse values file into rnode: %w", err)
	}
	given, err := kyaml.FromMap(inline)
	if err != nil {
		return nil, fmt.Errorf("could not parse values inline into rnode: %w", err)
	}
	from, into := given, file
	if merge == mergeKeeps {
		from, into = file, given
	}
	merged, err := merge2.Merge(from, into, kyaml.MergeOptions{})
	if err != nil {
		return nil, fmt.Errorf("could not merge values: %w", err)
	}
	values, err := merged.Map()
	if err != nil {
		return nil, fmt.Errorf("could not parse merged values into map: %w", err)
	}
	return values, nil
}

// load reads a file that a kustomization names, under the load restrictions. What must be fetched first is empty for now.
func (i *inflation) load(entry string) ([]byte, error) {
	if isRemoteFile(entry) {
		name, found := i.kustomizing.file(i.folder, entry)
		if !found {
			return nil, nil
		}
		entry = name
	}
	at := entry
	if !path.IsAbs(at) {
		at = path.Join(i.folder, entry)
	}
	if i.job.LoadRestrictionsNone {
		return i.files.ReadFile(at)
	}
	folder, name, err := i.files.CleanedAbs(at)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, errors.New("'" + at + "' must resolve to a file")
	}
	if !folder.HasPrefix(filesys.ConfirmedDir(i.folder)) {
		return nil, fmt.Errorf("security; file '%s' is not in or below '%s'", at, i.folder)
	}
	return i.files.ReadFile(folder.Join(name))
}
