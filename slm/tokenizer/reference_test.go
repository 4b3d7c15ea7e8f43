package tokenizer

import (
	"strings"
	"unicode"
)

// A node matches at a place in text and calls then with every place where it may end, best first, until then is
// satisfied.
type node func(text []rune, at int, then func(end int) bool) bool

// compile reads the regular expressions of the split patterns: a slow, plain reference with backtracking.
func compile(pattern string) node {
	p := &regexParser{in: []rune(pattern)}
	return p.alternatives()
}

// firstMatch returns the length in bytes of the first match, which must be at the beginning.
func firstMatch(n node, text string) int {
	runes, length := []rune(text), -1
	n(runes, 0, func(end int) bool { length = len(string(runes[:end])); return true })
	return length
}

type regexParser struct {
	in   []rune
	at   int
	fold bool
}

func (p *regexParser) accept(text string) bool {
	if strings.HasPrefix(string(p.in[p.at:]), text) {
		p.at += len([]rune(text))
		return true
	}
	return false
}

func (p *regexParser) alternatives() node {
	options := []node{p.sequence()}
	for p.accept("|") {
		options = append(options, p.sequence())
	}
	return func(text []rune, at int, then func(int) bool) bool {
		for _, option := range options {
			if option(text, at, then) {
				return true
			}
		}
		return false
	}
}

func (p *regexParser) sequence() node {
	result := node(func(_ []rune, at int, then func(int) bool) bool { return then(at) })
	for p.at < len(p.in) && p.in[p.at] != '|' && p.in[p.at] != ')' {
		first, second := result, p.repeated()
		result = func(text []rune, at int, then func(int) bool) bool {
			return first(text, at, func(end int) bool { return second(text, end, then) })
		}
	}
	return result
}

func (p *regexParser) repeated() node {
	one := p.single()
	least, most := 1, 1
	switch {
	case p.accept("?"):
		least = 0
	case p.accept("*"):
		least, most = 0, 1<<30
	case p.accept("+"):
		most = 1 << 30
	case p.accept("{1,3}"):
		most = 3
	}
	var from func(count int) node
	from = func(count int) node {
		return func(text []rune, at int, then func(int) bool) bool {
			more := func(end int) bool { return (end > at || count < least) && from(count+1)(text, end, then) }
			if count < most && one(text, at, more) {
				return true
			}
			return count >= least && then(at)
		}
	}
	return from(0)
}

func (p *regexParser) single() node {
	switch {
	case p.accept("(?i:"):
		p.fold = true
		inner := p.alternatives()
		p.fold = false
		p.accept(")")
		return inner
	case p.accept("(?!"):
		inner := p.alternatives()
		p.accept(")")
		return func(text []rune, at int, then func(int) bool) bool {
			return !inner(text, at, func(int) bool { return true }) && then(at)
		}
	case p.accept("["):
		negated := p.accept("^")
		var members []func(rune) bool
		for !p.accept("]") {
			members = append(members, p.member())
		}
		return oneRune(func(r rune) bool {
			for _, member := range members {
				if member(r) {
					return !negated
				}
			}
			return negated
		})
	}
	return oneRune(p.member())
}

func oneRune(is func(rune) bool) node {
	return func(text []rune, at int, then func(int) bool) bool {
		return at < len(text) && is(text[at]) && then(at+1)
	}
}

func (p *regexParser) member() func(rune) bool {
	for text, is := range map[string]func(rune) bool{
		`\s`: unicode.IsSpace, `\S`: func(r rune) bool { return !unicode.IsSpace(r) },
		`\r`: func(r rune) bool { return r == '\r' }, `\n`: func(r rune) bool { return r == '\n' },
	} {
		if p.accept(text) {
			return is
		}
	}
	if p.accept(`\p{`) {
		from := p.at
		for p.in[p.at] != '}' {
			p.at++
		}
		table := unicode.Categories[string(p.in[from:p.at])]
		p.at++
		return func(r rune) bool { return unicode.Is(table, r) }
	}
	want, fold := p.in[p.at], p.fold
	p.at++
	return func(r rune) bool {
		return r == want || fold && strings.EqualFold(string(r), string(want))
	}
}
