package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// entry is a version of a chart as a Helm repository's index has it.
type entry struct {
	Version string   `json:"version" yaml:"version"`
	Digest  string   `json:"digest" yaml:"digest"`
	URLs    []string `json:"urls" yaml:"urls"`
	parsed  *semver.Version
}

func indexVersions(ctx context.Context, r *origin, request *Request) (Answer, error) {
	entries, err := chartEntries(ctx, r, request)
	if err != nil {
		return Answer{}, err
	}
	versions := make([]Version, 0, len(entries))
	for _, found := range entries {
		versions = append(versions, Version{found.Version, found.Digest})
	}
	return Answer{Versions: versions}, nil
}

// chartEntries reads the index and keeps what it says of one chart, the newest version first.
func chartEntries(ctx context.Context, r *origin, request *Request) ([]entry, error) {
	r.credentialFor[originOf(r.base)] = true
	index, err := openIndex(ctx, r, request.Limits.IndexBytes)
	if err != nil {
		return nil, err
	}
	defer index.body.Close()
	entries, found, err := entriesOf(index, request.Chart)
	switch {
	case index.broken != nil:
		return nil, fmt.Errorf("failed to get index: %w", index.broken)
	case index.size > index.limit:
		return nil, invalidf("failed to get index: %s is larger than %s", indexURL(r), sizeText(index.limit))
	case errors.Is(err, errTooLarge):
		return nil, invalidf("failed to get index: %s is %d MiB and neither JSON nor YAML in block style, and such an index may have %s: publish it as helm repo index writes it, with or without --json", indexURL(r), index.size>>20, sizeText(maxWhole))
	case err != nil:
		return nil, invalidf("failed to get index: %s: it is no index of a Helm repository: %w", indexURL(r), err)
	case !found:
		return nil, invalidf("chart '%s' not found in index", request.Chart)
	}
	return sorted(entries), nil
}

func indexURL(r *origin) *url.URL {
	return r.base.JoinPath("index.yaml")
}

// indexReader counts what arrives of an index, ends one that is larger than its limit, and keeps the beginning of it for whoever has to
// begin again.
type indexReader struct {
	text        io.Reader
	body        io.Closer
	limit, size int64
	// head is all of it while it is no larger than maxWhole.
	head []byte
	// broken is what ended the transfer.
	broken error
}

func (r *indexReader) Read(into []byte) (int, error) {
	read, err := r.text.Read(into)
	r.size += int64(read)
	if r.size <= maxWhole {
		r.head = append(r.head, into[:read]...)
	} else {
		r.head = nil
	}
	if err != nil && err != io.EOF {
		r.broken = err
	}
	if r.size > r.limit {
		return 0, errTooLarge
	}
	return read, err
}

func openIndex(ctx context.Context, r *origin, limit int64) (*indexReader, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, indexURL(r).String(), nil)
	if err != nil {
		return nil, invalid(err)
	}
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := r.client().Do(request)
	if err != nil {
		return nil, fmt.Errorf("failed to get index: %s: %w", indexURL(r), unwrapped(err))
	}
	index := &indexReader{text: response.Body, body: response.Body, limit: limit}
	if response.StatusCode != http.StatusOK {
		err = statusFault(response.StatusCode, fmt.Errorf("failed to get index: %s", response.Status))
	} else if response.Header.Get("Content-Encoding") == "gzip" {
		if index.text, err = gzip.NewReader(response.Body); err != nil {
			err = fmt.Errorf("failed to get index: %w", err)
		}
	}
	if err != nil {
		response.Body.Close()
		return nil, err
	}
	return index, nil
}

// sorted leaves out what is no version, as Helm does.
func sorted(entries []entry) []entry {
	kept := make([]entry, 0, len(entries))
	for _, candidate := range entries {
		if parsed, err := semver.NewVersion(candidate.Version); err == nil {
			candidate.parsed = parsed
			kept = append(kept, candidate)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool { return kept[i].parsed.GreaterThan(kept[j].parsed) })
	return kept
}

// chosen takes the version as it is written before the newest that it stands for: `1.2` stands for all of 1.2.
func chosen(entries []entry, chart, version string) (*entry, error) {
	for i := range entries {
		if entries[i].Version == version {
			return &entries[i], nil
		}
	}
	constraint, err := semver.NewConstraint(version)
	if err != nil {
		return nil, invalidf("chart '%s': version %q is neither in the index nor a range of versions", chart, version)
	}
	for i := range entries {
		if constraint.Check(entries[i].parsed) {
			return &entries[i], nil
		}
	}
	return nil, invalidf("chart '%s': no version %s in the index", chart, version)
}

// archiveURL is where the index says that the archive is, from the repository's URL where it is relative.
func archiveURL(r *origin, chart string, found *entry) (*url.URL, error) {
	if len(found.URLs) == 0 {
		return nil, invalidf("chart '%s' version %s has no download URL in the index", chart, found.Version)
	}
	reference, err := url.Parse(found.URLs[0])
	if err != nil {
		return nil, invalidf("chart '%s' version %s has a download URL in the index that is none", chart, found.Version)
	}
	base := *r.base
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	base.RawPath = ""
	resolved := base.ResolveReference(reference)
	if resolved.RawQuery == "" && !reference.IsAbs() {
		resolved.RawQuery = r.base.RawQuery
	}
	return resolved, nil
}

func sizeText(bytes int64) string {
	if bytes%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
