package template

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Values of the interpreter are: nil (None), bool, int64, float64, text, *list, *dict, *namespace, *loop, *function,
// and undefined.

// A text is a string that knows which of its bytes come from people. Operations keep that; where they cannot
// (formatting, change of case), the whole result is people's as soon as one byte of their input is.
type text struct {
	s    string
	user bool   // all bytes are people's, or none; not used if mask is set
	mask []bool // for each byte whether it is people's, if both kinds are there
}

func trusted(s string) text { return text{s: s} }

// marked reports whether a byte is people's.
func (t text) marked() bool { return t.mask != nil || t.user && t.s != "" }

// at reports whether byte i is people's.
func (t text) at(i int) bool {
	if t.mask != nil {
		return t.mask[i]
	}
	return t.user
}

// slice returns the bytes from and to.
func (t text) slice(from, to int) text {
	if t.mask == nil {
		return text{s: t.s[from:to], user: t.user}
	}
	return text{s: t.s[from:to], mask: t.mask[from:to]}
}

// with returns another string that was made of t: people's as a whole if any of t is.
func (t text) with(s string) text { return text{s: s, user: t.marked()} }

// joined returns texts one behind another.
func joined(parts ...text) text {
	size, user, trusted := 0, false, false
	for _, part := range parts {
		size += len(part.s)
		if part.s != "" {
			user = user || part.mask != nil || part.user
			trusted = trusted || part.mask != nil || !part.user
		}
	}
	var out strings.Builder
	out.Grow(size)
	for _, part := range parts {
		out.WriteString(part.s)
	}
	if !user || !trusted {
		return text{s: out.String(), user: user}
	}
	mask := make([]bool, 0, size)
	for _, part := range parts {
		if part.mask != nil {
			mask = append(mask, part.mask...)
			continue
		}
		for range len(part.s) {
			mask = append(mask, part.user)
		}
	}
	return text{s: out.String(), mask: mask}
}

type undefined struct{ name string }

type list struct {
	items []any
	tuple bool
}

// dict is a mapping with keys of text, in order.
type dict struct {
	keys   []text
	values []any
	index  map[string]int
}

func newDict() *dict { return &dict{index: map[string]int{}} }

func (d *dict) set(key text, value any) {
	if i, ok := d.index[key.s]; ok {
		d.values[i] = value
		return
	}
	d.index[key.s] = len(d.keys)
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

func (d *dict) get(key string) (any, bool) {
	i, ok := d.index[key]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

type namespace struct{ vars map[string]any }

type function struct {
	name string
	call func(r *run, args arguments) (any, error)
}

// arguments are those of a call.
type arguments struct {
	list  []any
	named map[string]any
}

// get returns the argument at a place or with a name.
func (a arguments) get(i int, name string) (any, bool) {
	if i < len(a.list) {
		return a.list[i], true
	}
	value, ok := a.named[name]
	return value, ok
}

// check refuses arguments that a function does not take.
func (a arguments) check(names ...string) error {
	if len(a.list) > len(names) {
		return fmt.Errorf("%d arguments; at most %d are supported", len(a.list), len(names))
	}
	for given := range a.named {
		known := false
		for i, name := range names {
			known = known || name == given && i >= len(a.list)
		}
		if !known {
			return fmt.Errorf("the argument %s is not supported", given)
		}
	}
	return nil
}

func truth(value any) bool {
	switch v := value.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case text:
		return v.s != ""
	case *list:
		return len(v.items) > 0
	case *dict:
		return len(v.keys) > 0
	}
	return true
}

// kindOf names the type of a value as Python does.
func kindOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "NoneType"
	case undefined:
		return "undefined value " + v.name
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case text:
		return "str"
	case *list:
		if v.tuple {
			return "tuple"
		}
		return "list"
	case *dict:
		return "dict"
	}
	return "object"
}

// number returns a number as float64; a truth value is 0 or 1.
func toFloat(value any) (float64, bool) {
	switch v := value.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// toInt returns a whole number; a truth value is 0 or 1.
func toInt(value any) (int64, bool) {
	switch v := value.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return v, true
	}
	return 0, false
}

