package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// matrix maps points: x' = a·x + c·y + e, y' = b·x + d·y + f.
type matrix [6]float64

var identity = matrix{1, 0, 0, 1, 0, 0}

// times returns m followed by n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// piece is text on one baseline without a wide gap. Positions are in points from the lower left corner of the upright
// page.
type piece struct {
	x0, x1, y, size float64
	text            string
	signs           []sign // nil if all of it is read from the left
}

// sign is the text of one sign of a font, or a text of which only the whole has a place.
type sign struct {
	x0, x1 float64
	text   string
}

// state is the state that the operator q saves and Q restores.
type state struct {
	ctm                     matrix
	font                    *font
	size, charSpace, spaces float64
	stretch, leading, rise  float64
}

// interpreter runs the operators of one page, and collects the text that they show.
type interpreter struct {
	d         *document
	resources types.Dict
	state     state
	saved     []state
	tm, tlm   matrix
	operands  []operand
	marks     []marked // open marked content
	skipped   int      // how many of these are left out
	actual    *actual  // text that the file gives for the open content, or nil
	pieces    []piece
	open      []byte // text of the last piece while it grows
	signs     []sign // of the last piece
	growing   bool
	pageChars int
	depth     int
}

// marked is marked content.
type marked struct {
	hidden bool // it is left out
	actual bool // the file gives its text
}

// actual is the text that the file gives for marked content, in place of its signs: a sign may stand for several
// letters, or signs may have another order than letters.
type actual struct {
	text  string
	shown bool
}

// operand is a number, a name, a text, or a list of these.
type operand struct {
	token
	list []token
}

const (
	maxOperands = 64
	maxList     = 1 << 16
	maxSaved    = 256
	maxForms    = 12
)

// readPage returns the text of a page, in the order in which the page shows it.
func (d *document) readPage(p page) ([]piece, error) {
	content, err := d.contents(p.contents)
	if err != nil && len(content) == 0 {
		return nil, err
	}
	in := &interpreter{d: d, resources: p.resources, state: state{ctm: upright(p.rotate), stretch: 1}, tm: identity,
		tlm: identity}
	if runErr := in.run(content); runErr != nil {
		err = runErr
	}
	in.finishPiece()
	return in.pieces, err
}

// upright returns the matrix that turns a page as readers see it. Where its corner lies does not matter.
func upright(rotate int) matrix {
	switch ((rotate % 360) + 360) % 360 {
	case 90:
		return matrix{0, -1, 1, 0, 0, 0}
	case 180:
		return matrix{-1, 0, 0, -1, 0, 0}
	case 270:
		return matrix{0, 1, -1, 0, 0, 0}
	}
	return identity
}

func (in *interpreter) run(content []byte) error {
	l := lexer{data: content}
	in.operands = in.operands[:0]
	for n := 0; ; n++ {
		t := l.next()
		if t.kind == end {
			return nil
		}
		if in.d.operations++; in.d.operations > maxOperations {
			return errBudget
		}
		if n%4096 == 0 && in.d.ctx.Err() != nil {
			return in.d.ctx.Err()
		}
		switch {
		case t.kind != keyword:
			in.push(operand{token: t})
		case t.is("["):
			in.push(operand{token: token{kind: keyword}, list: readList(&l)})
		case t.is("<<"), t.is(">>"), t.is("]"):
		case t.is("ID"):
			l.skipImage()
			in.operands = in.operands[:0]
		default:
			if err := in.operate(string(t.bytes)); err != nil {
				return err
			}
			in.operands = in.operands[:0]
		}
	}
}

func (in *interpreter) push(o operand) {
	if len(in.operands) == maxOperands {
		in.operands = append(in.operands[:0], in.operands[1:]...)
	}
	in.operands = append(in.operands, o)
}

// readList reads up to the closing bracket. Nested lists become one list.
func readList(l *lexer) []token {
	var list []token
	for depth := 1; ; {
		t := l.next()
		switch {
		case t.kind == end:
			return list
		case t.is("["):
			depth++
		case t.is("]"):
			if depth--; depth == 0 {
				return list
			}
		case len(list) < maxList:
			list = append(list, t)
		}
	}
}

// num returns an operand, counted from the last one.
func (in *interpreter) num(fromLast int) float64 {
	if i := len(in.operands) - 1 - fromLast; i >= 0 {
		return in.operands[i].num
	}
	return 0
}

func (in *interpreter) last() operand {
	if len(in.operands) == 0 {
		return operand{}
	}
	return in.operands[len(in.operands)-1]
}

