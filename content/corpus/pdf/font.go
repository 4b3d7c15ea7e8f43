package pdf

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	corefont "github.com/pdfcpu/pdfcpu/pkg/font"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// unknown stands for a character that the file does not identify.
const unknown = string(utf8.RuneError)

// font decodes the codes of a string into text and widths.
type font struct {
	codes    *charMap        // nil without a ToUnicode map
	encoding [256]string     // of simple fonts
	wide     bool            // codes of two bytes
	utf16    bool            // codes are UTF-16
	widths   map[int]float64 // thousandths of the size, by code
	width    float64         // of all other codes
	core     string          // standard font whose widths are known
}

// glyph is one character that a string shows.
type glyph struct {
	text  string
	width float64 // of the size
	space bool    // word spacing applies
}

// font returns the font of a resource.
func (d *document) font(o types.Object) *font {
	ref, shared := o.(types.IndirectRef)
	if shared {
		if f := d.fonts[ref]; f != nil {
			return f
		}
	}
	f := d.readFont(d.dict(o))
	if shared && len(d.fonts) < 10_000 {
		d.fonts[ref] = f
	}
	return f
}

func (d *document) readFont(dict types.Dict) *font {
	f := &font{widths: make(map[int]float64), width: 500}
	if dict == nil {
		f.encoding = standardEncoding
		return f
	}
	if stream, ok := d.stream(dict["ToUnicode"]); ok {
		f.codes = parseCharMap(stream)
	}
	if d.name(dict["Subtype"]) == "Type0" {
		d.readComposite(f, dict)
		return f
	}
	d.readSimple(f, dict)
	return f
}

// stream returns the content of a stream, and whether it could be unpacked.
func (d *document) stream(o types.Object) ([]byte, bool) {
	o, err := d.resolve(o)
	if err != nil {
		return nil, false
	}
	s, ok := o.(types.StreamDict)
	if !ok {
		return nil, false
	}
	content, err := d.unpack(s)
	return content, err == nil
}

// readComposite reads a font of type 0, which may have many thousand characters.
func (d *document) readComposite(f *font, dict types.Dict) {
	f.wide = f.codes == nil || f.codes.two || !f.codes.one
	encoding := d.name(dict["Encoding"])
	if strings.Contains(encoding, "UTF16") || strings.Contains(encoding, "UCS2") {
		f.utf16, f.wide = true, true
	}
	f.width = 1000
	descendants := d.array(dict["DescendantFonts"])
	if len(descendants) == 0 {
		return
	}
	cid := d.dict(descendants[0])
	if w, ok := d.number(cid["DW"]); ok {
		f.width = w
	}
	// W is a list of: first [w w w …], or first last w.
	list := d.array(cid["W"])
	for i := 0; i+1 < len(list) && len(f.widths) < maxMappings; {
		first, ok := d.number(list[i])
		if !ok {
			return
		}
		if each := d.array(list[i+1]); each != nil {
			for n, w := range each {
				if w, ok := d.number(w); ok {
					f.widths[int(first)+n] = w
				}
			}
			i += 2
			continue
		}
		if i+2 >= len(list) {
			return
		}
		last, _ := d.number(list[i+1])
		w, _ := d.number(list[i+2])
		for code := int(first); code <= int(last) && code-int(first) < 1<<16 && len(f.widths) < maxMappings; code++ {
			f.widths[code] = w
		}
		i += 3
	}
}

// readSimple reads a font of up to 256 characters.
func (d *document) readSimple(f *font, dict types.Dict) {
	base := d.name(dict["BaseFont"])
	if i := strings.IndexByte(base, '+'); i == 6 {
		base = base[7:]
	}
	descriptor := d.dict(dict["FontDescriptor"])
	f.encoding = d.baseEncoding(base, dict, descriptor)
	if w, ok := d.number(descriptor["MissingWidth"]); ok && w > 0 {
		f.width = w
	}
	first, _ := d.number(dict["FirstChar"])
	scale := 1.0
	if matrix := d.array(dict["FontMatrix"]); d.name(dict["Subtype"]) == "Type3" && len(matrix) == 6 {
		if a, ok := d.number(matrix[0]); ok {
			scale = a * 1000
		}
	}
	for i, w := range d.array(dict["Widths"]) {
		if w, ok := d.number(w); ok && i < 256 {
			f.widths[int(first)+i] = w * scale
		}
	}
	if len(f.widths) == 0 {
		f.core = coreName(base)
	}
}

// coreName returns the standard font of a name, or "".
func coreName(base string) string {
	base = strings.NewReplacer(",", "-", "Arial", "Helvetica", "CourierNew", "Courier", "TimesNewRoman", "Times", "PSMT",
		"", "MT", "").Replace(base)
	if base == "Times" {
		base = "Times-Roman"
	}
	if corefont.IsCoreFont(base) {
		return base
	}
	return ""
}

