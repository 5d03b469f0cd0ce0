package fetch

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// jsonEntries reads value by value. Of a name that stands there twice the last counts.
func jsonEntries(text *bufio.Reader, chart string) (entries []entry, found bool, err error) {
	decoder := json.NewDecoder(text)
	one := func() error {
		var read entry
		err := decoder.Decode(&read)
		entries = append(entries, read)
		return err
	}
	err = eachField(decoder, "entries", func() error {
		return eachField(decoder, chart, func() error {
			entries, found = nil, true
			return eachItem(decoder, one)
		})
	})
	if err == nil {
		_, err = decoder.Token()
		if err == io.EOF {
			return entries, found, nil
		}
	}
	var syntax *json.SyntaxError
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF || errors.As(err, &syntax) {
		return nil, false, errLayout
	}
	return nil, false, err
}

// eachField reads an object, and leaves the values of the fields of one name to read.
func eachField(decoder *json.Decoder, name string, read func() error) error {
	return within(decoder, '{', func() error {
		field, err := decoder.Token()
		switch {
		case err != nil:
			return err
		case field == name:
			return read()
		}
		return skipValue(decoder)
	})
}

func eachItem(decoder *json.Decoder, read func() error) error {
	return within(decoder, '[', read)
}

// within reads an object or a list, null for an empty one.
func within(decoder *json.Decoder, opening json.Delim, read func() error) error {
	begin, err := decoder.Token()
	if err != nil || begin == nil {
		return err
	}
	if begin != opening {
		return fmt.Errorf("%v stands where %v is expected", begin, opening)
	}
	for decoder.More() {
		if err := read(); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}

// skipValue holds no more than one item of a list at a time.
func skipValue(decoder *json.Decoder) error {
	begin, err := decoder.Token()
	if _, nested := begin.(json.Delim); err != nil || !nested {
		return err
	}
	var value json.RawMessage
	for decoder.More() {
		if begin == json.Delim('{') {
			if _, err := decoder.Token(); err != nil {
				return err
			}
		}
		if err := decoder.Decode(&value); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}
