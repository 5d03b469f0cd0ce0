package kustomize

import (
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// notEnabled is how kustomize refuses every chart that it comes across itself.
const notEnabled = "must specify --enable-helm"

// inflate renders the charts of a kustomization and puts what they make in their place. kustomize itself would start a program for that.
func (b *kustomizing) inflate(folder, file string, text []byte) ([]byte, error) {
	var k types.Kustomization
	if k.Unmarshal(text) != nil {
		// kustomize tells of that.
		return text, nil
	}
	k.FixKustomization()
	i := inflation{kustomizing: b, folder: folder, file: file, k: &k}
	for _, step := range []func() error{i.noticeNamespaces, i.charts, i.generators, i.setApart} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if !i.changed {
		return text, nil
	}
	return yaml.Marshal(k)
}

// inflation is what is done with one kustomization.
type inflation struct {
	*kustomizing
	folder, file string
	k            *types.Kustomization
	changed      bool
}

// charts inflates the field helmCharts, which the old field is part of by now.
func (i *inflation) charts() error {
	if len(i.k.HelmCharts) == 0 {
		return nil
	}
	var globals types.HelmGlobals
	if i.k.HelmGlobals != nil {
		globals = *i.k.HelmGlobals
	}
	by := configuration{file: i.file, apiVersion: builtin, kind: generatorKind}
	for _, wanted := range i.k.HelmCharts {
		if wanted.Namespace == "" {
			namespace, err := i.namespace()
			if err != nil {
				return err
			}
			wanted.Namespace = namespace
		}
		config, err := yaml.Marshal(chart{globals, wanted})
		if err != nil {
			return err
		}
		if err := i.chart(config, by); err != nil {
			return err
		}
	}
	i.k.HelmCharts, i.k.HelmGlobals = nil, nil
	return nil
}

// notInflated says what kustomize's own words would not tell: charts that only it comes across stay off.
func (b *kustomizing) notInflated(message string) string {
	if !b.job.EnableHelm {
		return message
	}
	const where = " is inflated where generators lists its text or its file, not from a folder"
	return strings.ReplaceAll(message, notEnabled, "a "+generatorKind+where)
}
