// Package segment cuts documents into segments. Receipts do not depend on it: a contributor who cuts otherwise
// registers other segments.
package segment

import (
	"bytes"

	sentences "github.com/openledger/openledger/content/sentence"
	"github.com/openledger/openledger/poa"
)

const (
	// SplitBytes and SplitTokens are the size that Split aims at.
	SplitBytes  = 1200
	SplitTokens = 200
)

// Split cuts a document into segments in a canonical way: the same bytes always give the same segments.
//
// The document is brought into clean form (poa.Canonical). Paragraphs (between blank lines; fenced or indented code is
// one with the blank lines in it) are trimmed and packed greedily, joined by one blank line, up to SplitBytes and
// SplitTokens. A longer paragraph is cut after the last sentence that fits, in any script (see package sentence). Code
// that fits a segment is not cut; longer code is cut after a line. A longer sentence is cut after a clause, else after
// a space, else before the first token or byte too many. The last piece may be joined with the next paragraph. Pieces
// without words are dropped. A table with a header is a paragraph of its own: see table.
//
// Segments never exceed poa.MaxSegmentBytes or poa.MaxSegmentTokens, nor SplitBytes and SplitTokens unless they are one
// row of a table, but poa.CheckSegment may still refuse them for their text. The time is linear in the size of the
// document.
func Split(document []byte) [][]byte {
	s := splitter{}
	s.document(document)
	return s.segments
}

// splitter packs pieces into segments.
type splitter struct {
	segments [][]byte
	current  []byte
	tokens   int
	looked   int // bytes that were read to find cuts
}

func (s *splitter) document(document []byte) {
	text := poa.Canonical(document)
	blocks := sentences.Blocks(text)
	for len(blocks) > 0 {
		n := 1
		if blocks[0].Head > 0 {
			s.table(text, blocks[0])
		} else {
			for n < len(blocks) && !blocks[n].Apart && blocks[n].Head == 0 {
				n++
			}
			s.paragraph(text, blocks[:n])
		}
		blocks = blocks[n:]
	}
	s.flush()
}

// paragraph adds blocks between which no blank line stands, in pieces that fit.
func (s *splitter) paragraph(text []byte, blocks []sentences.Block) {
	start, end := blocks[0].Start, blocks[len(blocks)-1].End
	for start < end {
		for len(blocks) > 1 && blocks[1].Start <= start {
			blocks = blocks[1:]
		}
		cut := start + s.fitting(text[start:end])
		if cut < end {
			cut = s.cutPoint(text, blocks, start, cut)
		}
		s.add(trimEnd(text[start:cut]))
		start = cut
		for start < end && isSpace(text[start]) {
			for len(blocks) > 1 && blocks[1].Start <= start {
				blocks = blocks[1:]
			}
			if b := blocks[0]; b.Kind == sentences.Code && b.Start <= start && text[start] != '\n' {
				break // its indentation
			}
			start++
		}
	}
}

func (s *splitter) add(piece []byte) {
	n := s.count(piece)
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

// count returns the tokens of a text.
func (s *splitter) count(text []byte) int {
	s.looked += len(text)
	return len(poa.Tokenize(text))
}

// lookahead is the number of bytes after a limit that are read to tell whether a sentence ends before it.
const lookahead = 4096

// cutPoint returns where to cut a paragraph that starts at start and reaches beyond limit, above start. The first block
// is the one that start is in.
func (s *splitter) cutPoint(text []byte, blocks []sentences.Block, start, limit int) int {
	s.looked += limit - start
	best, line := start, start // line is after a heading, if there is nothing better
	for i, b := range blocks {
		if b.Start >= limit {
			break
		}
		from := max(b.Start, start)
		if from > start {
			line = from
			if blocks[i-1].Kind != sentences.Heading {
				best = from
			}
		}
		switch {
		case b.Kind == sentences.Heading: // a heading stays with the text that it names
		case b.Kind == sentences.Prose || b.Kind == sentences.Item:
			for from < b.End {
				if from = sentences.End(text[:min(b.End, limit+lookahead)], from, limit+1); from > limit {
					break
				}
				best = from
			}
		case b.End <= limit:
			best = b.End
		case from > start:
			return from // it may fit into the next piece
		default:
			if end := bytes.LastIndexByte(text[start:limit], '\n'); end > 0 {
				return start + end + 1
			}
		}
	}
	if best > start {
		return best
	}
	if line > start {
		return line
	}
	return start + sentences.Cut(text[start:blocks[len(blocks)-1].End], limit-start)
}

// fitting returns the length of the longest start of p within SplitBytes and SplitTokens that does not cut a code
// point.
func (s *splitter) fitting(p []byte) int {
	limit := len(p)
	if limit > SplitBytes {
		limit = SplitBytes
		for back := 0; back < 3 && limit > 1 && p[limit]&0xC0 == 0x80; back++ {
			limit--
		}
	}
	s.looked += limit
	// Text after the limit can move the end of the last token, but no start.
	if tokens := poa.Tokenize(p[:limit]); len(tokens) > SplitTokens {
		return tokens[SplitTokens].Start
	}
	return limit
}

func trimEnd(b []byte) []byte { return bytes.TrimRight(b, " \n\t") }

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' }
