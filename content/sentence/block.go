package sentence

import (
	"bytes"
	"unicode/utf8"
)

// Kind says what a block is.
type Kind uint8

const (
	// Prose is cut into sentences.
	Prose Kind = iota
	// Heading names what follows it. It is not cut.
	Heading
	// Item of a list, with its mark and the lines that continue it. It is cut into sentences.
	Item
	// Code is not cut. It is between fences, or indented after a blank line.
	Code
	// Table is not cut. Its rows have bars or tabs.
	Table
)

// Block is a part of a text. A sentence is always inside of one block.
type Block struct {
	Span
	Kind Kind
	// Apart says that a blank line, or nothing, is before the block.
	Apart bool
	// Head is the end of a table's header and the row of dashes below it, 0 if it has none.
	Head int
}

// Sentences returns the sentences of a block. A heading, code or a table counts as one.
func (b Block) Sentences(text []byte) []Span {
	if b.Kind != Prose && b.Kind != Item {
		return []Span{b.Span}
	}
	out := Sentences(text[b.Start:b.End])
	for i := range out {
		out[i].Start += b.Start
		out[i].End += b.Start
	}
	return out
}

// Blocks returns the blocks of a text in order. Only white space is between them. Code keeps the indentation of its
// first line.
func Blocks(text []byte) []Block {
	r := reader{text: text, blank: true, current: -1}
	for r.at < len(text) {
		line := r.line(r.at)
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			r.blank, r.current = true, -1
			r.at += len(line) + 1
		case r.readFence(line), r.readIndented(line), r.readTable(line), r.readHeading(line):
		default:
			r.readProse(line)
		}
	}
	return r.blocks
}

// reader reads blocks line by line. Its methods for kinds of blocks report whether one begins at the line.
type reader struct {
	text    []byte
	at      int
	blocks  []Block
	blank   bool // a blank line, or nothing, is before
	current int  // the block that the next line may continue, or -1
	flush   bool // there was a line without indentation
	// unclosed is the least length of a fence that no later line closes, by its character; 0 if there is none.
	unclosed [2]int
}

// line returns the line that starts at i, without its end.
func (r *reader) line(i int) []byte {
	if end := bytes.IndexByte(r.text[i:], '\n'); end >= 0 {
		return r.text[i : i+end]
	}
	return r.text[i:]
}

// add appends a block that ends before byte end, without the white space at its end.
func (r *reader) add(kind Kind, start, end int) {
	b := Block{Span: trim(r.text, Span{start, end}), Kind: kind, Apart: r.blank}
	if kind == Code {
		b.Start = start
	}
	r.blocks = append(r.blocks, b)
	r.blank, r.current = false, -1
	r.at = end + 1
}

// readFence reads code between lines of at least three backticks or tildes. If no line closes it, it ends with its
// paragraph.
func (r *reader) readFence(line []byte) bool {
	mark, length, rest := fenceOf(line)
	if length == 0 || mark == '`' && bytes.IndexByte(rest, '`') >= 0 {
		return false
	}
	kind := 0
	if mark == '~' {
		kind = 1
	}
	end := r.at + len(line)
	paragraph := -1 // where the paragraph ends
	closed := false
	if least := r.unclosed[kind]; least == 0 || length < least {
		for i := end + 1; i < len(r.text); {
			next := r.line(i)
			if len(bytes.TrimSpace(next)) == 0 && paragraph < 0 {
				paragraph = i - 1
			}
			if m, n, rest := fenceOf(next); m == mark && n >= length && len(bytes.TrimSpace(rest)) == 0 {
				end, closed = i+len(next), true
				break
			}
			i += len(next) + 1
		}
		if !closed {
			r.unclosed[kind] = length
		}
	}
	if !closed {
		if end = paragraph; end < 0 {
			end = r.paragraphEnd(r.at)
		}
	}
	r.flush = true
	r.add(Code, r.at, end)
	return true
}

// fenceOf returns the character and length of the fence at the beginning of a line, and the rest of the line. The
// length is 0 if there is none.
func fenceOf(line []byte) (mark byte, length int, rest []byte) {
	line = bytes.TrimLeft(line, " \t")
	if len(line) < 3 || line[0] != '`' && line[0] != '~' {
		return 0, 0, nil
	}
	for length < len(line) && line[length] == line[0] {
		length++
	}
	if length < 3 {
		return 0, 0, nil
	}
	return line[0], length, line[length:]
}

// paragraphEnd returns the end of the paragraph that the line at i belongs to.
func (r *reader) paragraphEnd(i int) int {
	for {
		i += len(r.line(i))
		if i >= len(r.text) || len(bytes.TrimSpace(r.line(i+1))) == 0 {
			return i
		}
		i++
	}
}

// readIndented reads code that is indented by a tab or four spaces, after a blank line. There must be text without
// indentation before it. After an item such lines are not code: they continue the list.
func (r *reader) readIndented(line []byte) bool {
	if !deep(line) {
		r.flush = true
		return false
	}
	if !r.blank || !r.flush || len(r.blocks) > 0 && r.blocks[len(r.blocks)-1].Kind == Item {
		return false
	}
	end := r.at
	for i := r.at; i < len(r.text); {
		paragraph := r.paragraphEnd(i)
		for at := i; at < paragraph; at += len(r.line(at)) + 1 {
			if !deep(r.line(at)) {
				paragraph = -1
				break
			}
		}
		if paragraph < 0 {
			break
		}
		end = paragraph
		for i = paragraph + 1; i < len(r.text) && len(bytes.TrimSpace(r.line(i))) == 0; {
			i += len(r.line(i)) + 1
		}
		if i < len(r.text) && !deep(r.line(i)) {
			break
		}
	}
	if end == r.at {
		return false
	}
	r.add(Code, r.at, end)
	return true
}

