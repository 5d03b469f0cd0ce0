package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/Masterminds/semver/v3"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

const maxManifestBytes = 4 << 20

// repository opens a repository of the registry: an artifact's own, or the chart's below it.
func (r *origin) repository(chart string) (*remote.Repository, error) {
	name := r.base.Host + r.base.Path
	if chart != "" {
		name += "/" + chart
	}
	repository, err := remote.NewRepository(name)
	if err != nil || repository.Reference.Reference != "" {
		return nil, invalidf("%s is no name of an OCI repository: registry/name, in lower case, without tag", name)
	}
	host := repository.Reference.Host()
	repository.PlainHTTP = r.base.Scheme == "http"
	repository.MaxMetadataBytes = maxManifestBytes
	repository.Client = &auth.Client{
		Client:     r.client(),
		Cache:      auth.NewCache(),
		Credential: auth.StaticCredential(host, r.access.registryCredential()),
	}
	if r.access.ForceBasic && r.access.Credential.Kind == "basic" {
		r.credentialFor[originOf(r.base)] = true
	}
	return repository, nil
}

// registryCredential is what answers a registry's challenge. One half of a user name and password is none.
func (access *Access) registryCredential() auth.Credential {
	credential := access.Credential
	switch {
	case credential.Kind == "basic" && credential.Username != "" && credential.Password != "":
		return auth.Credential{Username: credential.Username, Password: credential.Password}
	case credential.Kind == "bearer":
		return auth.Credential{AccessToken: credential.Token}
	}
	return auth.EmptyCredential
}

func tagVersions(ctx context.Context, r *origin, request *Request) (Answer, error) {
	repository, err := r.repository(request.Chart)
	if err != nil {
		return Answer{}, err
	}
	tags, err := listTags(ctx, repository, request.Limits.Tags)
	if err != nil {
		return Answer{}, fmt.Errorf("unable to get tags: %w", unwrapped(err))
	}
	versions := make([]Version, 0, len(tags))
	for _, tag := range tags {
		versions = append(versions, Version{Version: strings.ReplaceAll(tag, "_", "+")})
	}
	return Answer{Versions: versions}, nil
}

func listTags(ctx context.Context, repository *remote.Repository, limit int) ([]string, error) {
	var tags []string
	err := repository.Tags(ctx, "", func(page []string) error {
		tags = append(tags, page...)
		if len(tags) > limit {
			return invalidf("%s has more than %d tags", repository.Reference.Repository, limit)
		}
		return nil
	})
	return tags, err
}

// tagOf spells a version as a tag, which must not contain a plus sign.
func tagOf(version string) string {
	return strings.ReplaceAll(version, "+", "_")
}

func resolveArtifact(ctx context.Context, r *origin, request *Request) (Answer, error) {
	repository, err := r.repository("")
	if err != nil {
		return Answer{}, err
	}
	descriptor, err := repository.Resolve(ctx, tagOf(request.Version))
	if err != nil {
		return Answer{}, fmt.Errorf("cannot get digest for revision %s: %w", request.Version, unwrapped(err))
	}
	return Answer{Digest: descriptor.Digest.String()}, nil
}

// chartDescriptor finds the manifest of a chart's version: by the tag of that name, or by the newest that the version stands for.
func chartDescriptor(ctx context.Context, repository *remote.Repository, request *Request) (ocispec.Descriptor, error) {
	descriptor, err := repository.Resolve(ctx, tagOf(request.Version))
	missing := errors.Is(err, errdef.ErrNotFound) || errors.Is(err, errdef.ErrInvalidReference)
	if _, exact := semver.StrictNewVersion(request.Version); err == nil || !missing || exact == nil {
		return descriptor, err
	}
	constraint, notOne := semver.NewConstraint(request.Version)
	if notOne != nil {
		return descriptor, err
	}
	tags, listErr := listTags(ctx, repository, request.Limits.Tags)
	if listErr != nil {
		return descriptor, fmt.Errorf("unable to get tags: %w", unwrapped(listErr))
	}
	best, bestTag := (*semver.Version)(nil), ""
	for _, tag := range tags {
		version, notOne := semver.NewVersion(strings.ReplaceAll(tag, "_", "+"))
		if notOne == nil && constraint.Check(version) && (best == nil || version.GreaterThan(best)) {
			best, bestTag = version, tag
		}
	}
	if best == nil {
		return descriptor, err
	}
	return repository.Resolve(ctx, bestTag)
}

// manifestOf reads a manifest and holds it against its digest.
func manifestOf(ctx context.Context, repository *remote.Repository, descriptor ocispec.Descriptor) (*ocispec.Manifest, error) {
	if descriptor.Size > maxManifestBytes {
		return nil, invalidf("the manifest %s is larger than %s", descriptor.Digest, sizeText(maxManifestBytes))
	}
	data, err := content.FetchAll(ctx, repository.Manifests(), descriptor)
	if err != nil {
		return nil, contentFault(err)
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, invalidf("the manifest %s is no JSON", descriptor.Digest)
	}
	return &manifest, nil
}

// openBlob reads a layer; verify tells, once it is read whole, whether it was what its digest says.
func openBlob(ctx context.Context, repository *remote.Repository, layer ocispec.Descriptor, limit int64) (body io.ReadCloser, verify func() error, err error) {
	if layer.Size > limit {
		return nil, nil, invalidf("the archive of %s is larger than %s", repository.Reference.Repository, sizeText(limit))
	}
	blob, err := repository.Blobs().Fetch(ctx, layer)
	if err != nil {
		return nil, nil, unwrapped(err)
	}
	reader := content.NewVerifyReader(blob, layer)
	verified := func() error { return contentFault(reader.Verify()) }
	return struct {
		io.Reader
		io.Closer
	}{reader, blob}, verified, nil
}

// contentFault marks what is not what its digest says: to ask again brings the same.
func contentFault(err error) error {
	if errors.Is(err, content.ErrMismatchedDigest) || errors.Is(err, content.ErrTrailingData) || errors.Is(err, content.ErrInvalidDescriptorSize) {
		return invalidf("the registry's answer is not what was asked for by its digest: %w", err)
	}
	return err
}
