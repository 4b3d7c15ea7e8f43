package engine

import "sync"

// jsonRules builds rules of JSON. Names of rules are their numbers.
type jsonRules struct {
	rules                       []rule
	blank, str, number, integer int
	value                       int // any value
}

// newJSONRules returns rules with number 0 left for the whole answer.
func newJSONRules() *jsonRules {
	j := &jsonRules{rules: []rule{nil}}
	// One blank, or a new line and an indent: answers do not go on with blanks for ever.
	j.blank = j.add(sequence{}, text(" "), join(text("\n"), refs(j.upTo(set(" \t"), 20))))
	j.str = j.add(join(text(`"`), refs(j.list(j.character())), text(`"`)))
	sign := j.add(sequence{}, text("-"))
	whole := j.add(text("0"), join(sequence{set("1-9")}, refs(j.upTo(set("0-9"), 15))))
	fraction := j.add(sequence{}, join(text("."), sequence{set("0-9")}, refs(j.upTo(set("0-9"), 15))))
	exponent := j.add(sequence{}, join(sequence{set("eE")}, refs(j.add(sequence{}, sequence{set("+\\-")})),
		sequence{set("0-9")}, refs(j.upTo(set("0-9"), 1))))
	j.integer = j.add(refs(sign, whole))
	j.number = j.add(refs(sign, whole, fraction, exponent))
	j.value = j.reserve()
	object, array := j.mapOf(j.value), j.arrayOf(j.value)
	j.rules[j.value] = rule{
		refs(object), refs(array), refs(j.str), refs(j.number), text("true"), text("false"), text("null"),
	}
	return j
}

// add returns a new rule.
func (j *jsonRules) add(choices ...sequence) int {
	j.rules = append(j.rules, choices)
	return len(j.rules) - 1
}

// reserve returns a rule that is set later.
func (j *jsonRules) reserve() int { return j.add() }

// upTo returns a rule for 0 to n elements.
func (j *jsonRules) upTo(e element, n int) int {
	at := j.add(sequence{})
	for range n {
		at = j.add(sequence{}, sequence{e, {rule: at}})
	}
	return at
}

// list returns a rule for any number of what another rule allows.
func (j *jsonRules) list(of int) int {
	at := j.reserve()
	j.rules[at] = rule{sequence{}, refs(of, at)}
	return at
}

// character returns a rule for one character of a string: UTF-8 as RFC 3629 defines it, or an escape.
func (j *jsonRules) character() int {
	between := func(from, to byte) element {
		s := new(byteSet)
		s.add(from, to)
		return element{bytes: s}
	}
	plain := new(byteSet)
	plain.add(0x20, 0x7f)
	plain[0] &^= 1 << '"'
	plain['\\'>>6] &^= 1 << ('\\' & 63)
	tail, hex := between(0x80, 0xbf), set("0-9a-fA-F")
	return j.add(
		sequence{{bytes: plain}},
		sequence{between(0xc2, 0xdf), tail},
		sequence{between(0xe0, 0xe0), between(0xa0, 0xbf), tail},
		sequence{between(0xe1, 0xec), tail, tail},
		sequence{between(0xed, 0xed), between(0x80, 0x9f), tail},
		sequence{between(0xee, 0xef), tail, tail},
		sequence{between(0xf0, 0xf0), between(0x90, 0xbf), tail, tail},
		sequence{between(0xf1, 0xf3), tail, tail, tail},
		sequence{between(0xf4, 0xf4), between(0x80, 0x8f), tail, tail},
		join(text(`\`), sequence{set(`"\\/bfnrt`)}),
		join(text(`\u`), sequence{set("0-9a-cA-CeEfF"), hex, hex, hex}),
		join(text(`\u`), sequence{set("dD"), set("0-7"), hex, hex}),
	)
}

// mapOf returns a rule for objects with any names and values of a rule.
func (j *jsonRules) mapOf(value int) int {
	pair := j.add(join(refs(j.str), text(":"), refs(j.blank, value)))
	more := j.reserve()
	j.rules[more] = rule{sequence{}, join(refs(j.blank), text(","), refs(j.blank, pair, more))}
	return j.add(join(text("{"), refs(j.blank), text("}")),
		join(text("{"), refs(j.blank, pair, more, j.blank), text("}")))
}

// arrayOf returns a rule for arrays of any number of values of a rule.
func (j *jsonRules) arrayOf(value int) int {
	more := j.reserve()
	j.rules[more] = rule{sequence{}, join(refs(j.blank), text(","), refs(j.blank, value, more))}
	return j.add(join(text("["), refs(j.blank), text("]")),
		join(text("["), refs(j.blank, value, more, j.blank), text("]")))
}

// text returns a sequence of bytes.
func text(s string) sequence {
	var out sequence
	for i := range len(s) {
		b := new(byteSet)
		b.add(s[i], s[i])
		out = append(out, element{bytes: b})
	}
	return out
}

// set returns one byte out of those of s, where a-z means a range and a backslash takes the next byte as it is.
func set(s string) element {
	b := new(byteSet)
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.add(s[i], s[i])
		case i+2 < len(s) && s[i+1] == '-':
			b.add(s[i], s[i+2])
			i += 2
		default:
			b.add(s[i], s[i])
		}
	}
	return element{bytes: b}
}

// refs returns rules one behind the other.
func refs(rules ...int) sequence {
	var out sequence
	for _, r := range rules {
		out = append(out, element{rule: r})
	}
	return out
}

func join(parts ...sequence) sequence {
	var out sequence
	for _, part := range parts {
		out = append(out, part...)
	}
	return out
}

// JSONObject returns the grammar of JSON objects (RFC 8259) without blanks around them. Numbers have at most 16 digits
// before and after the point and exponents two; blanks are one space, or a new line with up to 20 spaces and tabs.
var JSONObject = sync.OnceValue(func() *Grammar {
	j := newJSONRules()
	j.rules[0] = rule{refs(j.mapOf(j.value))}
	return newGrammar(j.rules)
})
