package template

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// globals are the functions that a template may call by name.
var globals map[string]any

// filters are the filters that a template may use.
var filters map[string]func(r *run, value any, args arguments) (any, error)

// tests are the tests behind is.
var tests map[string]func(r *run, value any, args []any) (bool, error)

func init() {
	globals = map[string]any{}
	for name, call := range map[string]func(*run, arguments) (any, error){
		"raise_exception": raise, "strftime_now": strftime, "namespace": newNamespace, "range": newRange, "dict": dictOfNames,
	} {
		globals[name] = &function{name, call}
	}
	filters = map[string]func(*run, any, arguments) (any, error){
		"tojson": toJSON, "trim": trim, "length": length, "count": length, "upper": mapText(strings.ToUpper),
		"lower": mapText(strings.ToLower), "capitalize": mapText(capitalize), "title": mapText(title), "string": toText,
		"safe": toText, "int": asInt, "float": asFloat, "list": asList, "join": join, "first": first, "last": last,
		"replace": replace, "default": byDefault, "d": byDefault, "reverse": reverse, "sort": sortItems, "items": items,
		"dictsort": items, "map": mapItems, "select": pick(true, false), "reject": pick(false, false),
		"selectattr": pick(true, true), "rejectattr": pick(false, true), "unique": unique, "indent": indent, "abs": absolute,
		"sum": sum, "min": extreme(-1), "max": extreme(1), "round": round,
	}
	kinds := func(names ...string) func(*run, any, []any) (bool, error) {
		return func(_ *run, value any, _ []any) (bool, error) { return slices.Contains(names, kindOf(value)), nil }
	}
	isUndefined := func(_ *run, value any, _ []any) (bool, error) { _, ok := value.(undefined); return ok, nil }
	compares := func(op string) func(*run, any, []any) (bool, error) {
		return func(r *run, value any, args []any) (bool, error) {
			if len(args) != 1 {
				return false, errors.New("needs one argument")
			}
			return r.holds(op, value, args[0])
		}
	}
	divides := func(by int64) func(*run, any, []any) (bool, error) {
		return func(r *run, value any, args []any) (bool, error) {
			n, ok := toInt(value)
			if by == 0 && len(args) == 1 {
				by, _ := toInt(args[0])
				return ok && by != 0 && n%by == 0, nil
			}
			return ok && by != 0 && n%by == 0, nil
		}
	}
	tests = map[string]func(*run, any, []any) (bool, error){
		"undefined": isUndefined, "none": kinds("NoneType"), "string": kinds("str"), "mapping": kinds("dict"),
		"number": kinds("int", "float", "bool"), "integer": kinds("int"), "float": kinds("float"), "boolean": kinds("bool"),
		"sequence": kinds("str", "list", "tuple", "dict"), "even": divides(2), "divisibleby": divides(0),
		"true":     func(_ *run, value any, _ []any) (bool, error) { return value == true, nil },
		"false":    func(_ *run, value any, _ []any) (bool, error) { return value == false, nil },
		"callable": func(_ *run, value any, _ []any) (bool, error) { _, ok := value.(*function); return ok, nil },
	}
	tests["defined"] = func(_ *run, value any, _ []any) (bool, error) { _, ok := value.(undefined); return !ok, nil }
	tests["iterable"] = func(_ *run, value any, _ []any) (bool, error) {
		_, missing := value.(undefined)
		return missing || slices.Contains([]string{"str", "list", "tuple", "dict"}, kindOf(value)), nil
	}
	tests["odd"] = func(r *run, value any, args []any) (bool, error) {
		n, ok := toInt(value)
		return ok && n%2 != 0, nil
	}
	for name, op := range map[string]string{
		"eq": "==", "equalto": "==", "sameas": "==", "ne": "!=", "lt": "<", "lessthan": "<", "le": "<=", "gt": ">",
		"greaterthan": ">", "ge": ">=", "in": "in",
	} {
		tests[name] = compares(op)
	}
}

func raise(r *run, args arguments) (any, error) {
	message, _ := args.get(0, "message")
	return nil, &RaisedError{r.show(message).s}
}

