package kustomize

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/provider"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"

	"evenkeel.dev/renderer/internal/protocol"
)

const (
	separator       = "---\n"
	maxChartedBytes = 2 * protocol.MaxOutputBytes
)

var depProvider = sync.OnceValue(provider.NewDefaultDepProvider)

// configuration is what a generator is set up by; only the file for one whose configuration merely stands elsewhere now.
type configuration struct {
	file, apiVersion, kind, name, namespace string
}

// add puts what a chart made among the resources of the kustomization.
func (i *inflation) add(text string, by configuration) error {
	if i.charted += len(text); i.charted > maxChartedBytes {
		return fmt.Errorf("the charts render to more than %d bytes", maxChartedBytes)
	}
	if explodes([]byte(text)) {
		return errors.New("what it renders to: excessive aliasing")
	}
	marked, err := i.marked(text)
	if err != nil {
		return err
	}
	name := i.beside(i.folder, ".yaml", place{text: marked}, "helmCharts")
	i.inflated[name] = by
	i.k.Resources = append(i.k.Resources, name)
	return nil
}

// marked are the objects in a text, each with kustomize's own note that a chart made it: their namespaces are left alone by that. The
// library takes the note off in the end.
func (i *inflation) marked(text string) ([]byte, error) {
	made, err := i.resources().NewResMapFromBytes([]byte(text))
	if err != nil {
		return nil, err
	}
	var marked strings.Builder
	for _, object := range made.Resources() {
		if err := object.PipeE(kyaml.SetAnnotation(konfig.HelmGeneratedAnnotation, "true")); err != nil {
			return nil, err
		}
		text, err := object.RNode.String()
		if err != nil {
			return nil, err
		}
		marked.WriteString(separator)
		marked.WriteString(text)
	}
	return []byte(marked.String()), nil
}
