package template

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// methodOf returns a method of a text, a mapping or a list.
func methodOf(of any, name string) (*function, bool) {
	var call func(r *run, args arguments) (any, error)
	ok := false
	switch v := of.(type) {
	case text:
		var method func(*run, text, arguments) (any, error)
		if method, ok = textMethods[name]; ok {
			call = func(r *run, args arguments) (any, error) { return method(r, v, args) }
		}
	case *dict:
		var method func(*run, *dict, arguments) (any, error)
		if method, ok = dictMethods[name]; ok {
			call = func(r *run, args arguments) (any, error) { return method(r, v, args) }
		}
	case *list:
		switch name {
		case "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse":
			ok = true
			call = func(*run, arguments) (any, error) {
				return nil, errors.New("lists cannot be changed in a template; make a new one with +")
			}
		case "index", "count":
			ok = true
			call = func(r *run, args arguments) (any, error) { return find(r, v, name, args) }
		}
	}
	if !ok {
		return nil, false
	}
	return &function{name, func(r *run, args arguments) (any, error) {
		value, err := call(r, args)
		if err != nil {
			return nil, fmt.Errorf("method %s: %w", name, err)
		}
		return value, nil
	}}, true
}

func find(r *run, l *list, name string, args arguments) (any, error) {
	if len(args.list) != 1 {
		return nil, errors.New("needs one argument")
	}
	count := int64(0)
	for i, item := range l.items {
		if r.equal(item, args.list[0]) {
			if name == "index" {
				return int64(i), nil
			}
			count++
		}
	}
	if name == "index" {
		return nil, errors.New("the value is not in the list")
	}
	return count, nil
}

var dictMethods = map[string]func(*run, *dict, arguments) (any, error){
	"items": func(r *run, d *dict, args arguments) (any, error) { return items(r, d, args) },
	"keys": func(r *run, d *dict, args arguments) (any, error) {
		keys, err := r.items(d)
		return &list{items: keys}, err
	},
	"values": func(r *run, d *dict, args arguments) (any, error) { return &list{items: d.values}, nil },
	"get": func(r *run, d *dict, args arguments) (any, error) {
		key, _ := args.get(0, "key")
		if value, ok := d.get(r.show(key).s); ok {
			return value, nil
		}
		missing, _ := args.get(1, "default")
		return missing, nil
	},
	"update": frozen, "pop": frozen, "popitem": frozen, "clear": frozen, "setdefault": frozen,
}

func frozen(*run, *dict, arguments) (any, error) {
	return nil, errors.New("mappings cannot be changed in a template")
}

var textMethods map[string]func(*run, text, arguments) (any, error)

