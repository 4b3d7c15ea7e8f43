package corpus

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// paragraphs builds text: paragraphs between blank lines, and Markdown tables. Decoders of structured formats call its
// methods in reading order.
type paragraphs struct {
	text   bytes.Buffer
	line   bytes.Buffer // the open paragraph
	prefix string       // of the next paragraph, such as "# "
	space  bool         // white space comes before the next word
	table  *openTable
	nested int // tables inside of the open one
}

// hints removes characters that say where a word may or may not be divided. Readers do not see them, and the rules
// refuse them.
var hints = strings.NewReplacer("\u00AD", "", "\u200B", "", "\u2060", "", "\uFEFF", "")

// addWords adds text. Runs of white space become one space.
func (p *paragraphs) addWords(s string) {
	s = hints.Replace(s)
	for len(s) > 0 {
		c, size := utf8.DecodeRuneInString(s)
		if unicode.IsSpace(c) {
			p.space = true
			s = s[size:]
			continue
		}
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		p.begin()
		p.line.WriteString(s[:end])
		s = s[end:]
	}
}

// addExact adds text with its white space.
func (p *paragraphs) addExact(s string) {
	if s = hints.Replace(s); s == "" {
		return
	}
	p.begin()
	p.line.WriteString(s)
}

// begin writes the prefix or the space before the next word.
func (p *paragraphs) begin() {
	if p.line.Len() == 0 {
		p.line.WriteString(p.prefix)
		p.prefix = ""
	} else if p.space && !bytes.HasSuffix(p.line.Bytes(), []byte("\n")) {
		p.line.WriteByte(' ')
	}
	p.space = false
}

// breakLine ends a line, but not the paragraph.
func (p *paragraphs) breakLine() {
	if p.line.Len() > 0 {
		p.line.WriteByte('\n')
	}
	p.space = false
}

// end ends the paragraph. The next one begins with prefix.
func (p *paragraphs) end(prefix string) {
	if paragraph := bytes.Trim(p.line.Bytes(), " \t\n"); len(paragraph) > 0 {
		out := &p.text
		if p.table != nil {
			out = &p.table.cell
		}
		if out.Len() > 0 {
			out.WriteString("\n\n")
		}
		out.Write(paragraph)
	}
	p.line.Reset()
	p.prefix, p.space = prefix, false
}

// beginTable opens a table, or flattens one that stands in a cell.
func (p *paragraphs) beginTable() {
	p.end("")
	if p.table != nil {
		p.nested++
		return
	}
	p.table = &openTable{}
}

func (p *paragraphs) beginRow() {
	p.end("")
	if p.table != nil && p.nested == 0 {
		p.table.endRow()
	}
}

func (p *paragraphs) beginCell() {
	p.end("")
	if p.table != nil && p.nested == 0 {
		p.table.endCell()
		p.table.inCell = true
	}
}

// endTable writes the table. Outside of one it does nothing.
func (p *paragraphs) endTable() {
	p.end("")
	switch {
	case p.table == nil:
		return
	case p.nested > 0:
		p.nested--
		return
	}
	p.table.endRow()
	rows := p.table.rows
	p.table = nil
	p.addParagraph(tableText(rows))
}

// addParagraph adds a finished paragraph.
func (p *paragraphs) addParagraph(text []byte) {
	if len(text) == 0 {
		return
	}
	if p.text.Len() > 0 {
		p.text.WriteString("\n\n")
	}
	p.text.Write(text)
}

// bytes closes what is open and returns the text.
func (p *paragraphs) bytes() []byte {
	p.nested = 0
	p.end("")
	if p.table != nil {
		p.endTable()
	}
	return p.text.Bytes()
}

// tooLong reports whether there is more text than a file may give.
func (p *paragraphs) tooLong() bool {
	n := p.text.Len() + p.line.Len()
	if p.table != nil {
		n += p.table.bytes + p.table.cell.Len()
	}
	return n > maxTextBytes
}

// openTable collects the cells of a table.
type openTable struct {
	rows   [][]string
	row    []string
	cell   bytes.Buffer
	inCell bool
	bytes  int
}

func (t *openTable) endCell() {
	// Text between cells goes to the cell before it, or becomes a cell.
	if t.inCell || t.cell.Len() > 0 {
		t.row = append(t.row, t.cell.String())
		t.bytes += t.cell.Len() + 16
	}
	t.cell.Reset()
	t.inCell = false
}

func (t *openTable) endRow() {
	t.endCell()
	if len(t.row) > 0 {
		t.rows = append(t.rows, t.row)
	}
	t.row = nil
}
