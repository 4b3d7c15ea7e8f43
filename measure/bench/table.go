package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// notMeasured marks a figure that was not measured.
var notMeasured = math.NaN()

// table is a table with notes, which is written as aligned Markdown.
type table struct {
	title string
	rows  [][]string
	notes []string
}

func newTable(title string, head ...string) *table {
	return &table{title: title, rows: [][]string{head}}
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *table) write(w io.Writer) {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	fmt.Fprintf(w, "\n### %s\n\n", t.title)
	for i, row := range t.rows {
		var line strings.Builder
		for c, cell := range row {
			fill := strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell))
			if number(t.rows[len(t.rows)-1][c]) {
				fmt.Fprintf(&line, "| %s%s ", fill, cell)
			} else {
				fmt.Fprintf(&line, "| %s%s ", cell, fill)
			}
		}
		fmt.Fprintf(w, "%s|\n", line.String())
		if i == 0 {
			t.rule(w, widths)
		}
	}
	if len(t.notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, note := range t.notes {
		fmt.Fprintf(w, "- %s\n", note)
	}
}

func (t *table) rule(w io.Writer, widths []int) {
	for c, width := range widths {
		end := "-"
		if number(t.rows[len(t.rows)-1][c]) {
			end = ":"
		}
		fmt.Fprintf(w, "|%s%s", strings.Repeat("-", width+1), end)
	}
	fmt.Fprintln(w, "|")
}

// number reports whether a cell is a number, which is aligned to the right.
func number(cell string) bool {
	return cell != "" && strings.Trim(cell, "0123456789.,-+%x /") == ""
}

// figure writes a number for a table, with fewer decimals the larger it is.
func figure(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.Abs(v) >= 100:
		return grouped(int(math.Round(v)))
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// grouped writes a number with commas.
func grouped(n int) string {
	if n < 0 {
		return "-" + grouped(-n)
	}
	if n < 1_000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1_000), n%1_000)
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%+.1f%%", v*100)
}
