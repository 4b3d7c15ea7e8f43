package corpus

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	// longCell is the size in bytes above which a cell is prose. A table with such a cell becomes paragraphs, row by row.
	longCell = 600
	// maxColumns bounds the columns of a table.
	maxColumns = 1000
)

// tableText writes rows as a Markdown table with the first row as its header. A table that is only used for layout,
// with one column, one row, or prose in a cell, becomes paragraphs.
func tableText(rows [][]string) []byte {
	columns, layout := 0, false
	for _, row := range rows {
		columns = max(columns, len(row))
		for _, cell := range row {
			layout = layout || len(cell) > longCell
		}
	}
	var out bytes.Buffer
	if layout || columns < 2 || columns > maxColumns || len(rows) < 2 {
		for _, row := range rows {
			for _, cell := range row {
				if cell == "" {
					continue
				}
				if out.Len() > 0 {
					out.WriteString("\n\n")
				}
				out.WriteString(cell)
			}
		}
		return out.Bytes()
	}
	header := false
	for _, row := range rows {
		if blankRow(row) {
			continue
		}
		if header {
			out.WriteByte('\n')
		}
		writeRow(&out, row, columns)
		if !header {
			header = true
			writeDelimiter(&out, columns)
		}
	}
	return out.Bytes()
}

func blankRow(row []string) bool {
	return !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" })
}

func writeRow(out *bytes.Buffer, row []string, columns int) {
	for i := range columns {
		out.WriteString("| ")
		if i < len(row) {
			out.WriteString(cellText(row[i]))
			out.WriteByte(' ')
		}
	}
	out.WriteByte('|')
}

func writeDelimiter(out *bytes.Buffer, columns int) {
	out.WriteByte('\n')
	for range columns {
		out.WriteString("|---")
	}
	out.WriteByte('|')
}

// cellText puts a cell on one line.
func cellText(cell string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(cell), " "), "|", `\|`)
}

// decodeCSV takes a table whose first row names the columns. In a table with prose in a cell, each row becomes a
// paragraph of lines "column: text".
func decodeCSV(ctx context.Context, s *source) error {
	text, err := decodeText(s.data)
	if err != nil {
		return err
	}
	separator := csvSeparator(text, s.file.Format)
	columns, rows, layout := 0, 0, false
	err = eachRow(ctx, text, separator, func(row []string) error {
		columns, rows = max(columns, len(row)), rows+1
		for _, cell := range row {
			layout = layout || len(cell) > longCell
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case columns < 2:
		s.file.Format = Text
		s.file.note("has no columns: it is read as plain text")
		return s.add("", text)
	case columns > maxColumns:
		return fmt.Errorf("is a table of more than %d columns", maxColumns)
	case rows < 2:
		s.file.note("has one row: the first row of a table names its columns")
	}
	var out bytes.Buffer
	var header []string
	err = eachRow(ctx, text, separator, func(row []string) error {
		switch {
		case blankRow(row):
			return nil
		case layout && header == nil:
			header = slices.Clone(row)
		case layout:
			writeRecord(&out, header, row)
		case header == nil:
			header = slices.Clone(row)
			writeRow(&out, row, columns)
			writeDelimiter(&out, columns)
		default:
			out.WriteByte('\n')
			writeRow(&out, row, columns)
		}
		if out.Len() > maxTextBytes {
			return errTooMuchText
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.add("", out.Bytes())
}

// writeRecord writes a row as a paragraph.
func writeRecord(out *bytes.Buffer, header, row []string) {
	first := true
	for i, cell := range row {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			continue
		}
		if first && out.Len() > 0 {
			out.WriteString("\n\n")
		} else if !first {
			out.WriteByte('\n')
		}
		first = false
		if i < len(header) && strings.TrimSpace(header[i]) != "" {
			out.WriteString(cellText(header[i]))
			out.WriteString(": ")
		}
		out.WriteString(cell)
	}
}

func eachRow(ctx context.Context, text []byte, separator rune, visit func(row []string) error) error {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = separator, -1, true, true
	for n := 0; ; n++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("is damaged: %w", err)
		}
		if n%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := visit(row); err != nil {
			return err
		}
	}
}

// csvSeparator returns the sign that divides each of the first rows into most cells: programs write commas, semicolons
// or tabs, depending on the country.
func csvSeparator(text []byte, format Format) rune {
	if format == TSV {
		return '\t'
	}
	best, most := ',', 0
	for _, separator := range []rune{',', ';', '\t'} {
		r := csv.NewReader(bytes.NewReader(text[:min(len(text), 64<<10)]))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = separator, -1, true, true
		least := 0
		for n := 0; n < 20; n++ {
			row, err := r.Read()
			if err != nil {
				break
			}
			if n == 0 || len(row) < least {
				least = len(row)
			}
		}
		if least > most {
			best, most = separator, least
		}
	}
	return best
}
