package corpus

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
)

// decodeODT takes the text of an OpenDocument file: paragraphs, headings, lists,
// tables, and notes at the end. Deleted text, comments and the table of contents
// are left out.
func decodeODT(ctx context.Context, s *source) error {
	a, err := openArchive(s.data)
	if err != nil {
		return err
	}
	manifest, err := a.read("META-INF/manifest.xml")
	if err != nil {
		return err
	}
	if a.encrypted() || bytes.Contains(manifest, []byte("encryption-data")) {
		return errors.New(encrypted)
	}
	data, err := a.read("content.xml")
	switch {
	case err != nil:
		return err
	case data == nil:
		return errors.New("is damaged: the file with its text is missing")
	}
	var doc odtVisitor
	if err := walkXML(ctx, data, &doc); err != nil {
		return err
	}
	for _, note := range doc.notes {
		doc.out.addParagraph(note)
	}
	return s.add("", doc.out.bytes())
}

// odtSkipped are elements whose content is not read.
var odtSkipped = map[string]bool{
	"tracked-changes": true, "annotation": true, "table-of-content": true, "alphabetical-index": true,
	"note-citation": true,
	"forms":         true, "sequence-decls": true, "variable-decls": true, "automatic-styles": true,
	"font-face-decls": true, "styles": true,
}

type odtVisitor struct {
	out   paragraphs
	skip  int
	text  int // open paragraphs: only they hold text
	item  bool
	notes [][]byte
	saved *paragraphs // the text around the open note
}

func (v *odtVisitor) full() bool { return v.out.tooLong() }

func (v *odtVisitor) start(e xml.StartElement) {
	name := e.Name.Local
	if v.skip > 0 || odtSkipped[name] {
		v.skip++
		return
	}
	switch name {
	case "p", "h":
		prefix := ""
		if name == "h" {
			level, _ := strconv.Atoi(attribute(e, "outline-level"))
			prefix = headingPrefix(level)
		} else if v.item {
			prefix = "- "
		}
		v.item = false
		v.out.end(prefix)
		v.text++
	case "list-item":
		v.item = true
	case "s", "tab":
		if v.text > 0 {
			v.out.addWords(" ")
		}
	case "line-break":
		if v.text > 0 {
			v.out.breakLine()
		}
	case "note-body":
		if v.saved == nil {
			saved := v.out
			v.saved, v.out = &saved, paragraphs{}
		}
	case "table":
		v.out.beginTable()
	case "table-row":
		v.out.beginRow()
	case "table-cell", "covered-table-cell":
		v.out.beginCell()
	}
}

func (v *odtVisitor) end(name string) {
	if v.skip > 0 {
		v.skip--
		return
	}
	switch name {
	case "p", "h":
		v.out.end("")
		v.text = max(0, v.text-1)
	case "list-item":
		v.item = false
	case "note-body":
		if v.saved != nil {
			if note := bytes.Clone(v.out.bytes()); len(note) > 0 {
				v.notes = append(v.notes, note)
			}
			v.out, v.saved = *v.saved, nil
		}
	case "table":
		v.out.endTable()
	}
}

func (v *odtVisitor) chars(text string) {
	if v.skip == 0 && v.text > 0 {
		v.out.addWords(strings.ToValidUTF8(text, ""))
	}
}