func deep(line []byte) bool {
	return bytes.HasPrefix(line, []byte("\t")) || bytes.HasPrefix(line, []byte("    "))
}

// readTable reads a table. Its first row begins with a bar, or a row of dashes and bars follows it, or it and the next
// line have tabs.
func (r *reader) readTable(line []byte) bool {
	rest := bytes.TrimLeft(line, " \t")
	following := []byte(nil)
	if next := r.at + len(line) + 1; next < len(r.text) {
		following = r.line(next)
	}
	sep := byte('|')
	switch {
	case bytes.IndexByte(rest, '|') >= 0 && (rest[0] == '|' && bytes.IndexByte(rest[1:], '|') >= 0 || rule(following)):
	case inTab(line) && inTab(following):
		sep = '\t'
	default:
		return false
	}
	end, head := r.at+len(line), 0
	if sep == '|' && rule(following) {
		end += 1 + len(following)
		head = end
	}
	for end+1 < len(r.text) {
		next := r.line(end + 1)
		if len(bytes.TrimSpace(next)) == 0 || sep == '\t' && !inTab(next) || sep == '|' && bytes.IndexByte(next, '|') < 0 {
			break
		}
		after := end + 1 + len(next)
		if sep == '|' && head == 0 && after < len(r.text) && rule(r.line(after+1)) {
			break // the header of another table
		}
		end = after
	}
	r.add(Table, r.at, end)
	r.blocks[len(r.blocks)-1].Head = head
	return true
}

func inTab(line []byte) bool { return bytes.IndexByte(bytes.TrimSpace(line), '\t') > 0 }

// rule reports whether a line is the one between the header of a table and its rows: |---|:--:|.
func rule(line []byte) bool {
	line = bytes.TrimSpace(line)
	if bytes.IndexByte(line, '|') < 0 || bytes.IndexByte(line, '-') < 0 {
		return false
	}
	line = bytes.TrimSuffix(bytes.TrimPrefix(line, []byte("|")), []byte("|"))
	for cell := range bytes.SplitSeq(line, []byte("|")) {
		cell = bytes.TrimSpace(cell)
		cell = bytes.TrimSuffix(bytes.TrimPrefix(cell, []byte(":")), []byte(":"))
		if len(cell) == 0 || len(bytes.Trim(cell, "-")) > 0 {
			return false
		}
	}
	return true
}

// readHeading reads a line that begins with # signs, or that is underlined with = signs.
func (r *reader) readHeading(line []byte) bool {
	rest := bytes.TrimLeft(line, " ")
	level := len(rest) - len(bytes.TrimLeft(rest, "#"))
	if level >= 1 && level <= 6 && (len(rest) == level || rest[level] == ' ' || rest[level] == '\t') {
		r.add(Heading, r.at, r.at+len(line))
		return true
	}
	if next := r.at + len(line) + 1; r.current < 0 && next < len(r.text) {
		under := bytes.TrimSpace(r.line(next))
		if len(under) >= 3 && len(bytes.Trim(under, "=")) == 0 {
			r.add(Heading, r.at, next+len(r.line(next)))
			return true
		}
	}
	return false
}

// readProse begins a paragraph or an item, or continues it.
func (r *reader) readProse(line []byte) {
	end := r.at + len(line)
	item, strong := marker(line)
	listed := r.current >= 0 && r.blocks[r.current].Kind == Item
	if item && (strong || r.current < 0 || listed) {
		r.add(Item, r.at, end)
		r.current = len(r.blocks) - 1
		return
	}
	if r.current >= 0 {
		r.blocks[r.current].End = trim(r.text, Span{r.blocks[r.current].Start, end}).End
		r.at = end + 1
		return
	}
	r.add(Prose, r.at, end)
	r.current = len(r.blocks) - 1
}

// marker reports whether a line begins with the mark of a list's item. strong says that this is so even inside of a
// paragraph, where most numbers at the start of a line are part of the text.
func marker(line []byte) (item, strong bool) {
	line = bytes.TrimLeft(line, " \t")
	r, size := utf8.DecodeRune(line)
	rest := line[size:]
	switch r {
	case '-', '*', '+', '•', '‣', '◦':
		return len(rest) > 1 && (rest[0] == ' ' || rest[0] == '\t'), true
	case '●', '○', '■', '□', '◆', '◇', '▪', '・':
		return len(rest) > 0, true
	}
	if r >= '①' && r <= '⑳' {
		return len(rest) > 0, true
	}
	n := 0
	for n < len(line) && n < 4 && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	if n == 0 || n > 3 || n+1 >= len(line) || line[n] != '.' && line[n] != ')' || line[n+1] != ' ' && line[n+1] != '\t' {
		return false, false
	}
	return true, string(line[:n]) == "1"
}
