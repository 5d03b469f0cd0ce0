package helm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	chart "helm.sh/helm/v4/pkg/chart/v2"

	"evenkeel.dev/renderer/internal/seal"
)

const schemaURL = "file:///values.schema.json"

// schemaFaults checks the values of a chart and of its dependencies, and tells what is wrong in helm's words; empty when nothing is.
func schemaFaults(loaded *chart.Chart, values map[string]any) string {
	var faults strings.Builder
	if loaded.Schema != nil {
		if err := checkSchema(loaded.Schema, values); err != nil {
			fmt.Fprintf(&faults, "%s:\n%s", loaded.Name(), err)
		}
	}
	for _, dependency := range loaded.Dependencies() {
		given, ok := values[dependency.Name()]
		if !ok || given == nil {
			continue
		}
		table, ok := given.(map[string]any)
		if !ok {
			fmt.Fprintf(&faults, "%s:\ninvalid type for values: expected object (map), got %T\n", dependency.Name(), given)
			continue
		}
		faults.WriteString(schemaFaults(dependency, table))
	}
	return faults.String()
}

func checkSchema(schema []byte, values map[string]any) (err error) {
	// The library panics on schemas that it did not foresee.
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("unable to validate schema: %s", fault)
		}
	}()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(sealedLoader{})
	if err := compiler.AddResource(schemaURL, parsed); err != nil {
		return err
	}
	validator, err := compiler.Compile(schemaURL)
	if err != nil {
		return err
	}
	if err := validator.Validate(values); err != nil {
		withoutValues(err)
		prefix := "jsonschema validation failed with '" + schemaURL + "#'\n"
		return fmt.Errorf("%s\n", strings.TrimPrefix(err.Error(), prefix))
	}
	return nil
}

// withoutValues takes from an error the texts that did not fit: a value may be secret, and where it stands is told anyway.
func withoutValues(err error) {
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return
	}
	switch fault := failed.ErrorKind.(type) {
	case *kind.Pattern:
		fault.Got = hidden
	case *kind.Format:
		fault.Got, fault.Err = hidden, errors.New(hidden)
	}
	for _, cause := range failed.Causes {
		withoutValues(cause)
	}
}

// sealedLoader finds no schema but the one at hand. Like helm it lets any value pass where a schema refers to an unknown name.
type sealedLoader struct{}

// Load implements jsonschema.URLLoader.
func (sealedLoader) Load(url string) (any, error) {
	if strings.HasPrefix(url, "urn:") {
		return true, nil
	}
	return nil, fmt.Errorf("values.schema.json refers to %s: %w", url, seal.ErrNetwork)
}