// strftime writes the time of the rendering in the format of C.
func strftime(r *run, args arguments) (any, error) {
	format, _ := args.get(0, "format")
	if r.now.IsZero() {
		return nil, errors.New("strftime_now: the template asks for the time, and none was given")
	}
	layouts := map[byte]string{
		'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'd': "02", 'H': "15", 'I': "03", 'j': "002", 'm': "01",
		'M': "04", 'p': "PM", 'S': "05", 'y': "06", 'Y': "2006", 'Z': "MST", 'z': "-0700", 'F': time.DateOnly,
		'T': time.TimeOnly, 'e': "_2",
	}
	given := r.show(format)
	var out strings.Builder
	for i := 0; i < len(given.s); i++ {
		c := given.s[i]
		if c != '%' || i+1 == len(given.s) {
			out.WriteByte(c)
			continue
		}
		i++
		layout, ok := layouts[given.s[i]]
		switch {
		case given.s[i] == '%':
			out.WriteByte('%')
		case !ok:
			return nil, fmt.Errorf("strftime_now: %%%c is not supported", given.s[i])
		default:
			out.WriteString(r.now.Format(layout))
		}
	}
	return given.with(out.String()), r.pay(out.Len())
}

func newNamespace(r *run, args arguments) (any, error) {
	ns := &namespace{map[string]any{}}
	for _, value := range args.list {
		d, ok := value.(*dict)
		if !ok {
			return nil, fmt.Errorf("namespace: %s is no mapping", kindOf(value))
		}
		for i, key := range d.keys {
			ns.vars[key.s] = d.values[i]
		}
	}
	for name, value := range args.named {
		ns.vars[name] = value
	}
	return ns, nil
}

func newRange(r *run, args arguments) (any, error) {
	bounds := []int64{0, 0, 1}
	for i, value := range args.list {
		n, ok := toInt(value)
		if !ok || i > 2 {
			return nil, errors.New("range: needs one to three whole numbers")
		}
		bounds[i] = n
	}
	if len(args.list) == 1 {
		bounds[0], bounds[1] = 0, bounds[0]
	}
	if len(args.list) == 0 || bounds[2] == 0 {
		return nil, errors.New("range: needs one to three whole numbers, and a step that is not 0")
	}
	var items []any
	for i := bounds[0]; bounds[2] > 0 && i < bounds[1] || bounds[2] < 0 && i > bounds[1]; {
		if err := r.pay(32); err != nil {
			return nil, err
		}
		items = append(items, i)
		next := i + bounds[2]
		if (next > i) != (bounds[2] > 0) {
			break
		}
		i = next
	}
	return &list{items: items}, nil
}

func dictOfNames(r *run, args arguments) (any, error) {
	d := newDict()
	if len(args.list) > 1 {
		return nil, errors.New("dict: more than one argument is not supported")
	}
	for _, value := range args.list {
		other, ok := value.(*dict)
		if !ok {
			return nil, fmt.Errorf("dict: %s is no mapping", kindOf(value))
		}
		for i, key := range other.keys {
			d.set(key, other.values[i])
		}
	}
	names := make([]string, 0, len(args.named))
	for name := range args.named {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		d.set(trusted(name), args.named[name])
	}
	return d, nil
}

// mapText makes a filter of a function of a text.
func mapText(change func(string) string) func(*run, any, arguments) (any, error) {
	return func(r *run, value any, args arguments) (any, error) {
		t := r.show(value)
		changed := t.with(change(t.s))
		return changed, errors.Join(args.check(), r.pay(2*len(changed.s)))
	}
}

func capitalize(s string) string {
	_, width := utf8.DecodeRuneInString(s)
	return strings.ToTitle(s[:width]) + strings.ToLower(s[width:])
}

// title makes the first letter of each word large.
func title(s string) string {
	var out strings.Builder
	begin := true
	for _, r := range s {
		if begin {
			out.WriteRune(unicode.ToTitle(r))
		} else {
			out.WriteRune(unicode.ToLower(r))
		}
		begin = unicode.IsSpace(r) || strings.ContainsRune("-({[<", r)
	}
	return out.String()
}

// strip takes characters off both ends, or white space if chars is nil.
func strip(t text, chars any, left, right bool) text {
	cut := isSpace
	if set, ok := chars.(text); ok {
		cut = func(r rune) bool { return strings.ContainsRune(set.s, r) }
	}
	from, to := 0, len(t.s)
	if left {
		from = len(t.s) - len(strings.TrimLeftFunc(t.s, cut))
	}
	if right {
		to = from + len(strings.TrimRightFunc(t.s[from:], cut))
	}
	return t.slice(from, to)
}

