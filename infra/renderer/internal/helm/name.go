package helm

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

// namelessRelease is what `helm template` calls a release that it is given no name for, --generate-name or not.
const namelessRelease = "release-name"

// NameOf is the name of a release, from a name, from a template for one, or from neither. A template may not ask for what is outside
// of the render, as templates of charts may not.
func NameOf(name, nameTemplate string) (string, error) {
	switch {
	case name != "" && nameTemplate != "":
		return "", errors.New("cannot set --name-template and also specify a name")
	case name != "":
		return name, nil
	case nameTemplate == "":
		return namelessRelease, nil
	}
	functions := sprig.TxtFuncMap()
	for _, outside := range []string{"env", "expandenv", "getHostByName"} {
		delete(functions, outside)
	}
	maps.Copy(functions, bounded())
	parsed, err := template.New("name-template").Funcs(functions).Parse(nameTemplate)
	if err != nil {
		return "", err
	}
	var text shortText
	err = parsed.Execute(&text, nil)
	return text.String(), err
}

// shortText takes no more than any name could be.
type shortText struct{ strings.Builder }

const maxName = 1 << 10

func (t *shortText) Write(part []byte) (int, error) {
	if t.Len()+len(part) > maxName {
		return 0, fmt.Errorf("a release name is longer than %d bytes", maxName)
	}
	return t.Builder.Write(part)
}
