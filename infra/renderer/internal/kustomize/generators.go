package kustomize

import (
	"strings"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
)

const (
	builtin       = "builtin"
	generatorKind = "HelmChartInflationGenerator"
)

// generators inflates the charts among the configurations that are written in the kustomization, or in files that it lists. What a folder
// renders is not looked into: kustomize finds a chart there, and refuses it.
func (i *inflation) generators() error {
	var kept []string
	for _, entry := range i.k.Generators {
		remains, err := i.generator(entry)
		if err != nil {
			return err
		}
		if remains != "" {
			kept = append(kept, remains)
		}
	}
	i.k.Generators = kept
	return nil
}

// generator gives what remains of an entry once its charts are taken out.
func (i *inflation) generator(entry string) (string, error) {
	read, err := i.resources().NewResMapFromBytes([]byte(entry))
	isText, origin := err == nil, i.file
	if !isText {
		origin = entry
		text, err := i.load(entry)
		if err != nil {
			// A folder, or nothing that kustomize would read: it tells of that.
			return entry, nil
		}
		if read, err = i.resources().NewResMapFromBytes(text); err != nil {
			return entry, nil
		}
	}
	var others []string
	for _, config := range read.Resources() {
		if !isChart(config) {
			text, err := config.RNode.String()
			if err != nil {
				return "", err
			}
			others = append(others, text)
			continue
		}
		text, err := config.AsYAML()
		if err != nil {
			return "", err
		}
		by := configuration{file: origin, apiVersion: builtin, kind: generatorKind, name: config.GetName(), namespace: config.GetNamespace()}
		if err := i.chart(text, by); err != nil {
			return "", err
		}
	}
	switch {
	case len(others) == len(read.Resources()):
		return entry, nil
	case len(others) == 0 || isText:
		return strings.Join(others, separator), nil
	}
	name := i.beside(i.folder, ".yaml", place{text: []byte(strings.Join(others, separator))}, entry)
	i.inflated[name] = configuration{file: entry}
	return name, nil
}

func isChart(config *resource.Resource) bool {
	gvk := config.GetGvk()
	return gvk.Group == "" && gvk.Version == builtin && gvk.Kind == generatorKind
}

func (b *kustomizing) resources() *resmap.Factory {
	return resmap.NewFactory(depProvider().GetResourceFactory())
}
