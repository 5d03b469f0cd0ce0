package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/ignore"
	"sigs.k8s.io/yaml"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

const (
	definition = "Chart.yaml"
	// nextVersion is a format that helm loads and then does not install.
	nextVersion = "v3"
)

var byteOrderMark = []byte{0xEF, 0xBB, 0xBF}

// load reads a chart: a folder as helm reads one, or an archive.
func load(view *seal.View, place protocol.Place) (*chart.Chart, error) {
	tree, err := view.Tree(place.Root)
	if err != nil {
		return nil, err
	}
	name, err := seal.Clean(place.Path)
	if err != nil {
		return nil, err
	}
	found, err := tree.Resolve(name)
	if err != nil {
		return nil, err
	}
	if found.Kind != seal.Folder {
		text, err := tree.Read(name)
		if err != nil {
			return nil, shownError(err)
		}
		return loader.LoadArchive(bytes.NewReader(text))
	}
	if err := detect(tree, path.Join(name, definition)); err != nil {
		return nil, err
	}
	files, err := chartFiles(tree, name)
	if err != nil {
		return nil, shownError(err)
	}
	return loader.LoadFiles(files)
}

// detect refuses what is no chart, or one of a version that `helm template` does not take.
func detect(tree *seal.Tree, name string) error {
	text, err := tree.Read(name)
	if err != nil {
		return fmt.Errorf("unable to detect chart at %s: %w", shownPath(name), shownError(err))
	}
	var version struct {
		APIVersion string `json:"apiVersion,omitempty"`
	}
	if err := yaml.Unmarshal(text, &version); err != nil {
		return fmt.Errorf("cannot load Chart.yaml: %w", err)
	}
	switch version.APIVersion {
	case chart.APIVersionV1, chart.APIVersionV2, "":
		return nil
	case nextVersion:
		return errors.New("invalid chart apiVersion")
	default:
		return errors.New("unsupported chart version")
	}
}

// collector gathers the files of a chart that .helmignore leaves in.
type collector struct {
	tree  *seal.Tree
	top   string
	rules *ignore.Rules
	files []*archive.BufferedFile
	size  int64
}

func chartFiles(tree *seal.Tree, top string) ([]*archive.BufferedFile, error) {
	rules := ignore.Empty()
	ignored, err := tree.Resolve(path.Join(top, ignore.HelmIgnore))
	if err != nil {
		return nil, err
	}
	if ignored.Kind == seal.File {
		text, err := tree.Read(path.Join(top, ignore.HelmIgnore))
		if err != nil {
			return nil, err
		}
		if rules, err = ignore.Parse(bytes.NewReader(text)); err != nil {
			return nil, err
		}
	}
	rules.AddDefaults()
	c := &collector{tree: tree, top: top, rules: rules}
	err = c.folder("")
	return c.files, err
}

// folder walks in lexical order and through symlinks; a folder that is ignored is not looked into.
func (c *collector) folder(name string) error {
	names, err := c.tree.List(path.Join(c.top, name))
	if err != nil {
		return err
	}
	for _, item := range names {
		if err := c.entry(path.Join(name, item)); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) entry(name string) error {
	found, err := c.tree.Resolve(path.Join(c.top, name))
	if err != nil {
		return err
	}
	if found.Kind == seal.Absent {
		return fmt.Errorf("error evaluating symlink %s: no such file or directory", shownPath(path.Join(c.top, name)))
	}
	if c.rules.Ignore(name, info{name: path.Base(name), folder: found.Kind == seal.Folder}) {
		return nil
	}
	switch found.Kind {
	case seal.Folder:
		return c.folder(name)
	case seal.File:
		return c.file(name)
	default:
		return fmt.Errorf("cannot load irregular file %s as it has file mode type bits set", shownPath(path.Join(c.top, name)))
	}
}

func (c *collector) file(name string) error {
	data, err := c.tree.Read(path.Join(c.top, name))
	if err != nil {
		return fmt.Errorf("error reading %s: %w", name, shownError(err))
	}
	if limit := archive.MaxDecompressedFileSize; int64(len(data)) > limit {
		return fmt.Errorf("chart file %q is larger than the maximum file size %d", path.Base(name), limit)
	}
	if c.size += int64(len(data)); c.size > archive.MaxDecompressedChartSize {
		return fmt.Errorf("chart is larger than the maximum size %d", archive.MaxDecompressedChartSize)
	}
	c.files = append(c.files, &archive.BufferedFile{Name: name, Data: bytes.TrimPrefix(data, byteOrderMark)})
	return nil
}

// info is what the rules of .helmignore ask about an entry.
type info struct {
	name   string
	folder bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return 0 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.folder }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir
	}
	return 0
}
