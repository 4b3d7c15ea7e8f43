package poa

import "bytes"

const (
	// SplitBytes and SplitTokens are the size that Split aims at.
	SplitBytes  = 1200
	SplitTokens = 200
)

// Split cuts a document into segments in a canonical way: the same bytes always give the same segments.
//
// Line ends, form feeds and vertical tabs become LF, spaces other than U+0020 become U+0020, a byte order mark at the start is dropped. Paragraphs (between blank
// lines) are trimmed and packed greedily, joined by one blank line, up to SplitBytes and SplitTokens. A paragraph above that is cut
// behind the last end of a sentence that fits, else behind the last space, else before the first token or byte too many; its last
// piece may be joined with the next paragraph. Pieces without words are dropped. Segments never exceed MaxSegmentBytes or
// MaxSegmentTokens, but they may still be refused by CheckSegment for what they say.
func Split(document []byte) [][]byte {
	s := splitter{}
	for _, p := range paragraphs(normalise(document)) {
		for len(p) > 0 {
			piece := p
			if cut := cutPoint(p); cut < len(p) {
				piece = trimSpace(p[:cut])
				p = trimSpace(p[cut:])
			} else {
				p = nil
			}
			s.add(piece)
		}
	}
	s.flush()
	return s.segments
}

// splitter packs pieces into segments.
type splitter struct {
	segments [][]byte
	current  []byte
	tokens   int
}

func (s *splitter) add(piece []byte) {
	n := countTokens(piece)
	if n == 0 {
		return
	}
	if len(s.current) > 0 {
		if len(s.current)+2+len(piece) <= SplitBytes && s.tokens+n <= SplitTokens {
			s.current = append(append(s.current, "\n\n"...), piece...)
			s.tokens += n
			return
		}
		s.flush()
	}
	s.current, s.tokens = append([]byte(nil), piece...), n
}

func (s *splitter) flush() {
	if len(s.current) > 0 {
		s.segments = append(s.segments, s.current)
	}
	s.current, s.tokens = nil, 0
}

// normalise unifies line ends and spaces. Bytes that are not UTF-8 stay as they are.
func normalise(document []byte) []byte {
	document = bytes.TrimPrefix(document, []byte("\xEF\xBB\xBF"))
	out := make([]byte, 0, len(document))
	for i := 0; i < len(document); {
		c, size := decodeRune(document[i:])
		switch {
		case size == 0:
			out = append(out, document[i])
			i++
			continue
		case c == '\r':
			out = append(out, '\n')
			if i+1 < len(document) && document[i+1] == '\n' {
				i++
			}
		case c == '\f' || c == '\v':
			out = append(out, '\n')
		case spaceCode(c):
			out = append(out, ' ')
		default:
			out = append(out, document[i:i+size]...)
		}
		i += size
	}
	return out
}

// paragraphs returns the trimmed runs of lines that are not blank.
func paragraphs(text []byte) [][]byte {
	var out [][]byte
	start := -1
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && text[end] != '\n' {
			end++
		}
		blank := len(trimSpace(text[i:end])) == 0
		if blank && start >= 0 {
			out = append(out, trimSpace(text[start:i]))
			start = -1
		} else if !blank && start < 0 {
			start = i
		}
		i = end + 1
	}
	if start >= 0 {
		out = append(out, trimSpace(text[start:]))
	}
	return out
}

// cutPoint returns where to cut a paragraph: len(p) if it fits as a whole, and at least 1 otherwise.
func cutPoint(p []byte) int {
	limit := fitting(p)
	if limit == len(p) {
		return limit
	}
	for i := limit; i > 0; i-- {
		if sentenceEnd(p, i) {
			return i
		}
	}
	for i := limit; i > 0; i-- {
		if isSpace(p[i]) || isSpace(p[i-1]) {
			return i
		}
	}
	return limit
}

// fitting returns the length of the longest start of p within SplitBytes and SplitTokens that does not cut a code point.
func fitting(p []byte) int {
	limit := len(p)
	if limit > SplitBytes {
		limit = SplitBytes
		for back := 0; back < 3 && limit > 1 && p[limit]&0xC0 == 0x80; back++ {
			limit--
		}
	}
	n := 0
	for start, end := nextToken(p, 0); start < end && start < limit; start, end = nextToken(p, end) {
		if n == SplitTokens {
			return start
		}
		n++
	}
	return limit
}

// sentenceEnd reports whether a sentence ends before byte i of p, 0 < i < len(p): a full stop, question or exclamation mark,
// perhaps with a closing quote or bracket, before white space, or an ideographic one.
func sentenceEnd(p []byte, i int) bool {
	if i >= 3 {
		switch string(p[i-3 : i]) {
		case "。", "！", "？":
			return true
		}
	}
	if !isSpace(p[i]) {
		return false
	}
	j := i - 1
	for j > 0 && (p[j] == '"' || p[j] == '\'' || p[j] == ')' || p[j] == ']') {
		j--
	}
	return p[j] == '.' || p[j] == '!' || p[j] == '?'
}

func trimSpace(b []byte) []byte { return bytes.Trim(b, " \n\t") }

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }
