package fetch

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/Masterminds/semver/v3"
	"go.yaml.in/yaml/v3"
)

const maxChartFile = 1 << 20

// checkChart holds a chart's own name and version against those that it was asked for by. A version that is a range is not compared.
func checkChart(folder, chart, version string) error {
	own, err := readChartFile(folder)
	if err != nil {
		return invalidf("chart '%s' version %s: %w", chart, version, err)
	}
	if name := lastSegment(chart); own.Name != name {
		return invalidf("chart '%s' version %s: its archive holds the chart '%s'", chart, version, own.Name)
	}
	wanted, err := semver.StrictNewVersion(strings.TrimPrefix(version, "v"))
	if err != nil {
		return nil
	}
	found, err := semver.NewVersion(own.Version)
	if err != nil || !found.Equal(wanted) || found.Metadata() != wanted.Metadata() {
		return invalidf("chart '%s' version %s: its archive holds version %s", chart, version, own.Version)
	}
	return nil
}

type chartFile struct {
	Name    string `yaml:"name"`
	Version string `yaml:"version"`
}

// readChartFile follows no link out of the folder.
func readChartFile(folder string) (*chartFile, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := root.Open("Chart.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("Chart.yaml file is missing")
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxChartFile))
	if err != nil {
		return nil, err
	}
	var own chartFile
	if err := yaml.Unmarshal(data, &own); err != nil {
		return nil, errors.New("cannot load Chart.yaml: it is no YAML")
	}
	return &own, nil
}

func lastSegment(name string) string {
	return name[strings.LastIndex(name, "/")+1:]
}
