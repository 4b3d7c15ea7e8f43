// Package pdf takes the running text out of PDF files. pdfcpu reads the structure of the file, within limits. This
// package reads the content of pages: it decodes fonts, builds words, lines and paragraphs, and leaves out lines that
// repeat at the edges of pages.
package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Errors about files that are sound but give no text.
var (
	ErrEncrypted = errors.New("the PDF needs a password")
	ErrNoText    = errors.New("the PDF holds no text, only pictures")
	ErrRepeats   = errors.New("the PDF holds only text that repeats on its pages")
	ErrNoLetters = errors.New("the fonts of the PDF do not say which letters they show")
)

// Limits of what is read.
const (
	maxObjects      = 500_000
	maxStreamBytes  = 64 << 20  // one stream in the file
	maxDecodedBytes = 16 << 20  // one stream unpacked
	maxResident     = 128 << 20 // object streams, which stay unpacked
	maxUnpacked     = 1 << 30   // all streams, one after the other
	maxPages        = 20_000
	maxTreeDepth    = 64
	maxGlyphs       = 12_000_000
	maxPageGlyphs   = 400_000
	maxOperations   = 100_000_000
)

// Text is the text of a PDF.
type Text struct {
	Paragraphs []string
	Pages      int
	Broken     []BrokenPage // pages that could not be read
	Repeated   int          // lines at the edges of pages that were left out
	Unknown    int          // characters that the file does not identify
	Turned     int          // characters that are not upright; left out
	Rows       int          // lines that look like rows of tables
}

// BrokenPage is a page that could not be read.
type BrokenPage struct {
	Number int
	Err    error
}

// document is a PDF while it is read.
type document struct {
	ctx        context.Context
	file       *model.Context
	fonts      map[types.IndirectRef]*font
	unpacked   int64
	resident   int64
	streams    map[int]bool // object streams that are unpacked
	glyphs     int
	unknown    int
	turned     int
	operations int
}

// Read takes the text of a PDF. It stops when ctx ends.
func Read(ctx context.Context, data []byte) (*Text, error) {
	return newDocument(ctx).read(data)
}

func newDocument(ctx context.Context) *document {
	return &document{ctx: ctx, fonts: make(map[types.IndirectRef]*font), streams: make(map[int]bool)}
}

func (d *document) read(data []byte) (*Text, error) {
	if err := d.open(data); err != nil {
		return nil, err
	}
	pages, err := d.pages()
	if err != nil {
		return nil, err
	}
	text := &Text{Pages: len(pages)}
	lines := make([][]line, len(pages))
	for i, p := range pages {
		if err := d.ctx.Err(); err != nil {
			return nil, err
		}
		content, err := []piece(nil), p.err
		if err == nil {
			content, err = d.readPage(p)
		}
		switch {
		case errors.Is(err, errBudget):
			return nil, err
		case err != nil:
			text.Broken = append(text.Broken, BrokenPage{Number: i + 1, Err: err})
		}
		lines[i] = linesOf(content)
	}
	text.Repeated = dropFurniture(lines)
	for _, page := range lines {
		text.Rows += rows(page)
	}
	text.Paragraphs = paragraphsOf(lines)
	text.Unknown, text.Turned = d.unknown, d.turned
	switch shown := d.glyphs; {
	case len(text.Paragraphs) == 0 && len(text.Broken) > 0:
		return nil, fmt.Errorf("page %d: %w", text.Broken[0].Number, text.Broken[0].Err)
	case len(text.Paragraphs) == 0 && text.Repeated > 0:
		return nil, ErrRepeats
	case len(text.Paragraphs) == 0:
		return nil, ErrNoText
	case d.unknown*5 > shown:
		return nil, ErrNoLetters
	}
	return text, nil
}

var errBudget = errors.New("the PDF is larger than can be read: split it")

// open reads the structure of the file. Streams are unpacked when they are used.
func (d *document) open(data []byte) error {
	// The library makes an entry for each object before it counts them.
	if bytes.Count(data, []byte(" 00000 n")) > maxObjects || bytes.Count(data, []byte(" obj")) > maxObjects {
		return fmt.Errorf("the PDF holds more than %d objects: split it", maxObjects)
	}
	// The library's default configuration writes to the user's folder of settings: this one does not.
	conf := &model.Configuration{
		Reader15:       true,
		ValidationMode: model.ValidationRelaxed,
		Offline:        true,
		Cmd:            model.EXTRACTCONTENT,
		Limits: model.ResourceLimits{
			MaxStreamBytes:       maxStreamBytes,
			MaxDecodeBytes:       maxDecodedBytes,
			MaxImagePixels:       1,
			MaxImageBytes:        1,
			MaxObjectCount:       maxObjects,
			MaxObjectStreamCount: maxObjects,
			MaxObjectStreamFirst: 1 << 20,
			MaxXRefEntries:       maxObjects,
			MaxRecursionDepth:    maxTreeDepth,
		},
	}
	file, err := pdfcpu.ReadWithContext(d.ctx, bytes.NewReader(data), conf)
	switch {
	case d.ctx.Err() != nil:
		return d.ctx.Err()
	case errors.Is(err, pdfcpu.ErrWrongPassword), err != nil && strings.Contains(err.Error(), "encryption"):
		return ErrEncrypted
	case err != nil:
		return err
	}
	if file.Encrypt == nil && directEncrypt.Match(data) {
		return ErrEncrypted // the library only decrypts if the trailer refers to the keys
	}
	d.file = file
	return nil
}

