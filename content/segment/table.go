package segment

import (
	"bytes"

	sentences "github.com/openledger/openledger/content/sentence"
	"github.com/openledger/openledger/poa"
)

// table adds a table that has a header. It stays whole if it fits, and may share a segment with the text around it.
// Otherwise it is cut between rows, with the header and its delimiter in each segment. A row above SplitBytes gets a
// segment of its own with the header. Only a row that no segment can hold is cut like text, after the names of its
// columns.
func (s *splitter) table(text []byte, b sentences.Block) {
	whole := text[b.Start:b.End]
	if len(whole) <= SplitBytes && s.count(whole) <= SplitTokens {
		s.add(whole)
		return
	}
	s.flush()
	head, rows := text[b.Start:b.Head], text[b.Head:b.End]
	tokens := s.count(head)
	if len(head) > SplitBytes/2 || tokens > SplitTokens/2 {
		// Such a long header says more than the rows, so it becomes text of its own.
		s.text(columns(head))
		head, tokens = nil, 0
	}
	s.rows(head, tokens, rows)
	s.flush()
}

// text adds a part of a table as segments of their own.
func (s *splitter) text(part []byte) {
	if blocks := sentences.Blocks(part); len(blocks) > 0 {
		s.paragraph(part, blocks)
	}
	s.flush()
}

// columns returns the line of a head that names the columns.
func columns(head []byte) []byte {
	names, _, _ := bytes.Cut(head, []byte("\n"))
	return names
}

// rows packs the rows of a table after its head, which has headTokens tokens.
func (s *splitter) rows(head []byte, headTokens int, rows []byte) {
	headed := len(head) == 0
	for row := range bytes.Lines(rows) {
		row = bytes.TrimSpace(row)
		n := s.count(row)
		if n == 0 {
			continue
		}
		headed = true
		if len(head)+1+len(row) > poa.MaxSegmentBytes || headTokens+n > poa.MaxSegmentTokens {
			s.flush()
			s.text(append(append(bytes.Clone(columns(head)), ' '), row...))
			continue
		}
		if len(s.current) > 0 && (len(s.current)+1+len(row) > SplitBytes || s.tokens+n > SplitTokens) {
			s.flush()
		}
		if len(s.current) == 0 {
			s.current, s.tokens = append([]byte(nil), head...), headTokens
		}
		if len(s.current) > 0 {
			s.current = append(s.current, '\n')
		}
		s.current, s.tokens = append(s.current, row...), s.tokens+n
	}
	if !headed { // all rows are empty
		s.text(columns(head))
	}
}