// baseEncoding returns the text of each code of a font without a ToUnicode map.
func (d *document) baseEncoding(base string, dict, descriptor types.Dict) [256]string {
	encoding := standardEncoding
	switch {
	case strings.HasPrefix(base, "Symbol"):
		encoding = symbolEncoding
	case strings.HasPrefix(base, "ZapfDingbats"):
		encoding = [256]string{' ': " "}
	case d.name(dict["Subtype"]) == "TrueType":
		encoding = winEncoding
	default:
		if program, ok := d.stream(descriptor["FontFile"]); ok {
			readBuiltIn(&encoding, program)
		}
	}
	o, err := d.resolve(dict["Encoding"])
	if err != nil {
		return encoding
	}
	switch o := o.(type) {
	case types.Name:
		setNamed(&encoding, string(o))
	case types.Dict:
		setNamed(&encoding, d.name(o["BaseEncoding"]))
		code := 0
		for _, entry := range d.array(o["Differences"]) {
			entry, _ = d.resolve(entry)
			switch entry := entry.(type) {
			case types.Integer:
				code = int(entry)
			case types.Name:
				if code >= 0 && code < 256 {
					encoding[code] = glyphText(string(entry))
				}
				code++
			}
		}
	}
	return encoding
}

// setNamed replaces an encoding by the standard one of a name, if there is one.
func setNamed(encoding *[256]string, name string) {
	switch name {
	case "WinAnsiEncoding":
		*encoding = winEncoding
	case "MacRomanEncoding":
		*encoding = macEncoding
	case "StandardEncoding":
		*encoding = standardEncoding
	}
}

// readBuiltIn reads the encoding in the program of a Type 1 font, which has lines such as: dup 65 /A put.
func readBuiltIn(encoding *[256]string, program []byte) {
	start := bytes.Index(program, []byte("/Encoding"))
	if start < 0 {
		return
	}
	program = program[start+len("/Encoding"):]
	if stop := bytes.Index(program, []byte("eexec")); stop >= 0 {
		program = program[:stop]
	}
	l := lexer{data: program}
	if first := l.next(); first.is("StandardEncoding") {
		return
	}
	*encoding = [256]string{}
	for t := l.next(); t.kind != end && !t.is("def"); t = l.next() {
		if !t.is("dup") {
			continue
		}
		code, glyph := l.next(), l.next()
		if code.kind == number && glyph.kind == name && code.num >= 0 && code.num < 256 {
			encoding[int(code.num)] = glyphText(string(glyph.bytes))
		}
	}
}

// decode calls visit for each character of a string.
func (f *font) decode(s []byte, visit func(glyph)) {
	for len(s) > 0 {
		code, size := int(s[0]), 1
		if f.wide && len(s) > 1 {
			code, size = code<<8|int(s[1]), 2
		}
		g := glyph{width: f.width, space: size == 1 && code == ' '}
		if w, ok := f.widths[code]; ok {
			g.width = w
		}
		switch {
		case f.codes != nil && f.codes.chars[uint32(code)] != "":
			g.text = f.codes.chars[uint32(code)]
		case f.utf16:
			c := rune(code)
			if utf16.IsSurrogate(c) && len(s) >= 4 {
				c, size = utf16.DecodeRune(c, rune(s[2])<<8|rune(s[3])), 4
			}
			g.text = string(c)
		case f.wide:
			g.text = unknown
		default:
			if g.text = f.encoding[code]; g.text == "" {
				g.text = unknown
				if code < ' ' {
					g.text = ""
				}
			}
		}
		if f.core != "" {
			if c, _ := utf8.DecodeRuneInString(g.text); c != utf8.RuneError {
				if w, err := corefont.CharWidth(f.core, c); err == nil && w > 0 {
					g.width = float64(w)
				}
			}
		}
		g.width /= 1000
		g.text = plain(g.text)
		visit(g)
		s = s[size:]
	}
}

// plain replaces Latin ligatures by their letters, and removes control characters.
func plain(s string) string {
	for _, c := range s {
		if c >= 0xFB00 && c <= 0xFB06 || c < ' ' || c == 0x7F || c == 0xA0 || c == 0x200B || c == 0xFEFF {
			s = ligatures.Replace(s)
			return strings.Map(func(c rune) rune {
				switch {
				case c == '\t' || c == '\n' || c == '\r' || c == 0xA0:
					return ' '
				case c < ' ' || c == 0x7F || c == 0x200B || c == 0xFEFF:
					return -1
				}
				return c
			}, s)
		}
	}
	return s
}

var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "ft", "ﬆ", "st")