func (in *interpreter) matrix() matrix {
	return matrix{in.num(5), in.num(4), in.num(3), in.num(2), in.num(1), in.num(0)}
}

func (in *interpreter) operate(op string) error {
	s := &in.state
	switch op {
	case "q":
		if len(in.saved) < maxSaved {
			in.saved = append(in.saved, *s)
		}
	case "Q":
		if n := len(in.saved); n > 0 {
			*s, in.saved = in.saved[n-1], in.saved[:n-1]
		}
	case "cm":
		s.ctm = in.matrix().times(s.ctm)
	case "BT":
		in.tm, in.tlm = identity, identity
	case "Tf":
		s.size = in.num(0)
		if len(in.operands) > 1 {
			s.font = in.fontNamed(string(in.operands[len(in.operands)-2].bytes))
		}
	case "Tc":
		s.charSpace = in.num(0)
	case "Tw":
		s.spaces = in.num(0)
	case "Tz":
		s.stretch = in.num(0) / 100
	case "TL":
		s.leading = in.num(0)
	case "Ts":
		s.rise = in.num(0)
	case "Td":
		in.move(in.num(1), in.num(0))
	case "TD":
		s.leading = -in.num(0)
		in.move(in.num(1), in.num(0))
	case "Tm":
		in.tlm = in.matrix()
		in.tm = in.tlm
	case "T*":
		in.move(0, -s.leading)
	case "Tj":
		return in.show(in.last().bytes)
	case "'":
		in.move(0, -s.leading)
		return in.show(in.last().bytes)
	case "\"":
		s.spaces, s.charSpace = in.num(2), in.num(1)
		in.move(0, -s.leading)
		return in.show(in.last().bytes)
	case "TJ":
		for _, t := range in.last().list {
			if t.kind == number {
				in.tm = matrix{1, 0, 0, 1, -t.num / 1000 * s.size * s.stretch, 0}.times(in.tm)
			} else if t.kind == text {
				if err := in.show(t.bytes); err != nil {
					return err
				}
			}
		}
	case "BMC", "BDC":
		in.beginMark()
	case "EMC":
		if n := len(in.marks); n > 0 {
			if in.marks[n-1].hidden {
				in.skipped--
			}
			if in.marks[n-1].actual {
				in.actual = nil
			}
			in.marks = in.marks[:n-1]
		}
	case "Do":
		return in.showForm(string(in.last().bytes))
	}
	return nil
}

// beginMark opens marked content. Artifacts, such as page numbers and running heads, are not text of the document.
func (in *interpreter) beginMark() {
	var m marked
	for _, o := range in.operands {
		if o.kind == name {
			m.hidden = string(o.bytes) == "Artifact"
			break
		}
	}
	if len(in.marks) == 1<<16 {
		return
	}
	if m.hidden {
		in.skipped++
	}
	if shown, ok := in.actualText(); ok && in.actual == nil {
		m.actual, in.actual = true, &actual{text: shown}
	}
	in.marks = append(in.marks, m)
}

// actualText returns the text that the operands of marked content give for it.
func (in *interpreter) actualText() (string, bool) {
	for i, o := range in.operands {
		if o.kind != name || i == 0 {
			continue
		}
		if string(o.bytes) == "ActualText" && i+1 < len(in.operands) && in.operands[i+1].kind == text {
			return textString(in.operands[i+1].bytes), true
		}
		if i == 1 && len(in.operands) == 2 { // the name of properties
			shown, err := in.d.resolve(in.d.dict(in.d.dict(in.resources["Properties"])[string(o.bytes)])["ActualText"])
			if err != nil {
				return "", false
			}
			switch shown := shown.(type) {
			case types.StringLiteral:
				if decoded, err := types.Unescape(shown.Value()); err == nil {
					return textString(decoded), true
				}
			case types.HexLiteral:
				if decoded, err := shown.Bytes(); err == nil {
					return textString(decoded), true
				}
			}
		}
	}
	return "", false
}

