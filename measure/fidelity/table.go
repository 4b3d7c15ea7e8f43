package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"text/tabwriter"
)

// Number is a figure, or null where it was not measured (NaN).
type Number float64

// missing is a figure that was not measured.
var missing = Number(math.NaN())

// MarshalJSON writes four decimals below a thousand, none above, and null for what was not measured.
func (n Number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	scale := 1e4
	if math.Abs(f) >= 1000 {
		scale = 1
	}
	f = math.Round(f*scale) / scale
	if f == 0 {
		f = 0 // no minus zero
	}
	return json.Marshal(f)
}

// cell writes a figure for a table: a share with three decimals, a larger one shorter.
func cell(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case math.Abs(v) >= 1000:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}

// table prints aligned columns under a title.
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

func (t *table) print() { t.write(os.Stdout) }

func (t *table) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", t.title)
	tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range t.rows {
		fmt.Fprintln(tabs, "  "+strings.Join(r, "\t"))
	}
	tabs.Flush()
	for _, n := range t.notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
}
