package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote"
)

// Media types of Helm's charts in registries (helm.sh/docs/topics/registries).
const (
	chartConfig = "application/vnd.cncf.helm.config.v1+json"
	chartLayer  = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// What an artifact may be made of, unless it is a chart.
var allowedLayers = []string{ocispec.MediaTypeImageLayer, ocispec.MediaTypeImageLayerGzip, chartLayer}

const maxLayers = 10

func pullFromIndex(ctx context.Context, r *origin, request *Request) (Answer, error) {
	entries, err := chartEntries(ctx, r, request)
	if err != nil {
		return Answer{}, err
	}
	found, err := chosen(entries, request.Chart, request.Version)
	if err != nil {
		return Answer{}, err
	}
	location, err := archiveURL(r, request.Chart, found)
	if err != nil {
		return Answer{}, err
	}
	if location.Scheme == "oci" {
		return pullElsewhere(ctx, r, request, location, found.Version)
	}
	if r.access.PassCredentials {
		r.credentialFor[originOf(location)] = true
	}
	pulled, err := download(ctx, r, request, location, found)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Pulled: pulled}, checkChart(request.Into, request.Chart, found.Version)
}

func download(ctx context.Context, r *origin, request *Request, location *url.URL, found *entry) (*Pulled, error) {
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, location.String(), nil)
	if err != nil {
		return nil, invalidf("chart '%s' version %s has a download URL in the index that is none", request.Chart, found.Version)
	}
	response, err := r.client().Do(asked)
	if err != nil {
		return nil, fmt.Errorf("failed to fetch %s : %w", location.Redacted(), unwrapped(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, statusFault(response.StatusCode, fmt.Errorf("failed to fetch %s : %s", location.Redacted(), response.Status))
	}
	sum := sha256.New()
	pulled, err := extract(io.TeeReader(bounded(response.Body, request.Limits.ArchiveBytes), sum), true, stripTop, request)
	if err != nil {
		return nil, fmt.Errorf("chart '%s' version %s: %w", request.Chart, found.Version, err)
	}
	pulled.Digest = digestText(sum)
	if wanted := strings.TrimPrefix(found.Digest, "sha256:"); wanted != "" && !strings.EqualFold("sha256:"+wanted, pulled.Digest) {
		return nil, invalidf("chart '%s' version %s: the digest of its archive is %s, in the index it is sha256:%s", request.Chart, found.Version, pulled.Digest, wanted)
	}
	return pulled, nil
}

func digestText(sum hash.Hash) string {
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

// pullElsewhere follows an index that names a registry. Its credential goes along to the same host only, unless it is to be passed.
func pullElsewhere(ctx context.Context, r *origin, request *Request, location *url.URL, version string) (Answer, error) {
	path, tag, _ := strings.Cut(location.Path, ":")
	there := *request
	there.Kind, there.Chart, there.Version = "chart", lastSegment(path), tag
	if tag == "" {
		there.Version = version
	}
	there.Access.URL = "oci://" + location.Host + path[:max(strings.LastIndex(path, "/"), 0)]
	if !strings.EqualFold(location.Hostname(), r.base.Hostname()) {
		there.Access.CA, there.Access.ClientCertificate, there.Access.Insecure, there.Access.PlainHTTP = "", nil, false, false
	}
	if originOf(&url.URL{Scheme: "https", Host: location.Host}) != originOf(r.base) && !r.access.PassCredentials {
		there.Access.Credential = Credential{Kind: "none"}
	}
	opened, err := openOrigin(&there)
	if err != nil {
		return Answer{}, err
	}
	return pullChart(ctx, opened, &there)
}

func pullChart(ctx context.Context, r *origin, request *Request) (Answer, error) {
	repository, err := r.repository(request.Chart)
	if err != nil {
		return Answer{}, err
	}
	descriptor, err := chartDescriptor(ctx, repository, request)
	if err != nil {
		return Answer{}, fmt.Errorf("chart '%s' version %s: %w", request.Chart, request.Version, unwrapped(err))
	}
	manifest, err := manifestOf(ctx, repository, descriptor)
	if err != nil {
		return Answer{}, err
	}
	layer := slices.IndexFunc(manifest.Layers, func(layer ocispec.Descriptor) bool { return layer.MediaType == chartLayer })
	if layer < 0 || manifest.Config.MediaType != chartConfig {
		return Answer{}, invalidf("chart '%s' version %s: manifest does not contain a layer with mediatype %s and a config with mediatype %s", request.Chart, request.Version, chartLayer, chartConfig)
	}
	pulled, err := pullLayer(ctx, repository, manifest.Layers[layer], stripTop, request)
	if err != nil {
		return Answer{}, err
	}
	pulled.Digest = descriptor.Digest.String()
	return Answer{Pulled: pulled}, checkChart(request.Into, request.Chart, request.Version)
}

func pullArtifact(ctx context.Context, r *origin, request *Request) (Answer, error) {
	repository, err := r.repository("")
	if err != nil {
		return Answer{}, err
	}
	descriptor, err := repository.Resolve(ctx, request.Version)
	if err != nil {
		return Answer{}, fmt.Errorf("cannot get digest for revision %s: %w", request.Version, unwrapped(err))
	}
	manifest, err := manifestOf(ctx, repository, descriptor)
	if err != nil {
		return Answer{}, err
	}
	layer, err := contentLayer(manifest)
	if err != nil {
		return Answer{}, err
	}
	top := keepTop
	if manifest.Config.MediaType == chartConfig {
		top = stripTop
	}
	pulled, err := pullLayer(ctx, repository, layer, top, request)
	if err != nil {
		return Answer{}, err
	}
	pulled.Digest = descriptor.Digest.String()
	return Answer{Pulled: pulled}, nil
}

// contentLayer is the one layer that holds files; signatures and provenance beside it do not count.
func contentLayer(manifest *ocispec.Manifest) (layer ocispec.Descriptor, err error) {
	if len(manifest.Layers) > maxLayers {
		return layer, invalidf("expected no more than %d oci layers, got %d", maxLayers, len(manifest.Layers))
	}
	count := 0
	for _, candidate := range manifest.Layers {
		if !isContent(candidate.MediaType) || (manifest.Config.MediaType == chartConfig && candidate.MediaType != chartLayer) {
			continue
		}
		if !slices.Contains(allowedLayers, candidate.MediaType) {
			return layer, invalidf("oci layer media type %s is not in the list of allowed media types", candidate.MediaType)
		}
		layer = candidate
		count++
	}
	if count != 1 {
		return layer, invalidf("expected only a single oci content layer, got %d", count)
	}
	return layer, nil
}

func isContent(mediaType string) bool {
	return strings.HasSuffix(mediaType, "tar") || isGzip(mediaType)
}

func isGzip(mediaType string) bool {
	return strings.HasSuffix(mediaType, "tar+gzip") || strings.HasSuffix(mediaType, "tar.gzip")
}

func pullLayer(ctx context.Context, repository *remote.Repository, layer ocispec.Descriptor, top topFolder, request *Request) (*Pulled, error) {
	body, verify, err := openBlob(ctx, repository, layer, request.Limits.ArchiveBytes)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	pulled, err := extract(body, isGzip(layer.MediaType), top, request)
	if err == nil {
		err = verify()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", repository.Reference.Repository, err)
	}
	return pulled, nil
}
