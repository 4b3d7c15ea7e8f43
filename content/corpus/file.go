package corpus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	// maxFileBytes bounds a file that is read, in bytes.
	maxFileBytes = 64 << 20
	// maxTextBytes bounds the text that is taken from one file, in bytes. A
	// contribution holds half of it.
	maxTextBytes = 32 << 20
	// maxParts bounds the parts that are listed for one file.
	maxParts = 1000
	// maxFileTime bounds the work on one file where no other bound ends it.
	maxFileTime = 2 * time.Minute
)

// File says what one file gave. Paths are relative to the folder that is read
// and have slashes.
type File struct {
	Path      string   `json:"path"`
	Format    Format   `json:"format,omitempty"` // by content; empty when the file is not read
	Documents int      `json:"documents"`
	Segments  int      `json:"segments"`           // taken by Import
	Tokens    uint64   `json:"tokens"`             // in these segments
	Refused   int      `json:"refused,omitempty"`  // segments that the rules refuse
	Repeated  int      `json:"repeated,omitempty"` // segments that were read before
	Reason    string   `json:"reason,omitempty"`   // why the file gave no document
	LeftOut   bool     `json:"left_out,omitempty"` // not read: hidden, or a link
	Notes     []string `json:"notes,omitempty"`    // what to know about the file
	Parts     []Part   `json:"parts,omitempty"`    // parts that gave nothing, at most maxParts
	MoreParts int      `json:"more_parts,omitempty"`

	Changed []ChangeCount `json:"changed,omitempty"` // changes that clean its text, by kind; by Import only
	Changes []Change      `json:"changes,omitempty"` // some of these, at most Options.Changes

	MoreChanges bool `json:"more_changes,omitempty"` // there are more than Changes holds
}

// Part is a part of a file that gave nothing: a line, a page, a chapter.
type Part struct {
	Place  string `json:"place"`
	Reason string `json:"reason"`
}

// Taken reports whether the file gave a document.
func (f File) Taken() bool { return f.Reason == "" }

func (f *File) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

func (f *File) leaveOut(place, format string, args ...any) {
	if len(f.Parts) == maxParts {
		f.MoreParts++
		return
	}
	f.Parts = append(f.Parts, Part{Place: place, Reason: fmt.Sprintf(format, args...)})
}

// Options say what to read.
type Options struct {
	// Hidden also reads files and folders whose names begin with a dot.
	Hidden bool
	// Code also takes the code of notebooks.
	Code bool
	// Changes bounds the changes that are kept of each file.
	Changes int
	// Progress, if not nil, is called before each file with the number of files that were read.
	Progress func(done int, path string)
}

// source is one file while it is decoded.
type source struct {
	file *File
	data []byte
	code bool
	emit func(name string, text []byte) error
	text int // bytes emitted
}

// add adds a document. name is "" for the text of the whole file.
func (s *source) add(name string, text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	if s.text += len(text); s.text > maxTextBytes {
		return errTooMuchText
	}
	full := s.file.Path
	if name != "" {
		full += "#" + name
	}
	return s.addNamed(full, text)
}

// addNamed adds a document that has a name of its own.
func (s *source) addNamed(name string, text []byte) error {
	if err := s.emit(name, text); err != nil {
		return err
	}
	s.file.Documents++
	return nil
}

var (
	errTooMuchText = fmt.Errorf("holds more than %d MiB of text: split it", maxTextBytes>>20)
	errNoText      = errors.New("holds no text")
)

// hidden reports whether a file or folder of this name is hidden.
func hidden(name string) bool { return strings.HasPrefix(name, ".") && name != "." && name != ".." }

// read reads a file, or all files below a folder in order of their paths. It
// calls emit for each document and done once for each file and for each folder
// that is left out. It fails only when path itself cannot be read, or ctx ends.
func (o Options) read(ctx context.Context, path string, emit func(*File, Document) error, done func(File)) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	count := 0
	one := func(name, shown string) {
		if o.Progress != nil {
			o.Progress(count, shown)
		}
		count++
		file := File{Path: shown}
		o.readFile(ctx, name, &file, emit)
		done(file)
	}
	if !info.IsDir() {
		one(path, filepath.Base(path))
		return ctx.Err()
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved // WalkDir does not follow a link, not even the first
	}
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		shown := shownPath(path, name)
		leaveOut := func(reason string) { done(File{Path: shown, Reason: reason, LeftOut: true}) }
		switch {
		case err != nil && name == path:
			return err
		case err != nil:
			done(File{Path: shown, Reason: "cannot be read: " + cause(err)})
			return nil
		case name == path:
			return nil
		case hidden(entry.Name()) && !o.Hidden && entry.IsDir():
			leaveOut("hidden folder")
			return fs.SkipDir
		case hidden(entry.Name()) && !o.Hidden:
			leaveOut("hidden file")
		case entry.IsDir():
		case entry.Type()&fs.ModeSymlink != 0:
			leaveOut("symbolic link: links are not followed")
		case !entry.Type().IsRegular():
			leaveOut("not a regular file")
		default:
			one(name, shown)
		}
		return nil
	})
}

// shownPath returns name relative to root, with slashes.
func shownPath(root, name string) string {
	relative, err := filepath.Rel(root, name)
	if err != nil {
		return name
	}
	return filepath.ToSlash(relative)
}

// cause returns the text of an error without its path, which the report shows anyway.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// readFile reads one file and notes in file what it gave.
func (o Options) readFile(ctx context.Context, name string, file *File, emit func(*File, Document) error) {
	data, err := load(name)
	if err == nil {
		s := &source{file: file, data: data, code: o.Code, emit: func(name string, text []byte) error {
			return emit(file, Document{Name: name, Text: text})
		}}
		err = s.decode(ctx)
		if err == nil && file.Documents == 0 {
			err = errNoText
			if len(file.Parts) > 0 {
				first := file.Parts[0]
				err = fmt.Errorf("holds no text that can be taken; %s: %s", first.Place, first.Reason)
			}
		}
	}
	switch {
	case err == nil:
	case file.Documents > 0:
		file.note("read in part: %s", err)
	default:
		file.Reason = err.Error()
	}
}

// load reads a file, unless it is too large.
func load(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, errors.New("cannot be read: " + cause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, errors.New("cannot be read: " + cause(err))
	case info.Size() > maxFileBytes:
		return nil, fmt.Errorf("is larger than %d MiB: split it", maxFileBytes>>20)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead+1)) // large enough to see the end without growing
	// The file may grow while it is read.
	if _, err = buffer.ReadFrom(io.LimitReader(file, maxFileBytes+1)); err != nil {
		return nil, errors.New("cannot be read: " + cause(err))
	}
	switch {
	case buffer.Len() > maxFileBytes:
		return nil, fmt.Errorf("is larger than %d MiB: split it", maxFileBytes>>20)
	case buffer.Len() == 0:
		return nil, errors.New("is empty")
	}
	return buffer.Bytes(), nil
}

// decode finds the format and decodes the file. It turns a panic of a decoder into an error.
func (s *source) decode(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("is damaged: its decoder failed (%v)", r)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, maxFileTime)
	defer cancel()
	decoder, err := s.detect()
	if err != nil {
		return err
	}
	if err = decoder(ctx, s); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("is damaged or too complex: it could not be read within %s", maxFileTime)
	}
	return err
}