// equal compares as Python's == does.
func (r *run) equal(a, b any) bool {
	r.look(0)
	if x, ok := toInt(a); ok {
		if y, ok := toInt(b); ok {
			return x == y
		}
	}
	if x, ok := toFloat(a); ok {
		y, ok := toFloat(b)
		return ok && x == y
	}
	switch x := a.(type) {
	case nil:
		return b == nil
	case undefined:
		_, ok := b.(undefined)
		return ok
	case text:
		y, ok := b.(text)
		return ok && x.s == y.s
	case *list:
		y, ok := b.(*list)
		if !ok || len(x.items) != len(y.items) || x.tuple != y.tuple {
			return false
		}
		for i := range x.items {
			if !r.equal(x.items[i], y.items[i]) {
				return false
			}
		}
		return true
	case *dict:
		y, ok := b.(*dict)
		if !ok || len(x.keys) != len(y.keys) {
			return false
		}
		for i, key := range x.keys {
			if other, ok := y.get(key.s); !ok || !r.equal(x.values[i], other) {
				return false
			}
		}
		return true
	}
	return a == b
}

// compare orders numbers, and texts by their characters.
func compare(a, b any) (int, error) {
	if x, ok := toFloat(a); ok {
		if y, ok := toFloat(b); ok {
			switch {
			case x < y:
				return -1, nil
			case x > y:
				return 1, nil
			}
			return 0, nil
		}
	}
	x, first := a.(text)
	y, second := b.(text)
	if first && second {
		return strings.Compare(x.s, y.s), nil
	}
	return 0, fmt.Errorf("%s and %s have no order", kindOf(a), kindOf(b))
}

// show writes a value as Python's str does.
func (r *run) show(value any) text {
	switch v := value.(type) {
	case text:
		return v
	case undefined:
		return text{}
	}
	var out strings.Builder
	user := r.repr(&out, value, 0)
	if r.pay(2*out.Len()) != nil {
		panic(tooMuch{})
	}
	return text{s: out.String(), user: user}
}

// tooMuch is what a rendering panics with, and recovers from, when it looks at more values than it may.
type tooMuch struct{}

// look counts one value of a walk through lists and mappings. Values may be shared, so that a walk can be exponential.
func (r *run) look(depth int) {
	if r.looks++; r.looks > maxLooks || depth > maxDepth {
		panic(tooMuch{})
	}
}

// repr writes a value as Python's repr does, and reports whether a text in it is people's.
func (r *run) repr(out *strings.Builder, value any, depth int) (user bool) {
	if r.look(depth); out.Len() > r.bytes {
		panic(tooMuch{})
	}
	switch v := value.(type) {
	case nil:
		out.WriteString("None")
	case bool:
		if v {
			out.WriteString("True")
		} else {
			out.WriteString("False")
		}
	case int64:
		out.WriteString(strconv.FormatInt(v, 10))
	case float64:
		out.WriteString(floatText(v))
	case text:
		quote(out, v.s)
		return v.marked()
	case *list:
		open, shut := "[", "]"
		if v.tuple {
			open, shut = "(", ")"
		}
		out.WriteString(open)
		for i, item := range v.items {
			if i > 0 {
				out.WriteString(", ")
			}
			user = r.repr(out, item, depth+1) || user
		}
		if v.tuple && len(v.items) == 1 {
			out.WriteString(",")
		}
		out.WriteString(shut)
	case *dict:
		out.WriteString("{")
		for i, key := range v.keys {
			if i > 0 {
				out.WriteString(", ")
			}
			quote(out, key.s)
			out.WriteString(": ")
			user = r.repr(out, v.values[i], depth+1) || key.marked() || user
		}
		out.WriteString("}")
	case undefined:
		out.WriteString("Undefined")
	default:
		out.WriteString("<object>")
	}
	return user
}

// floatText writes a number as Python's repr does.
func floatText(x float64) string {
	switch {
	case math.IsInf(x, 1):
		return "inf"
	case math.IsInf(x, -1):
		return "-inf"
	case x != x:
		return "nan"
	case x == 0 || math.Abs(x) >= 1e-4 && math.Abs(x) < 1e16:
		s := strconv.FormatFloat(x, 'f', -1, 64)
		if !strings.ContainsRune(s, '.') {
			s += ".0"
		}
		return s
	}
	return strconv.FormatFloat(x, 'e', -1, 64)
}

func quote(out *strings.Builder, s string) {
	mark := '\''
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		mark = '"'
	}
	out.WriteRune(mark)
	for _, r := range s {
		switch {
		case r == mark || r == '\\':
			out.WriteRune('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case unicode.IsPrint(r):
			out.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(out, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(out, `\u%04x`, r)
		default:
			fmt.Fprintf(out, `\U%08x`, r)
		}
	}
	out.WriteRune(mark)
}
