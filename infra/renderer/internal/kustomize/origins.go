package kustomize

import (
	"encoding/json"
	"path"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

const (
	originAnnotation          = "config.kubernetes.io/origin"
	transformationsAnnotation = "alpha.config.kubernetes.io/transformations"
)

// origin is the entry of a kustomization that something was fetched for, and the path in its repository that the root is. Without an
// entry it is the source's own repository, under another name.
type origin struct{ entry, top string }

// topOf compares where the entry leads in its repository with where that lies in the root.
func topOf(entry, inRoot string) string {
	from, _ := parseRepository(entry)
	top, _ := strings.CutSuffix(from.inside, path.Clean(inRoot))
	return top
}

// fileIn is the path of a single file in the repository that kustomize takes its URL for.
func fileIn(entry string) string {
	from, _ := parseRepository(entry)
	return from.inside
}

// withOrigins corrects the notes of where an object comes from (buildMetadata): what was fetched came from its repository and not from
// the folder that it lies in here.
func (b *kustomizing) withOrigins(object []byte) ([]byte, error) {
	if !b.mentionsFetched(string(object)) {
		return object, nil
	}
	var parsed map[string]any
	if err := json.Unmarshal(object, &parsed); err != nil {
		return nil, err
	}
	metadata, _ := parsed["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for _, name := range [2]string{originAnnotation, transformationsAnnotation} {
		if text, ok := annotations[name].(string); ok && b.mentionsFetched(text) {
			corrected, err := b.correctOrigins(text, name == transformationsAnnotation)
			if err != nil {
				return nil, err
			}
			annotations[name] = corrected
		}
	}
	return json.Marshal(parsed)
}

func (b *kustomizing) mentionsFetched(text string) bool {
	for place := range b.fetched {
		if strings.Contains(text, place) {
			return true
		}
	}
	return strings.Contains(text, b.token)
}

func (b *kustomizing) correctOrigins(text string, several bool) (string, error) {
	if several {
		var origins resource.Transformations
		if err := yaml.Unmarshal([]byte(text), &origins); err != nil {
			return "", err
		}
		for _, origin := range origins {
			b.correct(origin)
		}
		return origins.String()
	}
	var origin resource.Origin
	if err := yaml.Unmarshal([]byte(text), &origin); err != nil {
		return "", err
	}
	b.correct(&origin)
	return origin.String()
}

func (b *kustomizing) correct(noted *resource.Origin) {
	b.correctInflated(noted)
	for place, fetched := range b.fetched {
		for _, at := range [2]*string{&noted.Path, &noted.ConfiguredIn} {
			_, below, found := strings.Cut(*at, place)
			if !found {
				continue
			}
			if fetched.entry == "" {
				*at = relativeTo(b.job.Folder, strings.TrimPrefix(below, "/"))
				continue
			}
			from, ok := parseRepository(fetched.entry)
			if !ok {
				*at = shownRemote(fetched.entry)
				continue
			}
			noted.Repo, noted.Ref = from.clone, from.ref
			*at = path.Join(fetched.top, strings.TrimPrefix(below, "/"))
		}
	}
}

// correctInflated says of what a chart made what its generator would say.
func (b *kustomizing) correctInflated(noted *resource.Origin) {
	for _, at := range [2]*string{&noted.Path, &noted.ConfiguredIn} {
		by, ok := b.inflated[path.Base(*at)]
		if !ok {
			continue
		}
		*at = path.Join(path.Dir(*at), by.file)
		if by.kind == "" {
			continue
		}
		noted.Path, noted.ConfiguredIn = "", *at
		noted.ConfiguredBy = yaml.ResourceIdentifier{
			TypeMeta: yaml.TypeMeta{APIVersion: by.apiVersion, Kind: by.kind},
			NameMeta: yaml.NameMeta{Name: by.name, Namespace: by.namespace},
		}
	}
}

func relativeTo(folder, name string) string {
	relative, err := filepath.Rel("/"+folder, "/"+name)
	if err != nil {
		return name
	}
	return relative
}
