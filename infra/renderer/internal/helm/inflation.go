package helm

import (
	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

// Inflation is one chart of a kustomization: where it lies, and what kustomize would tell `helm template` of it.
type Inflation struct {
	Chart protocol.Place
	// ReleaseName is what is given, or what the template makes; NameOf puts both together.
	ReleaseName string
	Namespace   string
	KubeVersion string
	APIVersions []string
	// Values are merged, each over what came before.
	Values      []ValuesText
	IncludeCRDs bool
	SkipTests   bool
	SkipHooks   bool
	// Charts are dependencies that were fetched.
	Charts map[string]protocol.Place
}

// ValuesText is a file of values, and what messages call it.
type ValuesText struct {
	Name string
	Text []byte
}

// defaultNamespace is where helm installs when nobody says otherwise.
const defaultNamespace = "default"

// Template prints a chart as `helm template` does: the same text, the same faults, what must be fetched first.
func (i Inflation) Template(view *seal.View) (Printed, error) {
	namespace := i.Namespace
	if namespace == "" {
		namespace = defaultNamespace
	}
	return job{
		root:        i.Chart.Root,
		Folder:      i.Chart.Path,
		ReleaseName: i.ReleaseName,
		Namespace:   namespace,
		KubeVersion: i.KubeVersion,
		APIVersions: i.APIVersions,
		IncludeCRDs: i.IncludeCRDs,
		SkipTests:   i.SkipTests,
		Charts:      i.Charts,
		texts:       i.Values,
		skipHooks:   i.SkipHooks,
	}.template(view)
}
