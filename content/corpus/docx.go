package corpus

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"path"
	"strconv"
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
	main := a.names["word/document.xml"]
	if main == nil {
		main = a.find(func(f *zip.File) bool {
			return strings.HasPrefix(f.Name, "word/document") && path.Ext(f.Name) == ".xml"
		})
	}
	if main == nil {
		return errors.New("is damaged: the file with its text is missing")
	}
	var doc wordVisitor
	for _, f := range []*zip.File{main, a.names["word/footnotes.xml"], a.names["word/endnotes.xml"]} {
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
	return s.add("", doc.out.bytes())
}

// wordSkipped are elements whose content is not read.
var wordSkipped = map[string]bool{
	"del": true, "moveFrom": true, "instrText": true, "delText": true, "Fallback": true, "tblPr": true, "sectPr": true,
}

type wordVisitor struct {
	out    paragraphs
	skip   int    // open elements from a skipped one on
	run    int    // open runs: only they hold text
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
			level, _ := strconv.Atoi(strings.TrimPrefix(v.style, "heading")) // a style without a number is of level 1
			v.out.prefix = headingPrefix(level)
		case v.style == "title":
			v.out.prefix = headingPrefix(1)
		}
	case "numPr":
		if v.out.prefix == "" {
			v.out.prefix = "- "
		}
	case "footnote", "endnote":
		// Notes with a type are the lines that separate text and notes.
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
			v.out.addWords(" ")
		}
	case "br", "cr":
		if v.run > 0 && attribute(e, "type") != "page" {
			v.out.breakLine()
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

// write adds text of the run, unless it is hidden or belongs to a table of contents.
func (v *wordVisitor) write(text string) {
	if v.hidden || strings.HasPrefix(v.style, "toc") {
		return
	}
	v.out.addWords(text)
}
