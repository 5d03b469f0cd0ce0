// Package kustomize builds kustomizations as the stock program does, out of the same library, over files that are sealed in.
package kustomize

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kustomize/v5/commands/build"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"evenkeel.dev/renderer/internal/protocol"
	"evenkeel.dev/renderer/internal/seal"
)

type job struct {
	Folder               string                    `json:"folder"`
	LoadRestrictionsNone bool                      `json:"loadRestrictionsNone"`
	EnableHelm           bool                      `json:"enableHelm"`
	HelmKubeVersion      string                    `json:"helmKubeVersion"`
	HelmAPIVersions      []string                  `json:"helmApiVersions"`
	Remotes              map[string]protocol.Place `json:"remotes"`
	Charts               map[string]protocol.Place `json:"charts"`
}

// turns keeps builds apart that set the schema: the library keeps it for the whole process. All other builds run together.
var turns sync.RWMutex

// stockOptions are the defaults of `kustomize build`, taken from that command itself.
var stockOptions = sync.OnceValue(func() krusty.Options {
	command := build.NewCmdBuild(nil, build.MakeHelp("kustomize", "build"), io.Discard)
	return *build.HonorKustomizeFlags(krusty.MakeDefaultOptions(), command.Flags())
})

// Render answers a kustomize job.
func Render(view *seal.View, raw json.RawMessage) (protocol.Answer, error) {
	var asked job
	if err := json.Unmarshal(raw, &asked); err != nil {
		return protocol.Answer{}, errors.New("renderer: the job is not understood")
	}
	folder, err := seal.Clean(asked.Folder)
	if err != nil {
		return protocol.Answer{}, err
	}
	asked.Folder = folder
	var how mode
	for {
		b, err := newBuild(view, asked, how)
		if err != nil {
			return protocol.Answer{}, err
		}
		answer, err := b.inTurn()
		if b.wants == how {
			return answer, err
		}
		how = b.wants
	}
}

// inTurn attempts a build beside others, or with the process to itself.
func (b *kustomizing) inTurn() (protocol.Answer, error) {
	if !b.mode.alone {
		turns.RLock()
		defer turns.RUnlock()
		return b.attempt()
	}
	turns.Lock()
	defer turns.Unlock()
	// The stock program starts with a fresh schema; so does this build, and so does whatever comes after it.
	openapi.ResetOpenAPI()
	defer openapi.ResetOpenAPI()
	return b.attempt()
}

// attempt builds, unless it turns out that something must be fetched first or that the build must be made in another mode.
func (b *kustomizing) attempt() (protocol.Answer, error) {
	objects, err := b.objects()
	answer := protocol.Answer{Needs: b.needs}
	if len(b.needs) > 0 {
		return answer, nil
	}
	if b.fault != nil {
		err = b.fault
	}
	if err != nil {
		return answer, errors.New(b.notInflated(b.words.shown(err.Error())))
	}
	answer.Documents = objects
	return answer, nil
}

func (b *kustomizing) objects() (objects []json.RawMessage, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = schemaFault(fault)
		}
	}()
	built, err := krusty.MakeKustomizer(b.options()).Run(b.files, b.mounts[standing{}].absolute(b.job.Folder))
	if err != nil {
		return nil, err
	}
	objects = make([]json.RawMessage, 0, built.Size())
	for _, resource := range built.Resources() {
		// The stock program prints this JSON as YAML.
		object, err := resource.MarshalJSON()
		if err == nil {
			object, err = b.withOrigins(object)
		}
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// schemaFault is the one panic of the library that is the user's fault: a schema that is none. Any other goes on.
func schemaFault(fault any) error {
	if err, ok := fault.(error); ok && strings.HasPrefix(err.Error(), "invalid schema file: ") {
		return err
	}
	panic(fault)
}

func (b *kustomizing) options() *krusty.Options {
	options := stockOptions()
	// This leaves helm disabled too, whatever is asked: kustomize would start a helm that is not sealed. Charts are inflated before.
	options.PluginConfig = types.DisabledPluginConfig()
	if b.job.LoadRestrictionsNone {
		options.LoadRestrictions = types.LoadRestrictionsNone
	}
	return &options
}