func init() {
	stripped := func(left, right bool) func(*run, text, arguments) (any, error) {
		return func(r *run, t text, args arguments) (any, error) {
			chars, _ := args.get(0, "chars")
			return strip(t, chars, left, right), nil
		}
	}
	changed := func(change func(string) string) func(*run, text, arguments) (any, error) {
		return func(r *run, t text, args arguments) (any, error) { return mapText(change)(r, t, args) }
	}
	affix := func(has func(string, string) bool) func(*run, text, arguments) (any, error) {
		return func(r *run, t text, args arguments) (any, error) {
			given, _ := args.get(0, "prefix")
			options := []any{given}
			if l, ok := given.(*list); ok {
				options = l.items
			}
			for _, option := range options {
				word, ok := option.(text)
				if !ok {
					return nil, fmt.Errorf("needs text, not %s", kindOf(option))
				}
				if has(t.s, word.s) {
					return true, nil
				}
			}
			return false, nil
		}
	}
	index := func(find func(string, string) int) func(*run, text, arguments) (any, error) {
		return func(r *run, t text, args arguments) (any, error) {
			word, _ := args.get(0, "sub")
			i := find(t.s, r.show(word).s)
			if i < 0 {
				return int64(-1), args.check("sub")
			}
			return int64(utf8.RuneCountInString(t.s[:i])), args.check("sub")
		}
	}
	every := func(is func(rune) bool) func(*run, text, arguments) (any, error) {
		return func(_ *run, t text, _ arguments) (any, error) {
			return t.s != "" && strings.IndexFunc(t.s, func(r rune) bool { return !is(r) }) < 0, nil
		}
	}
	textMethods = map[string]func(*run, text, arguments) (any, error){
		"strip": stripped(true, true), "lstrip": stripped(true, false), "rstrip": stripped(false, true),
		"upper": changed(strings.ToUpper), "lower": changed(strings.ToLower), "capitalize": changed(capitalize),
		"title": changed(title), "startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix),
		"find": index(strings.Index), "rfind": index(strings.LastIndex), "isdigit": every(unicode.IsDigit),
		"isalpha": every(unicode.IsLetter), "isspace": every(isSpace),
		"isalnum": every(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
		"replace": func(r *run, t text, args arguments) (any, error) { return replace(r, t, args) },
		"split":   split, "rsplit": splitFromEnd, "splitlines": splitLines, "partition": partition,
		"join": func(r *run, t text, args arguments) (any, error) {
			list, _ := args.get(0, "iterable")
			return join(r, list, arguments{list: []any{t}})
		},
		"count": func(r *run, t text, args arguments) (any, error) {
			word, _ := args.get(0, "sub")
			return int64(strings.Count(t.s, r.show(word).s)), nil
		},
		"removeprefix": func(r *run, t text, args arguments) (any, error) {
			word, _ := args.get(0, "prefix")
			return t.slice(len(t.s)-len(strings.TrimPrefix(t.s, r.show(word).s)), len(t.s)), nil
		},
		"removesuffix": func(r *run, t text, args arguments) (any, error) {
			word, _ := args.get(0, "suffix")
			return t.slice(0, len(strings.TrimSuffix(t.s, r.show(word).s))), nil
		},
	}
}

// limits reads the arguments of split and rsplit.
func limits(args arguments) (separator text, blank bool, most int64, err error) {
	given, _ := args.get(0, "sep")
	most = -1
	if n, ok := args.get(1, "maxsplit"); ok {
		if most, ok = toInt(n); !ok {
			return text{}, false, 0, errors.New("maxsplit must be a whole number")
		}
	}
	if given == nil {
		return text{}, true, most, args.check("sep", "maxsplit")
	}
	separator, ok := given.(text)
	if !ok || separator.s == "" {
		return text{}, false, 0, errors.New("the separator must be text that is not empty")
	}
	return separator, false, most, args.check("sep", "maxsplit")
}

func split(r *run, t text, args arguments) (any, error) {
	separator, blank, most, err := limits(args)
	if err != nil {
		return nil, err
	}
	out := &list{}
	from := 0
	for most != 0 {
		if err := r.pay(64); err != nil {
			return nil, err
		}
		if blank {
			from = len(t.s) - len(strings.TrimLeftFunc(t.s[from:], isSpace))
			to := strings.IndexFunc(t.s[from:], isSpace)
			if to < 0 {
				break
			}
			out.items = append(out.items, t.slice(from, from+to))
			from += to
		} else {
			to := strings.Index(t.s[from:], separator.s)
			if to < 0 {
				break
			}
			out.items = append(out.items, t.slice(from, from+to))
			from += to + len(separator.s)
		}
		most--
	}
	rest := t.slice(from, len(t.s))
	if blank {
		if rest = strip(rest, nil, true, false); rest.s == "" {
			return out, nil
		}
	}
	out.items = append(out.items, rest)
	return out, nil
}

func splitFromEnd(r *run, t text, args arguments) (any, error) {
	separator, blank, most, err := limits(args)
	if err != nil {
		return nil, err
	}
	if blank {
		return nil, errors.New("a separator is needed")
	}
	var parts []any
	to := len(t.s)
	for most != 0 {
		if err := r.pay(64); err != nil {
			return nil, err
		}
		from := strings.LastIndex(t.s[:to], separator.s)
		if from < 0 {
			break
		}
		parts = append(parts, t.slice(from+len(separator.s), to))
		to = from
		most--
	}
	parts = append(parts, t.slice(0, to))
	out := &list{}
	for i := len(parts) - 1; i >= 0; i-- {
		out.items = append(out.items, parts[i])
	}
	return out, nil
}

func splitLines(r *run, t text, args arguments) (any, error) {
	out := &list{}
	from := 0
	for from < len(t.s) {
		if err := r.pay(64); err != nil {
			return nil, err
		}
		to := strings.IndexAny(t.s[from:], "\r\n")
		if to < 0 {
			out.items = append(out.items, t.slice(from, len(t.s)))
			break
		}
		out.items = append(out.items, t.slice(from, from+to))
		from += to + 1
		if t.s[from-1] == '\r' && strings.HasPrefix(t.s[from:], "\n") {
			from++
		}
	}
	return out, args.check()
}

func partition(_ *run, t text, args arguments) (any, error) {
	separator, blank, _, err := limits(args)
	if err != nil || blank {
		return nil, errors.Join(err, errors.New("a separator is needed"))
	}
	i := strings.Index(t.s, separator.s)
	if i < 0 {
		return &list{[]any{t, text{}, text{}}, true}, nil
	}
	end := i + len(separator.s)
	return &list{[]any{t.slice(0, i), t.slice(i, end), t.slice(end, len(t.s))}, true}, nil
}
