package corpus

import (
	"bytes"
	"slices"

	"github.com/openledger/openledger/poa"
)

// split cuts a document into segments. Text is cut by poa.Split. A Markdown
// table stays whole, or is cut between its rows with the header repeated in each
// segment. Only a row that is longer than a segment may be is cut as text is.
func split(document []byte) [][]byte {
	var segments [][]byte
	var text []byte // text that is not cut yet
	flush := func() {
		segments = append(segments, poa.Split(text)...)
		text = nil
	}
	whole := document
	fence := []byte(nil)
	start := 0 // of what is not in text yet
	for at := 0; at < len(document); {
		line, next := lineAt(document, at)
		if mark := fenceMark(line); mark != nil && (fence == nil || bytes.Equal(mark, fence)) {
			if fence == nil {
				fence = mark
			} else {
				fence = nil
			}
		}
		rows := [][]byte(nil)
		end := next
		if fence == nil {
			rows, end = tableAt(document, at)
		}
		if rows == nil {
			at = next
			continue
		}
		text = append(text, document[start:at]...)
		table := bytes.Join(rows, []byte("\n"))
		if fits(table, poa.SplitBytes, poa.SplitTokens) {
			// A paragraph of its own, which poa.Split does not cut.
			text = append(append(append(text, "\n\n"...), table...), "\n\n"...)
		} else {
			flush()
			segments = append(segments, splitTable(rows)...)
		}
		at, start, whole = end, end, nil
	}
	if whole != nil { // no table: nothing was copied
		return poa.Split(whole)
	}
	text = append(text, document[start:]...)
	flush()
	return segments
}

// lineAt returns the line at a byte without its end, and where the next begins.
func lineAt(text []byte, at int) (line []byte, next int) {
	end := bytes.IndexAny(text[at:], "\r\n")
	if end < 0 {
		return text[at:], len(text)
	}
	end += at
	next = end + 1
	if text[end] == '\r' && next < len(text) && text[next] == '\n' {
		next++
	}
	return text[at:end], next
}

// fenceMark returns the three signs that begin or end a block of code.
func fenceMark(line []byte) []byte {
	line = bytes.TrimLeft(line, " ")
	for _, mark := range [][]byte{[]byte("```"), []byte("~~~")} {
		if bytes.HasPrefix(line, mark) {
			return mark
		}
	}
	return nil
}

// tableAt returns the rows of the Markdown table that begins at a byte: header,
// delimiter and rows, and where the text goes on. There is none if rows is nil.
func tableAt(text []byte, at int) (rows [][]byte, end int) {
	header, next := lineAt(text, at)
	if !bytes.Contains(header, []byte("|")) || next == len(text) {
		return nil, at
	}
	delimiter, next := lineAt(text, next)
	if !delimiterRow(delimiter) {
		return nil, at
	}
	rows = [][]byte{header, delimiter}
	for next < len(text) {
		row, after := lineAt(text, next)
		if !bytes.Contains(row, []byte("|")) {
			break
		}
		rows, next = append(rows, row), after
	}
	return rows, next
}

// delimiterRow reports whether a line divides the header of a table from its
// rows: |---|:--:|.
func delimiterRow(line []byte) bool {
	line = bytes.TrimSpace(line)
	if !bytes.Contains(line, []byte("|")) || !bytes.Contains(line, []byte("-")) {
		return false
	}
	line = bytes.TrimSuffix(bytes.TrimPrefix(line, []byte("|")), []byte("|"))
	for _, cell := range bytes.Split(line, []byte("|")) {
		cell = bytes.TrimSpace(cell)
		cell = bytes.TrimSuffix(bytes.TrimPrefix(cell, []byte(":")), []byte(":"))
		if len(cell) == 0 || len(bytes.Trim(cell, "-")) > 0 {
			return false
		}
	}
	return true
}

// splitTable cuts a table between its rows. Segments have the size that
// poa.Split aims at, or hold one longer row.
func splitTable(rows [][]byte) [][]byte {
	head := slices.Concat(rows[0], []byte("\n"), rows[1])
	headTokens := len(poa.TokenIDs(head))
	if len(head) > poa.SplitBytes/2 || headTokens > poa.SplitTokens/2 {
		// A header that long says more than the rows: it is text of its own.
		return append(poa.Split(rows[0]), packRows(nil, 0, rows[2:])...)
	}
	return packRows(head, headTokens, rows[2:])
}

func packRows(head []byte, headTokens int, rows [][]byte) [][]byte {
	var segments [][]byte
	var current []byte
	tokens := 0
	flush := func() {
		if len(current) > 0 {
			segments = append(segments, current)
		}
		current, tokens = nil, 0
	}
	for _, row := range rows {
		row = bytes.TrimSpace(row)
		n := len(poa.TokenIDs(row))
		if n == 0 {
			continue
		}
		if len(head)+1+len(row) > poa.MaxSegmentBytes || headTokens+n > poa.MaxSegmentTokens {
			flush()
			segments = append(segments, poa.Split(row)...)
			continue
		}
		if len(current) > 0 && (len(current)+1+len(row) > poa.SplitBytes || tokens+n > poa.SplitTokens) {
			flush()
		}
		if len(current) == 0 {
			current, tokens = slices.Clone(head), headTokens
		}
		if len(current) > 0 {
			current = append(current, '\n')
		}
		current, tokens = append(current, row...), tokens+n
	}
	flush()
	return segments
}

// fits reports whether text is within a size.
func fits(text []byte, size, tokens int) bool {
	return len(text) <= size && len(poa.TokenIDs(text)) <= tokens
}
