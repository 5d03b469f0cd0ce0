package kustomize

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

const (
	generatorKind     = "HelmChartInflationGenerator"
	defaultChartsHome = "charts"
	maxChartBytes     = 100 << 20
)

var (
	documentEnd  = regexp.MustCompile(`(?m)^---.*$`)
	pluginFolder = regexp.MustCompile(`kustomize-helm-\d+`)
)

// chartEntry is one chart of a kustomization.
type chartEntry struct {
	types.HelmGlobals `json:",inline"`
	types.HelmChart   `json:",inline"`
}

// inFolder builds a kustomization with charts. kustomize looks for charts with the system's own calls, writes values into temporary
// files, and starts helm, which reads both: so the charts, and nothing else of the repository, are laid into a private folder for as
// long as this takes. Everything else is still read through the seal, at paths as if it lay there too.
func inFolder(view *seal.View, asked job) (protocol.Answer, error) {
	private, err := os.MkdirTemp("", "evenkeel-charts-")
	if err != nil {
		return protocol.Answer{}, errors.New("renderer: no folder for charts can be made")
	}
	defer os.RemoveAll(private)
	if private, err = filepath.EvalSymlinks(private); err != nil {
		return protocol.Answer{}, errors.New("renderer: no folder for charts can be made")
	}
	temporary := filepath.Join(private, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return protocol.Answer{}, errors.New("renderer: no folder for charts can be made")
	}
	before, wasSet := os.LookupEnv("TMPDIR")
	defer restore("TMPDIR", before, wasSet)
	if err := os.Setenv("TMPDIR", temporary); err != nil {
		return protocol.Answer{}, err
	}
	b, err := newBuildAt(view, asked, filepath.Join(private, "source"), private)
	if err != nil {
		return protocol.Answer{}, err
	}
	b.alone = true
	b.words.instead(private, "<temporary folder>")
	b.words.instead(asked.Helm, "helm")
	answer, err := b.attempt()
	if err != nil {
		err = errors.New(pluginFolder.ReplaceAllString(err.Error(), "kustomize-helm"))
	}
	return answer, err
}

func restore(name, value string, wasSet bool) {
	if wasSet {
		_ = os.Setenv(name, value)
		return
	}
	_ = os.Unsetenv(name)
}

// charts looks after the charts of a kustomization.
func (b *kustomizing) charts(folder string, text []byte) error {
	var parsed types.Kustomization
	if parsed.Unmarshal(text) != nil {
		return nil
	}
	parsed.FixKustomization()
	globals := types.HelmGlobals{}
	if parsed.HelmGlobals != nil {
		globals = *parsed.HelmGlobals
	}
	for _, chart := range parsed.HelmCharts {
		if err := b.chart(folder, chartEntry{globals, chart}); err != nil {
			return b.refuse(err)
		}
	}
	for _, generator := range parsed.Generators {
		if err := b.generator(folder, generator); err != nil {
			return b.refuse(err)
		}
	}
	return nil
}

// generator refuses a folder: what it renders could ask for any chart, and could not be looked into before helm reads it.
func (b *kustomizing) generator(folder, generator string) error {
	if strings.Contains(generator, "\n") {
		return b.generatorText(folder, []byte(generator))
	}
	if at, name, err := b.files.CleanedAbs(path.Join(folder, generator)); err == nil && name == "" {
		return fmt.Errorf("%s: generators: list the files of generators themselves when charts are enabled", at)
	}
	return nil
}

// generatorFile looks for charts in a file that may be the configuration of a generator.
func (b *kustomizing) generatorFile(file opened) error {
	if !bytes.Contains(file.content, []byte(generatorKind)) {
		return nil
	}
	b.wantsAlone, b.wantsHelm = true, true
	if !b.alone {
		return b.refuse(errAlone)
	}
	if err := b.generatorText(path.Dir(file.path), file.content); err != nil {
		return b.refuse(err)
	}
	return nil
}

func (b *kustomizing) generatorText(folder string, text []byte) error {
	for _, document := range documentEnd.Split(string(text), -1) {
		var entry struct {
			Kind       string `json:"kind"`
			chartEntry `json:",inline"`
		}
		if yaml.Unmarshal([]byte(document), &entry) != nil || entry.Kind != generatorKind {
			continue
		}
		if err := b.chart(folder, entry.chartEntry); err != nil {
			return err
		}
	}
	return nil
}

// chart finds a chart where kustomize will look for it, or among what was fetched, and lays it there when there is a folder to lay it in.
func (b *kustomizing) chart(folder string, entry chartEntry) error {
	home, err := chartHome(entry)
	if err != nil {
		return err
	}
	at := path.Join(folder, home, entry.Name)
	source, relative, err := b.files.locate(at)
	if err != nil {
		return fmt.Errorf("helmCharts: chart %s: %w", entry.Name, err)
	}
	found, err := source.tree.Resolve(path.Join(source.base, relative))
	if err != nil {
		return fmt.Errorf("helmCharts: chart %s: %w", entry.Name, err)
	}
	if found.Kind == seal.Folder {
		if err := b.lay(at, source.tree, found.Path); err != nil {
			return err
		}
		return b.valueFiles(folder, entry)
	}
	if entry.Repo == "" {
		return nil
	}
	key := strings.Join([]string{entry.Repo, entry.Name, entry.Version}, "|")
	fetched, ok := b.job.Charts[key]
	if !ok {
		b.need(protocol.Need{Kind: "chart", Repository: entry.Repo, Name: entry.Name, Version: entry.Version})
		return nil
	}
	tree, err := b.view.Tree(fetched.Root)
	if err != nil {
		return err
	}
	b.files.mounts = append(b.files.mounts, mount{prefix: at, tree: tree, base: fetched.Path})
	if err := b.lay(at, tree, fetched.Path); err != nil {
		return err
	}
	return b.valueFiles(folder, entry)
}

// chartHome is where kustomize looks for a chart, below the folder of the kustomization. Helm must not be sent anywhere else, and must
// not be given settings and plugins of the repository's.
func chartHome(entry chartEntry) (string, error) {
	if entry.ConfigHome != "" {
		return "", errors.New("helmGlobals: configHome is not supported")
	}
	home := entry.ChartHome
	if home == "" {
		home = defaultChartsHome
	}
	if path.IsAbs(home) {
		return "", fmt.Errorf("helmGlobals: chartHome: %w", &seal.OutsideError{Path: home})
	}
	if entry.Version != "" && entry.Repo != "" {
		home = path.Join(home, entry.Name+"-"+entry.Version)
	}
	for _, part := range strings.Split(entry.Name+"/"+entry.Version, "/") {
		if part == ".." {
			return "", fmt.Errorf("helmCharts: chart %s: %w", entry.Name, &seal.OutsideError{Path: entry.Name})
		}
	}
	return home, nil
}
