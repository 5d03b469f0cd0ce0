// Package helm renders charts as `helm template` does, out of the same libraries, without a cluster and without a child process.
//
// It puts together what helm's own action package puts together for a client-only dry run. That package itself would bring the whole
// Kubernetes client with it, which makes this program larger and slower to start, and is of no use to a render that has no cluster.
package helm

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"

	"evenkeel.dev/renderer/internal/documents"
	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

const notesSuffix = "NOTES.txt"

type job struct {
	Folder               string                    `json:"folder"`
	ReleaseName          string                    `json:"releaseName"`
	Namespace            string                    `json:"namespace"`
	KubeVersion          string                    `json:"kubeVersion"`
	APIVersions          []string                  `json:"apiVersions"`
	Set                  []setValue                `json:"set"`
	SetFiles             []setFile                 `json:"setFiles"`
	ValueFiles           []protocol.Place          `json:"valueFiles"`
	Values               string                    `json:"values"`
	IncludeCRDs          bool                      `json:"includeCrds"`
	SkipSchemaValidation bool                      `json:"skipSchemaValidation"`
	SkipTests            bool                      `json:"skipTests"`
	Charts               map[string]protocol.Place `json:"charts"`

	// What a kustomization with charts says besides: the root that the chart lies in, texts of values, and that no hook is wanted.
	root      string
	texts     []ValuesText
	skipHooks bool
}

// Render answers a helm job.
func Render(view *seal.View, raw json.RawMessage) (protocol.Answer, error) {
	var asked job
	if err := json.Unmarshal(raw, &asked); err != nil {
		return protocol.Answer{}, errors.New("renderer: the job is not understood")
	}
	printed, err := asked.template(view)
	answer := protocol.Answer{Needs: printed.Needs}
	if err != nil || len(printed.Needs) > 0 {
		return answer, err
	}
	answer.Documents, err = objects(printed.Text)
	return answer, err
}

// Printed is what `helm template` prints, unless something must be fetched first.
type Printed struct {
	Text  string
	Needs []protocol.Need
}

// template goes in the order in which `helm template` does, so that of several faults the same one is told.
func (j job) template(view *seal.View) (Printed, error) {
	var printed Printed
	capabilities, err := j.capabilities()
	if err != nil {
		return printed, err
	}
	values, err := j.values(view)
	if err != nil {
		return printed, err
	}
	loaded, err := load(view, protocol.Place{Root: j.root, Path: j.Folder})
	if err != nil {
		return printed, err
	}
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return printed, fmt.Errorf("%s charts are not installable", kind)
	}
	if printed.Needs, err = j.dependencies(view, loaded); err != nil || len(printed.Needs) > 0 {
		return printed, err
	}
	if err := chartutil.ValidateReleaseName(j.ReleaseName); err != nil {
		return printed, fmt.Errorf("release name check failed: release name %q: %w", j.ReleaseName, err)
	}
	if err := chartutil.ProcessDependencies(loaded, values); err != nil {
		return printed, fmt.Errorf("chart dependencies processing failed: %w", err)
	}
	top, err := j.renderValues(loaded, values, capabilities)
	if err != nil {
		return printed, err
	}
	if printed.Text, err = j.manifests(loaded, top, capabilities); err != nil {
		return printed, fmt.Errorf("%w\n\nUse --debug flag to render out invalid YAML", err)
	}
	return printed, nil
}

func (j job) capabilities() (*common.Capabilities, error) {
	capabilities := common.DefaultCapabilities.Copy()
	// The library only knows its own minor version; the stock program is told the whole one when it is built.
	capabilities.HelmVersion.Version = libraryVersion()
	capabilities.APIVersions = append(slices.Clone(capabilities.APIVersions), j.APIVersions...)
	if j.KubeVersion == "" {
		return capabilities, nil
	}
	version, err := common.ParseKubeVersion(j.KubeVersion)
	if err != nil {
		return nil, fmt.Errorf("invalid kube version '%s': %w", j.KubeVersion, err)
	}
	capabilities.KubeVersion = *version
	return capabilities, nil
}

// renderValues are what templates see. The schemas are checked here and not by the library, whose loader reads any file and any URL.
func (j job) renderValues(loaded *chart.Chart, values map[string]any, capabilities *common.Capabilities) (common.Values, error) {
	options := common.ReleaseOptions{Name: j.ReleaseName, Namespace: j.Namespace, Revision: 1, IsInstall: true}
	top, err := util.ToRenderValuesWithSchemaValidation(loaded, values, options, capabilities, true)
	if err != nil || j.SkipSchemaValidation {
		return top, err
	}
	merged, err := top.Table("Values")
	if err != nil {
		return nil, err
	}
	if faults := schemaFaults(loaded, merged); faults != "" {
		return nil, fmt.Errorf("values don't meet the specifications of the schema(s) in the following chart(s):\n%s", faults)
	}
	return top, nil
}

// manifests is what `helm template` prints: definitions, manifests in the order of installation, then hooks.
func (j job) manifests(loaded *chart.Chart, top common.Values, capabilities *common.Capabilities) (string, error) {
	if wanted := loaded.Metadata.KubeVersion; wanted != "" && !chartutil.IsCompatibleRange(wanted, capabilities.KubeVersion.String()) {
		have := capabilities.KubeVersion.Version
		return "", fmt.Errorf("chart requires kubeVersion: %s which is incompatible with Kubernetes %s", wanted, have)
	}
	rendered, err := engine.Engine{CustomTemplateFuncs: bounded()}.Render(loaded, top)
	if err != nil {
		return "", err
	}
	size := 0
	for name, text := range rendered {
		if strings.HasSuffix(name, notesSuffix) {
			delete(rendered, name)
			continue
		}
		size += len(text)
	}
	// Before any of it is read, which takes far longer than making it.
	if err := checkPrinted(size); err != nil {
		return "", err
	}
	hooks, manifests, err := releaseutil.SortManifests(rendered, nil, releaseutil.InstallOrder)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if j.IncludeCRDs {
		for _, crd := range loaded.CRDObjects() {
			fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", crd.Filename, crd.File.Data)
		}
	}
	for _, manifest := range manifests {
		fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", manifest.Name, manifest.Content)
	}
	for _, hook := range hooks {
		if j.skipHooks || j.SkipTests && slices.Contains(hook.Events, release.HookTest) {
			continue
		}
		fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return text.String(), checkPrinted(text.Len())
}

func checkPrinted(size int) error {
	if size > 2*protocol.MaxOutputBytes {
		return fmt.Errorf("the chart renders to %d bytes, more than %d", size, protocol.MaxOutputBytes)
	}
	return nil
}

func objects(text string) ([]json.RawMessage, error) {
	found, fault := documents.Stream([]byte(text))
	if fault != nil {
		return nil, fmt.Errorf("output of helm template: line %d: %s", fault.Line, fault.Message)
	}
	result := make([]json.RawMessage, 0, len(found))
	for _, document := range found {
		result = append(result, document.Value)
	}
	return result, nil
}
