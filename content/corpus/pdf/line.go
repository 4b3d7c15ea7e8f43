package pdf

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// line is a line of text of one column.
type line struct {
	x0, x1, y, size float64
	text            string
	signs           []sign  // nil if all of it is read from the left
	second          float64 // where the second cell begins, or 0 if no wide gap divides the line
	figure          bool    // the last cell is a number, as in a table of contents
}

const (
	// proseColumn is the least length of a line of a column, in characters. Shorter neighbours are cells of a table.
	proseColumn = 25
	// columnRows is the least number of lines side by side that make columns.
	columnRows = 5
	// wideGap is the gap that divides cells and columns, in font sizes.
	wideGap = 1.8
)

// linesOf builds the lines of a page from its pieces. It keeps the order in which the page shows them, which is the
// order of reading in most files. If the page shows two columns line by line, it puts one after the other.
func linesOf(pieces []piece) []line {
	var spans []line
	for _, p := range pieces {
		if strings.TrimSpace(p.text) == "" {
			continue
		}
		next := line{x0: p.x0, x1: p.x1, y: p.y, size: p.size, text: strings.TrimRight(p.text, " "), signs: p.signs}
		if n := len(spans); n > 0 && join(&spans[n-1], next) {
			continue
		}
		spans = append(spans, next)
	}
	spans = reorderLines(spans)
	if gutter, ok := columnGutter(spans); ok {
		return unfold(spans, gutter)
	}
	// The cells of a row become one line.
	var lines []line
	for _, s := range spans {
		if n := len(lines); n > 0 && beside(lines[n-1], s) {
			last := &lines[n-1]
			last.text += " " + strings.TrimLeft(s.text, " ")
			last.x1 = s.x1
			if last.second == 0 {
				last.second = s.x0
			}
			last.figure = strings.Trim(s.text, " .0123456789") == ""
			continue
		}
		lines = append(lines, s)
	}
	for i := range lines {
		lines[i].text = tidy(lines[i].text)
	}
	return lines
}

// tidy puts one space between words. It replaces a first sign that is private or unknown by a bullet: such a sign marks
// an item of a list.
func tidy(s string) string {
	fields := strings.Fields(s)
	if len(fields) > 1 && utf8.RuneCountInString(fields[0]) == 1 {
		if c, _ := utf8.DecodeRuneInString(fields[0]); c == utf8.RuneError || c >= 0xF000 && c <= 0xF0FF {
			fields[0] = "•"
		}
	}
	return strings.Join(fields, " ")
}

// join adds text to a line if it continues the line: it is the next word, or a raised or lowered sign. It drops text
// that is printed twice to look bold. It reports whether it did either.
func join(last *line, next line) bool {
	size := math.Max(last.size, next.size)
	if math.Abs(next.y-last.y) > 0.45*size {
		return false
	}
	if next.text == last.text && math.Abs(next.x0-last.x0) < 0.15*size && math.Abs(next.y-last.y) < 0.15*size {
		return true
	}
	gap := next.x0 - last.x1
	if gap < -0.3*size || gap > wideGap*size {
		return false
	}
	if last.signs != nil || next.signs != nil {
		last.signs = append(last.placed(), next.placed()...)
	}
	if gap > 0.15*size && !strings.HasPrefix(next.text, " ") {
		last.text += " "
	}
	last.text += next.text
	last.x1 = math.Max(last.x1, next.x1)
	if next.size > last.size { // the size of a line is that of its largest signs
		last.size, last.y = next.size, next.y
	}
	return true
}

// beside reports whether b is right of a on the same baseline.
func beside(a, b line) bool {
	return math.Abs(a.y-b.y) < 0.3*math.Max(a.size, b.size) && b.x0 > a.x1-0.3*a.size
}

// columnGutter returns where two columns of prose meet, and whether the page shows such columns line by line.
func columnGutter(spans []line) (float64, bool) {
	var middles []float64
	for i := 1; i < len(spans); i++ {
		a, b := spans[i-1], spans[i]
		if beside(a, b) && utf8.RuneCountInString(a.text) >= proseColumn && utf8.RuneCountInString(b.text) >= proseColumn {
			middles = append(middles, (a.x1+b.x0)/2, b.x0)
		}
	}
	if len(middles)/2 < columnRows {
		return 0, false
	}
	// The right column begins where most of its lines do.
	var starts []float64
	for i := 1; i < len(middles); i += 2 {
		starts = append(starts, middles[i])
	}
	slices.Sort(starts)
	return starts[len(starts)/2] - 1, true
}

