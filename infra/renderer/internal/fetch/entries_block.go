package fetch

import (
	"bufio"
	"bytes"
	"io"

	"go.yaml.in/yaml/v3"
)

// blockEntries reads line by line, as Helm and most others lay out an index: the name of each chart on a line of its own, and what is said
// of it indented deeper, or as items of a list at the same depth.
func blockEntries(text *bufio.Reader, chart string) ([]entry, bool, error) {
	reader := blockReader{chart: chart}
	for begins := true; ; {
		piece, err := text.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return nil, false, err
		}
		if fault := reader.take(piece, begins); fault != nil {
			return nil, false, fault
		}
		if err == io.EOF {
			break
		}
		begins = err == nil
	}
	return reader.end()
}

type place int

const (
	before place = iota
	inside
	after
)

// blockReader keeps the versions of one chart, and of its text only the item of the list that it is in.
type blockReader struct {
	chart string
	place place
	// depth is that of the names.
	depth int
	// odd is a line among the names that is no name alone: the chart may be on it.
	odd bool
	// own is whether the lines are about the chart.
	own, found bool
	itemDepth  int
	item       []byte
	entries    []entry
}

// take reads a line, or a further piece of a line that is long.
func (b *blockReader) take(piece []byte, begins bool) error {
	text := bytes.TrimLeft(piece, " ")
	indent, text := len(piece)-len(text), bytes.TrimRight(text, " \r\n")
	switch {
	case !begins:
		return b.keep(piece)
	case b.place == before:
		if indent == 0 && string(text) == "entries:" {
			b.place = inside
		}
		return nil
	case b.place == after:
		return nil
	case len(text) == 0 || text[0] == '#':
		return b.keep(piece)
	case indent == 0 || indent < b.depth:
		b.place = after
		return b.name(nil)
	case b.depth == 0 || indent == b.depth && text[0] != '-':
		b.depth = indent
		return b.name(text)
	case b.own && text[0] == '-' && (len(b.item) == 0 || indent == b.itemDepth):
		b.itemDepth = indent
		if err := b.flush(); err != nil {
			return err
		}
		b.item = append(b.item, piece...)
		return nil
	case b.own && len(b.item) == 0:
		return errLayout
	}
	return b.keep(piece)
}

// name begins with a chart, or ends the last one.
func (b *blockReader) name(text []byte) error {
	err := b.flush()
	name, alone := bytes.CutSuffix(text, []byte(":"))
	b.own = alone && string(bytes.Trim(name, `"'`)) == b.chart
	b.odd = b.odd || (text != nil && !alone)
	if b.own {
		b.found, b.entries = true, nil
	}
	return err
}

// keep adds to an item that has begun.
func (b *blockReader) keep(piece []byte) error {
	if len(b.item) == 0 {
		return nil
	}
	if len(b.item)+len(piece) > maxWhole {
		return errLayout
	}
	b.item = append(b.item, piece...)
	return nil
}

func (b *blockReader) flush() error {
	if len(b.item) == 0 {
		return nil
	}
	var read []entry
	if err := yaml.Unmarshal(b.item, &read); err != nil {
		return errLayout
	}
	b.entries = append(b.entries, read...)
	b.item = b.item[:0]
	return nil
}

func (b *blockReader) end() ([]entry, bool, error) {
	err := b.flush()
	if err == nil && (b.place == before || (!b.found && b.odd)) {
		err = errLayout
	}
	return b.entries, b.found, err
}
