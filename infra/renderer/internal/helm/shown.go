package helm

import (
	"errors"
	"io/fs"
)

// shownRoot is what stands for our folder in the messages of tools.
const shownRoot = "<path to cached source>"

func shownPath(name string) string {
	if name == "" {
		return shownRoot
	}
	return shownRoot + "/" + name
}

// shownError is an error of the file system as the stock tool tells it: with the whole path.
func shownError(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return &fs.PathError{Op: inner.Op, Path: shownPath(inner.Path), Err: inner.Err}
	}
	return err
}
