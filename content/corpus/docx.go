package corpus

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"path"
	"strings"
)

// decodeWord takes the text of a Word document: paragraphs, headings, lists,
// tables, text boxes, and notes at the end. Deleted and hidden text, comments,
// page headers and footers, and the table of contents are left out.
func decodeWord(ctx context.Context, s *source) error {
	a, err := openArchive(s.data)
	if err != nil {
		return err
	}
	if a.encrypted() {
		return errors.New(encrypted)
	}
	main := a.named("word/document.xml")
	if main == nil {
		main = a.find(func(f *zip.File) bool {
			return strings.HasPrefix(f.Name, "word/document") && path.Ext(f.Name) == ".xml"
		})
	}
	if main == nil {
		return errors.New("is damaged: its text is missing")
	}
	var doc wordVisitor
	for _, f := range []*zip.File{main, a.named("word/footnotes.xml"), a.named("word/endnotes.xml")} {
		if f == nil {
			continue
		}
		data, err := a.unpack(f)
		if err != nil {
			return err
		}
		doc.skip, doc.run = 0, 0
		if err := walkXML(ctx, data, &doc); err != nil {
			return err
		}
		doc.out.end("")
	}
	return s.document("", doc.out.bytes())
}

// wordSkipped are elements of which nothing is read.
var wordSkipped = map[string]bool{
	"del": true, "moveFrom": true, "instrText": true, "delText": true, "Fallback": true, "tblPr": true, "sectPr": true,
}

type wordVisitor struct {
	out    paragraphs
	skip   int    // elements inside of one that is skipped, with itself
	run    int    // runs that are open: text stands in them only
	hidden bool   // the innermost run is hidden
	text   bool   // inside of w:t
	style  string // of the paragraph
}

func (v *wordVisitor) full() bool { return v.out.tooLong() }

func (v *wordVisitor) start(e xml.StartElement) {
	name := e.Name.Local
	if v.skip > 0 || wordSkipped[name] {
		v.skip++
		return
	}
	switch name {
	case "p":
		v.out.end("")
		v.style = ""
	case "pStyle":
		v.style = strings.ToLower(attribute(e, "val"))
		switch {
		case strings.HasPrefix(v.style, "heading"):
			v.out.prefix = headingPrefix(int(v.style[len(v.style)-1] - '0'))
		case v.style == "title":
			v.out.prefix = headingPrefix(1)
		}
	case "numPr":
		if v.out.prefix == "" {
			v.out.prefix = "- "
		}
	case "footnote", "endnote":
		// Notes with a type are the lines above the notes.
		if attribute(e, "type") != "" {
			v.skip++
		}
	case "r":
		v.run++
		v.hidden = false
	case "vanish":
		v.hidden = v.run > 0 && attribute(e, "val") != "0" && attribute(e, "val") != "false"
	case "t":
		v.text = true
	case "tab":
		if v.run > 0 {
			v.out.words(" ")
		}
	case "br", "cr":
		if v.run > 0 && attribute(e, "type") != "page" {
			v.out.lineBreak()
		}
	case "noBreakHyphen":
		v.write("-")
	case "tbl":
		v.out.beginTable()
	case "tr":
		v.out.beginRow()
	case "tc":
		v.out.beginCell()
	}
}

func (v *wordVisitor) end(name string) {
	if v.skip > 0 {
		v.skip--
		return
	}
	switch name {
	case "p":
		v.out.end("")
	case "r":
		v.run = max(0, v.run-1)
		v.hidden = false
	case "t":
		v.text = false
	case "tbl":
		v.out.endTable()
	}
}

func (v *wordVisitor) chars(text string) {
	if v.skip == 0 && v.text {
		v.write(text)
	}
}

// write adds text of the run unless it is hidden or of a table of contents.
func (v *wordVisitor) write(text string) {
	if v.hidden || strings.HasPrefix(v.style, "toc") {
		return
	}
	v.out.words(text)
}