// textString decodes a text string of a PDF: UTF-16 or UTF-8 with a byte order mark, or one byte a character.
func textString(b []byte) string {
	switch {
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF:
		units := make([]uint16, 0, len(b)/2)
		for i := 2; i+1 < len(b); i += 2 {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(units))
	case len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF:
		return strings.ToValidUTF8(string(b[3:]), unknown)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

func (in *interpreter) move(x, y float64) {
	in.tlm = matrix{1, 0, 0, 1, x, y}.times(in.tlm)
	in.tm = in.tlm
}

func (in *interpreter) fontNamed(resource string) *font {
	fonts := in.d.dict(in.resources["Font"])
	o, ok := fonts[resource]
	if !ok {
		return nil
	}
	return in.d.font(o)
}

// show shows a string at the text matrix, and moves the matrix behind it.
func (in *interpreter) show(s []byte) error {
	st := &in.state
	if st.font == nil {
		st.font = in.d.readFont(nil)
	}
	st.font.decode(s, func(g glyph) {
		place := matrix{st.size * st.stretch, 0, 0, st.size, 0, st.rise}.times(in.tm).times(st.ctm)
		advance := g.width*st.size + st.charSpace
		if g.space {
			advance += st.spaces
		}
		in.tm = matrix{1, 0, 0, 1, advance * st.stretch, 0}.times(in.tm)
		if in.actual != nil {
			g.text = ""
			if !in.actual.shown {
				g.text, in.actual.shown = in.actual.text, true
			}
		}
		if in.skipped == 0 && (g.text != "" || in.actual != nil) {
			in.put(g, place)
		}
	})
	if in.d.glyphs > maxGlyphs {
		return errBudget
	}
	return nil
}

// put adds a character to the last piece, or begins another one.
func (in *interpreter) put(g glyph, place matrix) {
	in.pageChars++
	in.d.glyphs++
	if in.pageChars > maxPageGlyphs {
		return
	}
	if g.text == unknown {
		in.d.unknown++
	}
	size := math.Hypot(place[2], place[3])
	width := g.width * math.Hypot(place[0], place[1])
	switch {
	case size < 0.5 || math.IsNaN(size) || math.IsInf(size, 0):
		return
	case place[0] <= 0 || math.Abs(place[1]) > 0.3*math.Abs(place[0]):
		in.d.turned++
		return
	}
	x, y := place[4], place[5]
	g.text = visual(g.text)
	if in.growing {
		p := &in.pieces[len(in.pieces)-1]
		gap := x - p.x1
		same := math.Abs(y-p.y) < 0.02*size && math.Abs(size-p.size) < 0.05*size
		if same && gap > -0.5*size && gap < 1.2*size && !(gap < -0.25*size && rightToLeft(firstRune(g.text))) {
			if g.text == "" {
				p.x1 = x + width
				return
			}
			if gap > 0.15*size && g.text != " " && len(in.open) > 0 && in.open[len(in.open)-1] != ' ' {
				in.open = append(in.open, ' ')
			}
			in.open = append(in.open, g.text...)
			in.signs = append(in.signs, sign{x, x + width, g.text})
			p.x1 = x + width
			return
		}
	}
	if g.text == "" {
		return
	}
	in.finishPiece()
	if g.text == " " {
		return
	}
	in.pieces = append(in.pieces, piece{x0: x, x1: x + width, y: y, size: size})
	in.open, in.growing = append(in.open[:0], g.text...), true
	in.signs = append(in.signs[:0], sign{x, x + width, g.text})
}

// finishPiece gives the last piece its text.
func (in *interpreter) finishPiece() {
	if in.growing {
		last := &in.pieces[len(in.pieces)-1]
		if last.text = string(in.open); hasRightToLeft(last.text) {
			last.signs = slices.Clone(in.signs)
		}
	}
	in.open, in.growing = in.open[:0], false
}

// showForm shows a form: content that pages share.
func (in *interpreter) showForm(resource string) error {
	o, err := in.d.resolve(in.d.dict(in.resources["XObject"])[resource])
	if err != nil {
		return nil
	}
	stream, ok := o.(types.StreamDict)
	if !ok || in.d.name(stream.Dict["Subtype"]) != "Form" || in.depth >= maxForms {
		return nil
	}
	content, err := in.d.unpack(stream)
	if err != nil {
		return err
	}
	outer := *in
	in.depth++
	in.saved, in.operands, in.marks = nil, nil, nil
	if m := in.d.array(stream.Dict["Matrix"]); len(m) == 6 {
		var own matrix
		for i := range own {
			own[i], _ = in.d.number(m[i])
		}
		in.state.ctm = own.times(in.state.ctm)
	}
	if resources := in.d.dict(stream.Dict["Resources"]); resources != nil {
		in.resources = resources
	}
	err = in.run(content)
	outer.pieces, outer.open, outer.signs, outer.growing, outer.pageChars = in.pieces, in.open, in.signs, in.growing,
		in.pageChars
	*in = outer
	return err
}
