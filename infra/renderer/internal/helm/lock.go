package helm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// lockedVersions are the versions that the lock file pins, by the keys of what Chart.yaml asks for. A lock that does not belong to
// these dependencies, by its digest, pins nothing.
func lockedVersions(loaded *chart.Chart) map[string]string {
	versions := map[string]string{}
	wanted, lock := loaded.Metadata.Dependencies, loaded.Lock
	if lock == nil || len(lock.Dependencies) != len(wanted) || !inSync(loaded) {
		return versions
	}
	// The lock lists the dependencies in their order.
	for at, dependency := range wanted {
		if pinned := lock.Dependencies[at]; pinned != nil && pinned.Name == dependency.Name {
			versions[dependency.Repository+"|"+dependency.Name+"|"+dependency.Version] = pinned.Version
		}
	}
	return versions
}

// inSync knows the digest of Helm 3 and 4, and for charts of the first version also that of Helm 2.
func inSync(loaded *chart.Chart) bool {
	wanted, lock := loaded.Metadata.Dependencies, loaded.Lock
	if digest([2][]*chart.Dependency{wanted, lock.Dependencies}) == lock.Digest {
		return true
	}
	return loaded.Metadata.APIVersion == chart.APIVersionV1 &&
		digest(map[string][]*chart.Dependency{"dependencies": wanted}) == lock.Digest
}

func digest(of any) string {
	text, err := json.Marshal(of)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}
