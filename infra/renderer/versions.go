package main

import "runtime/debug"

// ready is the first line of output: which tools this program carries.
type ready struct {
	Ready     bool   `json:"ready"`
	Kustomize string `json:"kustomize"`
	Helm      string `json:"helm"`
	Jsonnet   string `json:"jsonnet"`
}

func newReady() ready {
	return ready{
		Ready:     true,
		Kustomize: moduleVersion("sigs.k8s.io/kustomize/kustomize/v5"),
		Helm:      moduleVersion("helm.sh/helm/v4"),
		Jsonnet:   moduleVersion("github.com/google/go-jsonnet"),
	}
}

// moduleVersion is the version that this program was built with; the build writes it down.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range info.Deps {
		if module.Path != path {
			continue
		}
		if module.Replace != nil {
			return module.Replace.Version
		}
		return module.Version
	}
	return ""
}
