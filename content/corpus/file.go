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
	// maxFileTime ends the work on one file that the other bounds do not end.
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
	LeftOut   bool     `json:"left_out,omitempty"` // not looked at: hidden, a link
	Notes     []string `json:"notes,omitempty"`    // what to know about the file
	Parts     []Part   `json:"parts,omitempty"`    // parts that gave nothing, at most maxParts
	MoreParts int      `json:"more_parts,omitempty"`

	Changed []ChangeCount `json:"changed,omitempty"` // what is put right in its text, by Import only
	Changes []Change      `json:"changes,omitempty"` // words of it, at most Options.Changes

	MoreChanges bool `json:"more_changes,omitempty"` // there are more words than Changes has
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

// Options say what is read of a folder.
type Options struct {
	// Hidden also reads files and folders whose names begin with a dot.
	Hidden bool
	// Code also takes the code of notebooks.
	Code bool
	// Changes is how many words that are put right are kept of each file.
	Changes int
	// Progress is called before each file with the number of files before it.
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

// document hands over one text. name is "" for the text of the whole file.
func (s *source) document(name string, text []byte) error {
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
	return s.named(full, text)
}

// named hands over one text with a name of its own.
func (s *source) named(name string, text []byte) error {
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

// hidden reports whether a name is that of a hidden file or folder.
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
			leaveOut("no regular file")
		default:
			one(name, shown)
		}
		return nil
	})
}

// shownPath is name relative to root, with slashes.
func shownPath(root, name string) string {
	relative, err := filepath.Rel(root, name)
	if err != nil {
		return name
	}
	return filepath.ToSlash(relative)
}

// cause is an error without the path that the report shows anyway.
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

// load returns the bytes of a file of a size that can be read.
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
	buffer := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead+1)) // it does not grow to see the end
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

// decode finds the format and decodes the file. A panic in a decoder is a
// reason like any other.
func (s *source) decode(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("is damaged: its decoder gave up (%v)", r)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, maxFileTime)
	defer cancel()
	decoder, err := s.detect()
	if err != nil {
		return err
	}
	if err = decoder(ctx, s); errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("is damaged or too complex: not read within %s", maxFileTime)
	}
	return err
}