func trim(r *run, value any, args arguments) (any, error) {
	chars, _ := args.get(0, "chars")
	return strip(r.show(value), chars, true, true), args.check("chars")
}

func length(r *run, value any, args arguments) (any, error) {
	switch v := value.(type) {
	case text:
		return int64(utf8.RuneCountInString(v.s)), nil
	case *list:
		return int64(len(v.items)), nil
	case *dict:
		return int64(len(v.keys)), nil
	case undefined:
		return int64(0), nil
	}
	return nil, fmt.Errorf("%s has no length", kindOf(value))
}

func toText(r *run, value any, _ arguments) (any, error) { return r.show(value), nil }

func asInt(r *run, value any, args arguments) (any, error) {
	missing, ok := args.get(0, "default")
	if !ok {
		missing = int64(0)
	}
	switch v := value.(type) {
	case text:
		s := strings.ReplaceAll(strings.TrimSpace(v.s), "_", "")
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		if x, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(x) < 1<<62 {
			return int64(x), nil
		}
	case float64:
		if math.Abs(v) < 1<<62 {
			return int64(v), nil
		}
	default:
		if n, ok := toInt(value); ok {
			return n, nil
		}
	}
	return missing, nil
}

func asFloat(r *run, value any, args arguments) (any, error) {
	missing, ok := args.get(0, "default")
	if !ok {
		missing = 0.0
	}
	if t, ok := value.(text); ok {
		if x, err := strconv.ParseFloat(strings.TrimSpace(t.s), 64); err == nil {
			return x, nil
		}
		return missing, nil
	}
	if x, ok := toFloat(value); ok {
		return x, nil
	}
	return missing, nil
}

func asList(r *run, value any, _ arguments) (any, error) {
	items, err := r.items(value)
	return &list{items: slices.Clone(items)}, errors.Join(err, r.pay(16*len(items)))
}

func join(r *run, value any, args arguments) (any, error) {
	if err := args.check("d", "attribute"); err != nil {
		return nil, err
	}
	between, _ := args.get(0, "d")
	name, byAttribute := args.get(1, "attribute")
	items, err := r.items(value)
	if err != nil {
		return nil, err
	}
	var texts []text
	for i, item := range items {
		if byAttribute {
			if item, err = (attribute{literal{item}, r.show(name).s}).eval(r); err != nil {
				return nil, err
			}
		}
		if i > 0 && between != nil {
			texts = append(texts, r.show(between))
		}
		texts = append(texts, r.show(item))
	}
	return joinedWithin(r, texts)
}

// joinedWithin joins texts if there is room for them.
func joinedWithin(r *run, texts []text) (any, error) {
	size := 0
	for _, t := range texts {
		size += len(t.s)
		if size > r.bytes {
			return nil, r.pay(-1)
		}
	}
	return joined(texts...), r.pay(2*size + 16*len(texts))
}

func first(r *run, value any, _ arguments) (any, error) {
	items, err := r.items(value)
	if err != nil || len(items) == 0 {
		return undefined{"the first item of nothing"}, err
	}
	return items[0], nil
}

func last(r *run, value any, _ arguments) (any, error) {
	items, err := r.items(value)
	if err != nil || len(items) == 0 {
		return undefined{"the last item of nothing"}, err
	}
	return items[len(items)-1], nil
}

func replace(r *run, value any, args arguments) (any, error) {
	if err := args.check("old", "new", "count"); err != nil {
		return nil, err
	}
	old, _ := args.get(0, "old")
	replacement, _ := args.get(1, "new")
	limit := int64(-1)
	if count, ok := args.get(2, "count"); ok && count != nil {
		if limit, ok = toInt(count); !ok {
			return nil, errors.New("count must be a whole number")
		}
	}
	t, o, n := r.show(value), r.show(old), r.show(replacement)
	var texts []text
	from := 0
	for limit != 0 {
		i, width := strings.Index(t.s[from:], o.s), len(o.s)
		if o.s == "" { // between all characters
			if err := r.pay(96 + len(n.s)); err != nil {
				return nil, err
			}
			texts = append(texts, n)
			if from == len(t.s) {
				break
			}
			_, width := utf8.DecodeRuneInString(t.s[from:])
			texts = append(texts, t.slice(from, from+width))
			from += width
			limit--
			continue
		}
		if i < 0 {
			break
		}
		if err := r.pay(96 + len(n.s)); err != nil {
			return nil, err
		}
		texts = append(texts, t.slice(from, from+i), n)
		from += i + width
		limit--
	}
	return joinedWithin(r, append(texts, t.slice(from, len(t.s))))
}

