package helm

import (
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"evenkeel.dev/renderer/internal/protocol"
)

const maxItems = 10_000_000

// bounded are the template functions that make as much as they are told to. A number with a digit too many would end this process, and
// every other render in it.
func bounded() template.FuncMap {
	until, _ := sprig.TxtFuncMap()["untilStep"].(func(start, stop, step int) []int)
	steps := func(start, stop, step int) ([]int, error) {
		if step != 0 && (stop-start)/step > maxItems {
			return nil, fmt.Errorf("more than %d items", maxItems)
		}
		return until(start, stop, step), nil
	}
	indent := func(spaces int, text string) (string, error) {
		if err := checkSize(spaces, 1+strings.Count(text, "\n")); err != nil {
			return "", err
		}
		pad := strings.Repeat(" ", spaces)
		return pad + strings.ReplaceAll(text, "\n", "\n"+pad), nil
	}
	return template.FuncMap{
		"untilStep": steps,
		"until": func(count int) ([]int, error) {
			if count < 0 {
				return steps(0, count, -1)
			}
			return steps(0, count, 1)
		},
		"repeat": func(count int, text string) (string, error) {
			if err := checkSize(count, len(text)); err != nil {
				return "", err
			}
			return strings.Repeat(text, count), nil
		},
		"indent": indent,
		"nindent": func(spaces int, text string) (string, error) {
			indented, err := indent(spaces, text)
			return "\n" + indented, err
		},
	}
}

func checkSize(count, size int) error {
	if size > 0 && count > 2*protocol.MaxOutputBytes/size {
		return fmt.Errorf("more than %d bytes", 2*protocol.MaxOutputBytes)
	}
	return nil
}