// unfold puts the right column after the left one, between lines that cross the gutter.
func unfold(spans []line, gutter float64) []line {
	var lines, right []line
	for _, s := range spans {
		s.text = tidy(s.text)
		switch {
		case s.x0 >= gutter-2*s.size:
			right = append(right, s)
		case s.x1 > gutter:
			lines = append(append(lines, right...), s)
			right = nil
		default:
			lines = append(lines, s)
		}
	}
	return append(lines, right...)
}

// tableRows is how many neighbouring lines must have a second cell at the same place to look like a table.
const tableRows = 3

// rows counts the lines of a page that look like rows of a table.
func rows(lines []line) int {
	all, run := 0, 0
	end := func() {
		if run >= tableRows {
			all += run
		}
		run = 0
	}
	for i, l := range lines {
		if l.second == 0 || l.figure {
			end()
			continue
		}
		if i > 0 && math.Abs(lines[i-1].second-l.second) > l.size {
			end()
		}
		run++
	}
	end()
	return all
}

const (
	// furniturePages is the least number of pages on which a line must repeat to be left out.
	furniturePages = 3
	// furnitureEdge is the number of lines at the top, and at the bottom, that may be left out.
	furnitureEdge = 2
)

// dropFurniture removes running heads and page numbers: lines that repeat at the same height on many pages, where a
// number in them may count the pages. It returns how many it removed.
func dropFurniture(pages [][]line) int {
	type place struct {
		text   string
		height int
	}
	count := make(map[place]int)
	keys := func(l line, page int) []place {
		// Heights differ a little because of rounding: a line counts for the two nearest steps.
		step := int(math.Floor(l.y / 4))
		if math.Mod(l.y, 4) < 2 {
			step--
		}
		var all []place
		for _, text := range spellings(l.text, page) {
			all = append(all, place{text, step}, place{text, step + 1})
		}
		return all
	}
	edges := make([][]int, len(pages))
	shown := 0
	for i, lines := range pages {
		edges[i] = edgeLines(lines)
		if len(lines) > 0 {
			shown++
		}
		seen := make(map[place]bool)
		for _, n := range edges[i] {
			for _, key := range keys(lines[n], i) {
				if !seen[key] {
					seen[key] = true
					count[key]++
				}
			}
		}
	}
	needed := max(furniturePages, (shown+3)/4)
	dropped := 0
	for i, lines := range pages {
		drop := make(map[int]bool)
		for _, n := range edges[i] {
			for _, key := range keys(lines[n], i) {
				if count[key] >= needed {
					drop[n] = true
				}
			}
		}
		if len(drop) == 0 {
			continue
		}
		var kept []line
		for n, l := range lines {
			if drop[n] {
				dropped++
				continue
			}
			kept = append(kept, l)
		}
		pages[i] = kept
	}
	return dropped
}

// edgeLines returns the lines at the top and at the bottom of a page, which may be running heads and page numbers.
func edgeLines(lines []line) []int {
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case lines[a].y > lines[b].y:
			return -1
		case lines[a].y < lines[b].y:
			return 1
		}
		return a - b
	})
	if len(order) <= 2*furnitureEdge {
		return order
	}
	leading, _ := measure(lines)
	// The second line counts only if a gap divides it from the text.
	apart := func(outer, inner int) bool {
		return math.Abs(lines[outer].y-lines[inner].y) > 1.3*leading*lines[outer].size
	}
	n := len(order)
	edges := []int{order[0], order[n-1]}
	if apart(order[1], order[2]) {
		edges = append(edges, order[1])
	}
	if apart(order[n-2], order[n-3]) {
		edges = append(edges, order[n-2])
	}
	return edges
}

// spellings returns a line as it is, and once for each of its numbers with the number's distance to the page in its
// place. If the number counts the pages, that distance is the same on all of them.
func spellings(s string, page int) []string {
	const maxNumbers = 8
	all := []string{s}
	for at := 0; at < len(s) && len(all) <= maxNumbers; {
		if s[at] < '0' || s[at] > '9' {
			at++
			continue
		}
		end := at
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if value, err := strconv.Atoi(s[at:end]); err == nil && end-at < 8 {
			all = append(all, s[:at]+"{page "+strconv.Itoa(value-page)+"}"+s[end:])
		}
		at = end
	}
	return all
}