func byDefault(r *run, value any, args arguments) (any, error) {
	instead, ok := args.get(0, "default_value")
	if !ok {
		instead = text{}
	}
	also, _ := args.get(1, "boolean")
	if _, missing := value.(undefined); missing || truth(also) && !truth(value) {
		return instead, nil
	}
	return value, args.check("default_value", "boolean")
}

func reverse(r *run, value any, _ arguments) (any, error) {
	items, err := r.items(value)
	if err != nil {
		return nil, err
	}
	turned := slices.Clone(items)
	slices.Reverse(turned)
	if _, ok := value.(text); ok {
		texts := make([]text, len(turned))
		for i, c := range turned {
			texts[i] = c.(text)
		}
		return joinedWithin(r, texts)
	}
	return &list{items: turned}, r.pay(16 * len(turned))
}

func sortItems(r *run, value any, args arguments) (any, error) {
	if err := args.check("reverse", "case_sensitive", "attribute"); err != nil {
		return nil, err
	}
	items, err := r.items(value)
	if err != nil {
		return nil, err
	}
	name, byAttribute := args.get(2, "attribute")
	cased, _ := args.get(1, "case_sensitive")
	keys := make([]any, len(items))
	order := make([]int, len(items))
	for i, item := range items {
		if byAttribute && name != nil {
			if item, err = (attribute{literal{item}, r.show(name).s}).eval(r); err != nil {
				return nil, err
			}
		}
		if t, ok := item.(text); ok && !truth(cased) {
			item = t.with(strings.ToLower(t.s))
		}
		keys[i], order[i] = item, i
	}
	sign := 1
	if down, _ := args.get(0, "reverse"); truth(down) {
		sign = -1
	}
	slices.SortStableFunc(order, func(a, b int) int {
		n, wrong := compare(keys[a], keys[b])
		if wrong != nil {
			err = wrong
		}
		return sign * n
	})
	sorted := make([]any, len(items))
	for i, j := range order {
		sorted[i] = items[j]
	}
	return &list{items: sorted}, errors.Join(err, r.pay(64*len(items)))
}

// items is the filters items and dictsort: pairs of key and value.
func items(r *run, value any, args arguments) (any, error) {
	if _, missing := value.(undefined); missing {
		return &list{}, nil
	}
	d, ok := value.(*dict)
	if !ok {
		return nil, fmt.Errorf("%s is no mapping", kindOf(value))
	}
	pairs := &list{}
	for i, key := range d.keys {
		pairs.items = append(pairs.items, &list{[]any{key, d.values[i]}, true})
	}
	return pairs, errors.Join(args.check(), r.pay(64*len(d.keys)))
}

func mapItems(r *run, value any, args arguments) (any, error) {
	items, err := r.items(value)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(items))
	if name, ok := args.named["attribute"]; ok {
		missing, hasDefault := args.named["default"]
		for i, item := range items {
			if out[i], err = (attribute{literal{item}, r.show(name).s}).eval(r); err != nil {
				return nil, err
			}
			if _, undefined := out[i].(undefined); undefined && hasDefault {
				out[i] = missing
			}
		}
		return &list{items: out}, r.pay(16 * len(out))
	}
	if len(args.list) == 0 {
		return nil, errors.New("needs the name of a filter or attribute=")
	}
	apply, ok := filters[r.show(args.list[0]).s]
	if !ok {
		return nil, fmt.Errorf("the filter %q is not supported in chat templates", r.show(args.list[0]).s)
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer func() { r.depth-- }()
	for i, item := range items {
		if err := r.step(); err != nil {
			return nil, err
		}
		if out[i], err = apply(r, item, arguments{args.list[1:], args.named}); err != nil {
			return nil, err
		}
	}
	return &list{items: out}, r.pay(16 * len(out))
}