// directEncrypt matches a trailer that holds the keys itself.
var directEncrypt = regexp.MustCompile(`/Encrypt\s*<<`)

// resolve follows a reference, also one to a reference.
func (d *document) resolve(o types.Object) (types.Object, error) {
	for range 8 {
		ref, ok := o.(types.IndirectRef)
		if !ok {
			return o, nil
		}
		if err := d.countUnpacked(ref); err != nil {
			return nil, err
		}
		var err error
		if o, err = d.file.Dereference(ref); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("its references form a circle")
}

// countUnpacked counts what the library will unpack to find an object.
func (d *document) countUnpacked(ref types.IndirectRef) error {
	entry, ok := d.file.FindTableEntryForIndRef(&ref)
	if !ok || entry.ObjectStream == nil || d.streams[*entry.ObjectStream] {
		return nil
	}
	d.streams[*entry.ObjectStream] = true
	holder, ok := d.file.Find(*entry.ObjectStream)
	if !ok {
		return nil
	}
	stream, ok := holder.Object.(types.ObjectStreamDict)
	if !ok {
		return nil
	}
	content, err := d.unpack(stream.StreamDict)
	if err != nil {
		return err
	}
	if d.resident += int64(len(content)); d.resident > maxResident {
		return errBudget
	}
	return nil
}

// unpack returns the content of a stream.
func (d *document) unpack(s types.StreamDict) ([]byte, error) {
	s.Content = nil
	if err := s.DecodeWithLimit(maxDecodedBytes); err != nil {
		return nil, err
	}
	if d.unpacked += int64(len(s.Content)); d.unpacked > maxUnpacked {
		return nil, errBudget
	}
	return s.Content, nil
}

func (d *document) dict(o types.Object) types.Dict {
	o, err := d.resolve(o)
	if err != nil {
		return nil
	}
	switch o := o.(type) {
	case types.Dict:
		return o
	case types.StreamDict:
		return o.Dict
	}
	return nil
}

func (d *document) array(o types.Object) types.Array {
	o, _ = d.resolve(o)
	a, _ := o.(types.Array)
	return a
}

func (d *document) name(o types.Object) string {
	o, _ = d.resolve(o)
	n, _ := o.(types.Name)
	return string(n)
}

func (d *document) number(o types.Object) (float64, bool) {
	o, _ = d.resolve(o)
	switch n := o.(type) {
	case types.Integer:
		return float64(n), true
	case types.Float:
		return float64(n), true
	}
	return 0, false
}

// page is a page with the properties that it inherits.
type page struct {
	contents  types.Object
	resources types.Dict
	rotate    int
	err       error // why the page cannot be read
}

// pages walks the tree of pages.
func (d *document) pages() ([]page, error) {
	if d.file.Root == nil {
		return nil, errors.New("the PDF does not name its pages")
	}
	root := d.dict(*d.file.Root)
	if root == nil {
		return nil, errors.New("the PDF does not name its pages")
	}
	var pages []page
	seen := make(map[types.IndirectRef]bool)
	var walk func(o types.Object, inherited page, depth int) error
	walk = func(o types.Object, inherited page, depth int) error {
		if ref, ok := o.(types.IndirectRef); ok {
			if seen[ref] {
				return nil
			}
			seen[ref] = true
		}
		resolved, err := d.resolve(o)
		if err != nil {
			pages = append(pages, page{err: err})
			return nil
		}
		node, ok := resolved.(types.Dict)
		if !ok || depth > maxTreeDepth {
			return nil
		}
		if err := d.ctx.Err(); err != nil {
			return err
		}
		if resources := d.dict(node["Resources"]); resources != nil {
			inherited.resources = resources
		}
		if turn, ok := d.number(node["Rotate"]); ok {
			inherited.rotate = int(turn)
		}
		if kids := d.array(node["Kids"]); kids != nil && d.name(node["Type"]) != "Page" {
			for _, kid := range kids {
				if err := walk(kid, inherited, depth+1); err != nil {
					return err
				}
			}
			return nil
		}
		if len(pages) == maxPages {
			return fmt.Errorf("the PDF has more than %d pages: split it", maxPages)
		}
		inherited.contents = node["Contents"]
		pages = append(pages, inherited)
		return nil
	}
	if err := walk(root["Pages"], page{}, 0); err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, errors.New("the PDF has no pages")
	}
	return pages, nil
}

// contents returns the operators of a page.
func (d *document) contents(o types.Object) ([]byte, error) {
	o, err := d.resolve(o)
	if err != nil {
		return nil, err
	}
	switch o := o.(type) {
	case types.StreamDict:
		return d.unpack(o)
	case types.Array:
		var all []byte
		for _, part := range o {
			part, err := d.resolve(part)
			if err != nil {
				return all, err
			}
			stream, ok := part.(types.StreamDict)
			if !ok {
				continue
			}
			content, err := d.unpack(stream)
			if err != nil {
				return all, err
			}
			all = append(append(all, content...), '\n')
			if len(all) > 2*maxDecodedBytes {
				return nil, errBudget
			}
		}
		return all, nil
	}
	return nil, nil
}
