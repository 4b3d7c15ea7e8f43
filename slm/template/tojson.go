package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A writer writes JSON as Python's json.dumps does with ensure_ascii=False.
type writer struct {
	out       strings.Builder
	indent    string // "" for one line
	lines     bool
	item, key string // separators
	sorted    bool
	user      bool // a text in it is people's
	depth     int
	r         *run
}

func (w *writer) newline(depth int) {
	if w.lines {
		w.out.WriteByte('\n')
		for range depth {
			w.out.WriteString(w.indent)
		}
	}
}

func (w *writer) write(value any) error {
	if w.r.look(w.depth); w.out.Len() > w.r.bytes {
		return fmt.Errorf("%w: a value is too large to be written as JSON", ErrLimit)
	}
	switch v := value.(type) {
	case nil:
		w.out.WriteString("null")
	case bool:
		w.out.WriteString(strconv.FormatBool(v))
	case int64:
		w.out.WriteString(strconv.FormatInt(v, 10))
	case float64:
		w.out.WriteString(map[string]string{"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[floatText(v)])
		if s := floatText(v); !strings.HasSuffix(s, "inf") && s != "nan" {
			w.out.WriteString(s)
		}
	case text:
		w.text(v)
	case *list:
		return w.nest('[', ']', len(v.items), func(i int) error { return w.write(v.items[i]) })
	case *dict:
		order := make([]int, len(v.keys))
		for i := range order {
			order[i] = i
		}
		if w.sorted {
			slices.SortFunc(order, func(a, b int) int { return strings.Compare(v.keys[a].s, v.keys[b].s) })
		}
		return w.nest('{', '}', len(order), func(i int) error {
			w.text(v.keys[order[i]])
			w.out.WriteString(w.key)
			return w.write(v.values[order[i]])
		})
	default:
		return fmt.Errorf("%s cannot be written as JSON", kindOf(value))
	}
	return nil
}

func (w *writer) nest(open, end byte, n int, item func(i int) error) error {
	w.out.WriteByte(open)
	w.depth++
	for i := range n {
		if i > 0 {
			w.out.WriteString(w.item)
		}
		w.newline(w.depth)
		if err := item(i); err != nil {
			return err
		}
	}
	w.depth--
	if n > 0 {
		w.newline(w.depth)
	}
	w.out.WriteByte(end)
	return nil
}

func (w *writer) text(t text) {
	w.user = w.user || t.marked()
	w.out.WriteByte('"')
	for _, r := range t.s {
		switch {
		case r == '"' || r == '\\':
			w.out.WriteByte('\\')
			w.out.WriteRune(r)
		case r == '\n':
			w.out.WriteString(`\n`)
		case r == '\r':
			w.out.WriteString(`\r`)
		case r == '\t':
			w.out.WriteString(`\t`)
		case r == '\b':
			w.out.WriteString(`\b`)
		case r == '\f':
			w.out.WriteString(`\f`)
		case r < ' ':
			fmt.Fprintf(&w.out, `\u%04x`, r)
		default:
			w.out.WriteRune(r)
		}
	}
	w.out.WriteByte('"')
}

// toJSON is the filter tojson as transformers defines it: tojson(ensure_ascii=False, indent, separators, sort_keys).
func toJSON(r *run, value any, args arguments) (any, error) {
	if err := args.check("ensure_ascii", "indent", "separators", "sort_keys"); err != nil {
		return nil, err
	}
	w := &writer{item: ", ", key: ": ", r: r}
	if ascii, ok := args.get(0, "ensure_ascii"); ok && truth(ascii) {
		return nil, fmt.Errorf("ensure_ascii is not supported")
	}
	switch indent, _ := args.get(1, "indent"); n := indent.(type) {
	case nil, undefined:
	case text:
		w.lines, w.indent = true, n.s
	default:
		spaces, ok := toInt(n)
		if !ok || spaces > 64 {
			return nil, fmt.Errorf("indent must be text or a number up to 64")
		}
		w.lines, w.indent = true, strings.Repeat(" ", int(max(0, spaces)))
	}
	if w.lines {
		w.item = ","
	}
	if value, ok := args.get(2, "separators"); ok && value != nil {
		pair, ok := value.(*list)
		if !ok || len(pair.items) != 2 {
			return nil, fmt.Errorf("separators must be two texts")
		}
		w.item, w.key = r.show(pair.items[0]).s, r.show(pair.items[1]).s
	}
	if value, ok := args.get(3, "sort_keys"); ok {
		w.sorted = truth(value)
	}
	if err := w.write(value); err != nil {
		return nil, err
	}
	result := text{s: w.out.String(), user: w.user}
	return result, r.pay(2 * len(result.s))
}
