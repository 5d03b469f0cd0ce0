package kustomize

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"evenkeel.dev/renderer/internal/helm"
	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

// anyVersion is what helm takes --devel for: the newest one may be one that comes before a release.
const anyVersion = ">0.0.0-0"

// chart is one chart of a kustomization with what is said of all of them: the configuration of kustomize's own generator.
type chart struct {
	types.HelmGlobals
	types.HelmChart
}

// chart inflates one chart, unless something must be fetched for it first.
func (i *inflation) chart(config []byte, by configuration) error {
	i.changed = true
	wanted, err := i.configured(config)
	if err != nil {
		return fmt.Errorf("helmCharts: %w", err)
	}
	text, done, err := i.rendered(wanted)
	if done {
		err = i.add(text, by)
	}
	if err != nil {
		return fmt.Errorf("helmCharts: chart %s: %w", wanted.Name, err)
	}
	return nil
}

// configured reads a configuration as kustomize does: what it says of versions stands above what the job says.
func (i *inflation) configured(config []byte) (chart, error) {
	wanted := chart{HelmChart: types.HelmChart{
		KubeVersion: i.job.HelmKubeVersion,
		ApiVersions: append([]string(nil), i.job.HelmAPIVersions...),
	}}
	if err := yaml.Unmarshal(config, &wanted); err != nil {
		return wanted, err
	}
	if wanted.Name == "" {
		return wanted, errors.New("chart name cannot be empty")
	}
	// A name of several parts never worked: kustomize names a file after it.
	if strings.Contains(wanted.Name, "/") || wanted.Name == ".." {
		return wanted, fmt.Errorf("chart name: %w", &seal.OutsideError{Path: wanted.Name})
	}
	if strings.Contains(wanted.Version, "/") {
		return wanted, fmt.Errorf("chart %s: version: %w", wanted.Name, &seal.OutsideError{Path: wanted.Version})
	}
	if wanted.ChartHome == "" {
		wanted.ChartHome = types.HelmDefaultHome
	}
	if path.IsAbs(wanted.ChartHome) {
		return wanted, fmt.Errorf("chartHome: %w", &seal.OutsideError{Path: wanted.ChartHome})
	}
	return wanted, nil
}

// rendered is what `helm template` prints of a chart; it is not done when something must be fetched first. configHome and debug have no
// effect on that.
func (i *inflation) rendered(wanted chart) (text string, done bool, err error) {
	at, found, err := i.find(wanted)
	if err != nil || !found {
		return "", false, err
	}
	values, err := i.values(wanted, path.Join(at, "values.yaml"))
	if err != nil || len(i.needs) > 0 {
		return "", false, err
	}
	name, err := helm.NameOf(wanted.ReleaseName, wanted.NameTemplate)
	if err != nil {
		return "", false, err
	}
	place, err := i.placeOf(at)
	if err != nil {
		return "", false, err
	}
	printed, err := helm.Inflation{
		Chart: place, ReleaseName: name, Namespace: wanted.Namespace, KubeVersion: wanted.KubeVersion, APIVersions: wanted.ApiVersions,
		Values: values, IncludeCRDs: wanted.IncludeCRDs, SkipTests: wanted.SkipTests, SkipHooks: wanted.SkipHooks, Charts: i.job.Charts,
	}.Template(i.view)
	for _, need := range printed.Needs {
		i.need(need)
	}
	return printed.Text, err == nil && len(printed.Needs) == 0, err
}

// find tells where kustomize sees a chart: below the kustomization, or where what was fetched is made to stand.
func (i *inflation) find(wanted chart) (at string, found bool, err error) {
	home := path.Join(i.folder, wanted.ChartHome)
	if wanted.Version != "" && wanted.Repo != "" {
		home = path.Join(home, wanted.Name+"-"+wanted.Version)
	}
	at = path.Join(home, wanted.Name)
	source, relative, err := i.files.locate(at)
	if err != nil {
		return at, false, err
	}
	there, err := source.tree.Resolve(path.Join(source.base, relative))
	if err != nil || there.Kind == seal.Folder {
		return at, err == nil, err
	}
	if wanted.Repo == "" {
		return at, false, errors.New("no repo specified for pull, no chart found at '" + at + "'")
	}
	repository, version := wanted.Repo, wanted.Version
	if strings.HasPrefix(repository, "oci://") {
		repository = strings.TrimSuffix(repository, "/")
	}
	if version == "" && wanted.Devel {
		version = anyVersion
	}
	fetched, ok := i.job.Charts[strings.Join([]string{repository, wanted.Name, version}, "|")]
	if !ok {
		i.need(protocol.Need{Kind: "chart", Repository: repository, Name: wanted.Name, Version: version})
		return at, false, nil
	}
	mounted := mount{standing: standing{root: fetched.Root}, prefix: at, base: fetched.Path, shown: shownMount}
	if mounted.tree, err = i.view.Tree(fetched.Root); err != nil {
		return at, false, err
	}
	i.files.mounts = append(i.files.mounts, mounted)
	return at, true, nil
}

// placeOf is a path as kustomize sees it in the words of a request.
func (i *inflation) placeOf(at string) (protocol.Place, error) {
	source, relative, err := i.files.locate(at)
	return protocol.Place{Root: source.root, Path: path.Join(source.base, relative)}, err
}
