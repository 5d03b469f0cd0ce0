package helm

import (
	"fmt"
	"path"
	"strings"

	"github.com/Masterminds/semver/v3"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

const localScheme = "file://"

// dependencies adds what Chart.yaml asks for and charts/ does not hold, and tells which of these must be fetched first.
func (j job) dependencies(view *seal.View, loaded *chart.Chart) ([]protocol.Need, error) {
	missing := missingFrom(loaded)
	locked := lockedVersions(loaded)
	added := map[string]bool{}
	var needs []protocol.Need
	for _, wanted := range missing {
		if wanted.Repository == "" {
			return nil, missingError(missing)
		}
		// Two aliases of one chart are served by one copy of it.
		key := strings.Join([]string{wanted.Repository, wanted.Name, wanted.Version}, "|")
		if added[key] {
			continue
		}
		added[key] = true
		found, err := j.dependency(view, wanted, locked[key])
		if err != nil {
			return nil, err
		}
		if found == nil {
			needs = append(needs, need(wanted, locked[key]))
			continue
		}
		loaded.AddDependency(found)
	}
	return needs, nil
}

func need(wanted *chart.Dependency, locked string) protocol.Need {
	return protocol.Need{
		Kind:       "chart",
		Repository: wanted.Repository,
		Name:       wanted.Name,
		Version:    wanted.Version,
		Locked:     locked,
	}
}

func missingFrom(loaded *chart.Chart) []*chart.Dependency {
	have := map[string]bool{}
	for _, present := range loaded.Dependencies() {
		have[present.Name()] = true
	}
	var missing []*chart.Dependency
	for _, wanted := range loaded.Metadata.Dependencies {
		if !have[wanted.Name] {
			missing = append(missing, wanted)
		}
	}
	return missing
}

func missingError(missing []*chart.Dependency) error {
	names := make([]string, 0, len(missing))
	for _, wanted := range missing {
		names = append(names, wanted.Name)
	}
	return fmt.Errorf("an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' "+
		"to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: %s", strings.Join(names, ", "))
}

// dependency is a chart from the repository itself or one that was fetched; nil when it was not.
func (j job) dependency(view *seal.View, wanted *chart.Dependency, locked string) (*chart.Chart, error) {
	if local, isLocal := strings.CutPrefix(wanted.Repository, localScheme); isLocal {
		return j.localDependency(view, wanted, local)
	}
	for _, version := range [2]string{locked, wanted.Version} {
		if place, ok := j.Charts[strings.Join([]string{wanted.Repository, wanted.Name, version}, "|")]; ok {
			return load(view, place)
		}
	}
	return nil, nil
}

func (j job) localDependency(view *seal.View, wanted *chart.Dependency, local string) (*chart.Chart, error) {
	if path.IsAbs(local) {
		return nil, fmt.Errorf("dependency %s: %w", wanted.Name, &seal.OutsideError{Path: wanted.Repository})
	}
	folder, err := seal.Clean(path.Join(orDot(j.Folder), local))
	if err != nil {
		return nil, fmt.Errorf("dependency %s: %w", wanted.Name, &seal.OutsideError{Path: wanted.Repository})
	}
	tree, err := view.Tree(j.root)
	if err != nil {
		return nil, err
	}
	found, err := tree.Resolve(folder)
	if err != nil {
		return nil, fmt.Errorf("dependency %s: %w", wanted.Name, err)
	}
	if found.Kind == seal.Absent {
		return nil, fmt.Errorf("directory %s not found", shownPath(folder))
	}
	loaded, err := load(view, protocol.Place{Root: j.root, Path: folder})
	if err != nil {
		return nil, err
	}
	return loaded, checkVersion(wanted, loaded)
}

// checkVersion holds a chart of the repository against the versions that are asked for, as `helm dependency build` does.
func checkVersion(wanted *chart.Dependency, loaded *chart.Chart) error {
	constraint, err := semver.NewConstraint(wanted.Version)
	if err != nil {
		return fmt.Errorf("dependency %s has an invalid version/constraint format: %w", wanted.Name, err)
	}
	version, err := semver.NewVersion(loaded.Metadata.Version)
	if err != nil {
		return err
	}
	if !constraint.Check(version) {
		return fmt.Errorf("can't get a valid version for dependency %s", wanted.Name)
	}
	return nil
}

func orDot(name string) string {
	if name == "" {
		return "."
	}
	return name
}
