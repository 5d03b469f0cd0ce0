package fetch

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
)

// topFolder says what becomes of the folder that a chart's archive has at its top.
type topFolder bool

const (
	stripTop topFolder = true
	keepTop  topFolder = false
)

// What tar adds to each entry, and more than it adds in all.
const tarOverhead = 64 << 20

var drive = regexp.MustCompile(`^[a-zA-Z]:/`)

// extraction writes an archive's entries below root, and through nothing that the archive itself linked.
type extraction struct {
	root    *os.Root
	limits  Limits
	top     topFolder
	folder  string
	links   map[string]bool
	entries int
	pulled  Pulled
}

// extract reads the archive to its end, so that its digest can be told.
func extract(archive io.Reader, zipped bool, top topFolder, request *Request) (*Pulled, error) {
	root, err := os.OpenRoot(request.Into)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	source := archive
	if zipped {
		if source, err = gzip.NewReader(archive); err != nil {
			return nil, archiveFault(err, archive)
		}
	}
	e := &extraction{root: root, limits: request.Limits, top: top, links: map[string]bool{}}
	unpacked := bounded(source, request.Limits.TotalBytes+tarOverhead)
	if err := e.all(tar.NewReader(unpacked)); err != nil {
		return nil, archiveFault(err, archive)
	}
	for _, rest := range []io.Reader{unpacked, archive} {
		if _, err := io.Copy(io.Discard, rest); err != nil {
			return nil, archiveFault(err, archive)
		}
	}
	if top == stripTop && e.folder == "" {
		return nil, invalidf("the archive is empty: expected 1 directory, found 0")
	}
	return &e.pulled, e.checkLinks()
}

// archiveFault tells a damaged archive from one that did not arrive whole.
func archiveFault(err error, archive io.Reader) error {
	short := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if short {
		_, notArrived := io.Copy(io.Discard, archive)
		short = notArrived == nil
	}
	if short || errors.Is(err, tar.ErrHeader) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return invalidf("its archive is damaged, or none: %w", err)
	}
	return err
}

func (e *extraction) all(archive *tar.Reader) error {
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if e.entries++; e.entries > e.limits.Files {
			return invalidf("its archive holds more than %d files and folders", e.limits.Files)
		}
		if err := e.one(header, archive); err != nil {
			return err
		}
	}
}

func (e *extraction) one(header *tar.Header, body io.Reader) error {
	name, err := e.placeOf(header)
	if err != nil || name == "." {
		return err
	}
	if err := e.makeParent(name); err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return e.root.MkdirAll(name, 0o755)
	case tar.TypeReg:
		return e.write(name, header, body)
	case tar.TypeSymlink:
		return e.link(name, header.Linkname)
	case tar.TypeLink:
		return invalidf("its archive holds a hard link, which is refused: %q", header.Name)
	}
	return invalidf("its archive holds something that is neither file, folder nor link: %q", header.Name)
}

// placeOf is where an entry goes, `.` for the folder itself. Archives made on Windows may separate with backslashes.
func (e *extraction) placeOf(header *tar.Header) (string, error) {
	name := strings.ReplaceAll(header.Name, `\`, "/")
	if path.IsAbs(name) || drive.MatchString(name) {
		return "", invalidf("its archive holds an absolute path, which is refused: %q", header.Name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." || strings.ContainsRune(part, 0) {
			return "", invalidf("its archive holds a path that leaves its folder, which is refused: %q", header.Name)
		}
	}
	name = path.Clean(name)
	if e.top == keepTop || name == "." {
		return name, nil
	}
	folder, rest, below := strings.Cut(name, "/")
	if !below && header.Typeflag != tar.TypeDir {
		return "", invalidf("chart illegally contains content outside the base directory: %q", header.Name)
	}
	if e.folder != "" && e.folder != folder {
		return "", invalidf("expected 1 directory, found %q and %q", e.folder, folder)
	}
	e.folder = folder
	return path.Clean(rest), nil
}

func (e *extraction) makeParent(name string) error {
	parent := path.Dir(name)
	for above := parent; above != "."; above = path.Dir(above) {
		if e.links[above] {
			return invalidf("its archive holds a path through a link, which is refused: %q", name)
		}
	}
	return pathFault(e.root.MkdirAll(parent, 0o755))
}

func (e *extraction) write(name string, header *tar.Header, body io.Reader) error {
	if header.Size > e.limits.FileBytes {
		return invalidf("its archive holds a file of more than %s: %q", sizeText(e.limits.FileBytes), header.Name)
	}
	if e.pulled.Bytes += header.Size; e.pulled.Bytes > e.limits.TotalBytes {
		return invalidf("its archive holds more than %s", sizeText(e.limits.TotalBytes))
	}
	if err := e.clear(name); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if header.Mode&0o111 != 0 {
		mode = 0o755
	}
	file, err := e.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return pathFault(err)
	}
	defer file.Close()
	if _, err := io.Copy(file, body); err != nil {
		return err
	}
	e.pulled.Files++
	return file.Close()
}

func (e *extraction) link(name, target string) error {
	if path.IsAbs(target) {
		return linkFault(name)
	}
	if err := e.clear(name); err != nil {
		return err
	}
	e.links[name] = true
	e.pulled.Files++
	return pathFault(e.root.Symlink(target, name))
}

// clear makes room for an entry that stands in the archive a second time: the last one counts.
func (e *extraction) clear(name string) error {
	delete(e.links, name)
	if err := e.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return pathFault(err)
	}
	return nil
}

// checkLinks follows every link. os.Root goes nowhere outside of its folder, at no step.
func (e *extraction) checkLinks() error {
	for name := range e.links {
		if _, err := e.root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return linkFault(name)
		}
	}
	return nil
}

func linkFault(name string) error {
	return invalidf("its archive holds a link that leaves its folder, which is refused: %q", name)
}

// pathFault names what the archive asked for and the disk refused, without the folder that is ours.
func pathFault(err error) error {
	var failed *fs.PathError
	if errors.As(err, &failed) {
		return invalidf("its archive holds a path that cannot be written: %q: %w", failed.Path, failed.Err)
	}
	return err
}

// boundedReader ends a reader that was promised to be shorter.
type boundedReader struct {
	reader io.Reader
	left   int64
	limit  int64
}

func bounded(reader io.Reader, limit int64) io.Reader {
	return &boundedReader{reader: reader, left: limit, limit: limit}
}

func (b *boundedReader) Read(into []byte) (int, error) {
	read, err := b.reader.Read(into)
	if b.left -= int64(read); b.left < 0 {
		return 0, invalid(fmt.Errorf("its archive is larger than %s", sizeText(b.limit)))
	}
	return read, err
}
