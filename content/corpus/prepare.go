package corpus

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/openledger/openledger/content/segment"
	"github.com/openledger/openledger/poa"
)

const (
	// maxSkipped bounds the refused segments that are listed.
	maxSkipped = 10_000
	// shownBytes is how much of a refused segment is kept to show it, in bytes.
	shownBytes = 200
)

// Prepared is the result of preparing documents.
type Prepared struct {
	File      poa.SegmentFile
	Files     []File    // what each file gave, and what was left out; by Import only
	Documents int       // documents read
	Refused   int       // segments that the rules refuse
	Skipped   []Skipped // the first of them
	Repeated  int       // segments that were in the documents before
	// Full names the first file with a document that does not fit into one contribution. The segment file then ends before
	// that document.
	Full string
}

// Taken counts the files that gave a document.
func (p Prepared) Taken() int { return p.count(File.Taken) }

// NotTaken counts the files that were read and gave none.
func (p Prepared) NotTaken() int {
	return p.count(func(f File) bool { return !f.Taken() && !f.LeftOut })
}

// LeftOut counts what was not read: hidden files and folders, and links.
func (p Prepared) LeftOut() int { return p.count(func(f File) bool { return f.LeftOut }) }

func (p Prepared) count(wanted func(File) bool) int {
	n := 0
	for _, f := range p.Files {
		if wanted(f) {
			n++
		}
	}
	return n
}

// Skipped is a segment that cannot be contributed.
type Skipped struct {
	Document string
	Text     []byte // its beginning
	Reason   error  // a *poa.SegmentError
}

// Prepare splits documents into segments, in order. Segments that the rules
// refuse are listed, not hidden; exact repetitions are kept once.
func Prepare(documents []Document, rules poa.SegmentRules) Prepared {
	p := preparer{rules: rules, seen: make(map[[sha256.Size]byte]bool)}
	for _, document := range documents {
		p.add(&File{}, document)
	}
	return p.Prepared
}

// Import reads a file, or all files below a folder, and prepares what they hold,
// one file after another, so that memory does not grow with the folder. It fails
// only when path cannot be read at all, or ctx ends.
func Import(ctx context.Context, path string, options Options, rules poa.SegmentRules) (Prepared, error) {
	p := preparer{rules: rules, seen: make(map[[sha256.Size]byte]bool), bounded: true}
	options.Code = options.Code || rules.AllowFewStopWords
	changed := newChanges(options.Changes)
	err := options.read(ctx, path, func(file *File, document Document) error {
		if p.add(file, document) {
			changed.add(document)
			return nil
		}
		if p.Full == "" {
			p.Full = file.Path
		}
		return errFull
	}, func(file File) {
		changed.report(&file)
		p.Files = append(p.Files, file)
		changed = newChanges(options.Changes)
	})
	return p.Prepared, err
}

var errFull = fmt.Errorf("does not fit: one contribution holds %d MiB and %d segments; contribute it in another one",
	poa.MaxSegmentFileBytes>>20, poa.MaxFileSegments)

// preparer collects segments.
type preparer struct {
	Prepared
	rules   poa.SegmentRules
	seen    map[[sha256.Size]byte]bool
	bounded bool
	size    int // of the segment file, in bytes
}

// add splits a document. It reports whether the document fits.
func (p *preparer) add(file *File, document Document) bool {
	if p.Full != "" {
		return false
	}
	p.Documents++
	before, file0, size0 := len(p.File.Segments), *file, p.size
	for _, segment := range segment.Split(document.Text) {
		if err := poa.CheckSegment(segment, p.rules); err != nil {
			p.Refused++
			file.Refused++
			if len(p.Skipped) < maxSkipped {
				shown := bytes.Clone(segment[:min(len(segment), shownBytes)])
				p.Skipped = append(p.Skipped, Skipped{Document: document.Name, Text: shown, Reason: err})
			}
			continue
		}
		hash := sha256.Sum256(segment)
		if p.seen[hash] {
			p.Repeated++
			file.Repeated++
			continue
		}
		size := len(segment) + 2 // a length takes up to two bytes, the header less than sixteen
		if p.bounded && (p.size+size > poa.MaxSegmentFileBytes-16 || len(p.File.Segments) == poa.MaxFileSegments) {
			for _, segment := range p.File.Segments[before:] {
				delete(p.seen, sha256.Sum256(segment))
			}
			p.File.Segments = slices.Delete(p.File.Segments, before, len(p.File.Segments))
			p.size, *file = size0, file0
			p.Documents--
			return false
		}
		p.size += size
		p.seen[hash] = true
		p.File.Segments = append(p.File.Segments, segment)
		file.Segments++
		file.Tokens += uint64(len(poa.TokenIDs(segment)))
	}
	return true
}
