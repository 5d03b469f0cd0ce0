package helm

import (
	"errors"
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"evenkeel.dev/renderer/internal/protocol"
)

const maxItems = 10_000_000

// bounded are the template functions that make as much as a number tells them to (repeat, indent, nindent, until, untilStep, seq and those
// that make random text). A number with a digit too many would end this process, and every other render in it would have to begin again.
// What many calls make together is bounded by the memory of the process alone.
func bounded() template.FuncMap {
	functions := sprig.TxtFuncMap()
	until, _ := functions["untilStep"].(func(start, stop, step int) []int)
	seq, _ := functions["seq"].(func(numbers ...int) string)
	steps := func(start, stop, step int) ([]int, error) {
		if err := checkItems(start, stop, step); err != nil {
			return nil, err
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
	limited := template.FuncMap{
		"untilStep": steps,
		"until": func(count int) ([]int, error) {
			if count < 0 {
				return steps(0, count, -1)
			}
			return steps(0, count, 1)
		},
		"seq": limitedSeq(seq),
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
	for _, name := range []string{"randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randBytes"} {
		limited[name] = limitedText(functions[name])
	}
	return limited
}

// limitedSeq reads the numbers as sprig's seq does, to know how many items they ask for.
func limitedSeq(seq func(numbers ...int) string) func(numbers ...int) (string, error) {
	return func(numbers ...int) (string, error) {
		start, step, end := 1, 1, 1
		switch len(numbers) {
		case 1:
			end = numbers[0]
		case 2:
			start, end = numbers[0], numbers[1]
		case 3:
			start, step, end = numbers[0], numbers[1], numbers[2]
		}
		if len(numbers) < 3 && end < start {
			step = -1
		}
		if err := checkItems(start, end, step); err != nil {
			return "", err
		}
		return seq(numbers...), nil
	}
}

// limitedText is a function that makes text of the length that it is told.
func limitedText(function any) func(count int) (string, error) {
	return func(count int) (string, error) {
		if err := checkSize(count, 1); err != nil {
			return "", err
		}
		switch text := function.(type) {
		case func(count int) (string, error):
			return text(count)
		case func(count int) string:
			return text(count), nil
		}
		return "", errors.New("a function of another shape")
	}
}

// checkItems reckons in floating point, in which nothing overflows.
func checkItems(start, stop, step int) error {
	if step != 0 && (float64(stop)-float64(start))/float64(step) > maxItems {
		return fmt.Errorf("more than %d items", maxItems)
	}
	return nil
}

func checkSize(count, size int) error {
	if size > 0 && count > 2*protocol.MaxOutputBytes/size {
		return fmt.Errorf("more than %d bytes", 2*protocol.MaxOutputBytes)
	}
	return nil
}