// pick makes select, reject, selectattr and rejectattr.
func pick(keep, byAttribute bool) func(*run, any, arguments) (any, error) {
	return func(r *run, value any, args arguments) (any, error) {
		items, err := r.items(value)
		if err != nil {
			return nil, err
		}
		given := args.list
		var name string
		if byAttribute {
			if len(given) == 0 {
				return nil, errors.New("needs the name of an attribute")
			}
			name, given = r.show(given[0]).s, given[1:]
		}
		test := func(_ *run, value any, _ []any) (bool, error) { return truth(value), nil }
		if len(given) > 0 {
			var ok bool
			title := r.show(given[0]).s
			if op := map[string]string{"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[title]; op != "" {
				title = op
			}
			if test, ok = tests[title]; !ok {
				return nil, fmt.Errorf("the test %q is not supported in chat templates", title)
			}
			given = given[1:]
		}
		var picked []any
		for _, item := range items {
			if err := r.step(); err != nil {
				return nil, err
			}
			subject := item
			if byAttribute {
				if subject, err = (attribute{literal{item}, name}).eval(r); err != nil {
					return nil, err
				}
			}
			holds, err := test(r, subject, given)
			if err != nil {
				return nil, err
			}
			if holds == keep {
				picked = append(picked, item)
			}
		}
		return &list{items: picked}, r.pay(16 * len(picked))
	}
}

func unique(r *run, value any, _ arguments) (any, error) {
	items, err := r.items(value)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var kept []any
	for _, item := range items {
		key := kindOf(item) + " " + strings.ToLower(r.show(item).s)
		if err := r.pay(len(key)); err != nil {
			return nil, err
		}
		if !seen[key] {
			seen[key] = true
			kept = append(kept, item)
		}
	}
	return &list{items: kept}, nil
}

func indent(r *run, value any, args arguments) (any, error) {
	if err := args.check("width", "first", "blank"); err != nil {
		return nil, err
	}
	width, ok := args.get(0, "width")
	by := trusted("    ")
	if t, isText := width.(text); isText {
		by = t
	} else if n, isNumber := toInt(width); isNumber {
		by = trusted(strings.Repeat(" ", int(max(0, min(n, 1<<10)))))
	} else if ok {
		return nil, errors.New("width must be a number or text")
	}
	atFirst, _ := args.get(1, "first")
	blank, _ := args.get(2, "blank")
	t := r.show(value)
	var texts []text
	from := 0
	for line := 0; ; line++ {
		if err := r.pay(96 + len(by.s)); err != nil {
			return nil, err
		}
		to := strings.IndexByte(t.s[from:], '\n')
		end := from + to
		if to < 0 {
			end = len(t.s)
		}
		if (line > 0 || truth(atFirst)) && (end > from || truth(blank) || line == 0) {
			texts = append(texts, by)
		}
		if to < 0 {
			return joinedWithin(r, append(texts, t.slice(from, end)))
		}
		texts = append(texts, t.slice(from, end+1))
		from = end + 1
	}
}

func absolute(_ *run, value any, _ arguments) (any, error) {
	if n, ok := toInt(value); ok && n != math.MinInt64 {
		return max(n, -n), nil
	}
	x, ok := value.(float64)
	if !ok {
		return nil, fmt.Errorf("%s is no number", kindOf(value))
	}
	return math.Abs(x), nil
}

func sum(r *run, value any, args arguments) (any, error) {
	if err := args.check(); err != nil {
		return nil, err
	}
	items, err := r.items(value)
	var total any = int64(0)
	for _, item := range items {
		if err == nil {
			total, err = r.arithmetic("+", total, item)
		}
	}
	return total, err
}

// extreme makes min and max.
func extreme(sign int) func(*run, any, arguments) (any, error) {
	return func(r *run, value any, args arguments) (any, error) {
		if err := args.check(); err != nil {
			return nil, err
		}
		items, err := r.items(value)
		if err != nil || len(items) == 0 {
			return undefined{"an extreme of nothing"}, err
		}
		best := items[0]
		for _, item := range items[1:] {
			order, err := compare(item, best)
			if err != nil {
				return nil, err
			}
			if order*sign > 0 {
				best = item
			}
		}
		return best, nil
	}
}

func round(r *run, value any, args arguments) (any, error) {
	x, ok := toFloat(value)
	if !ok {
		return nil, fmt.Errorf("%s is no number", kindOf(value))
	}
	digits, _ := args.get(0, "precision")
	n, _ := toInt(digits)
	if n < 0 || n > 15 {
		return nil, errors.New("precision must be 0 to 15")
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', int(n), 64), 64)
	return rounded, errors.Join(err, args.check("precision"))
}
