package template

import (
	"fmt"
	"strconv"
)

// maxDepth is how deep expressions, statements, calls and values may lie in one another.
const maxDepth = 100

// An expression computes a value.
type expression interface {
	eval(r *run) (any, error)
}

// A statement writes text.
type statement interface {
	exec(r *run) error
}

// Expressions.
type (
	literal  struct{ value any }
	variable struct{ name string }
	listOf   struct {
		items []expression
		tuple bool
	}
	dictOf    struct{ keys, values []expression }
	attribute struct {
		of   expression
		name string
	}
	subscript struct{ of, key expression }
	slicing   struct {
		of                 expression
		start, stop, steps expression // may be nil
	}
	call struct {
		of   expression
		args callArguments
	}
	filtered struct {
		of   expression
		name string
		args callArguments
	}
	tested struct {
		of      expression
		name    string
		args    callArguments
		negated bool
	}
	unary struct {
		op string
		of expression
	}
	binary struct {
		op          string
		left, right expression
	}
	compared struct {
		first expression
		ops   []string
		rest  []expression
	}
	conditional struct{ test, then, otherwise expression } // otherwise may be nil
)

type callArguments struct {
	list  []expression
	names []string
	named []expression
}

// Statements.
type (
	output   struct{ of expression }
	verbatim struct{ text string }
	forLoop  struct {
		targets         []string
		over            expression
		test            expression // may be nil
		body, otherwise []statement
	}
	ifElse struct {
		tests  []expression
		bodies [][]statement
		last   []statement
	}
	assign struct {
		targets   []string
		attribute string // of a namespace, or empty
		value     expression
		body      []statement // of a block that is captured, if value is nil
	}
	macro struct {
		name     string
		params   []string
		defaults []expression // of the last parameters
		body     []statement
	}
	jump struct{ kind error }
	at   struct { // the line of a statement, for errors
		line int
		of   statement
	}
)

type parser struct {
	tokens []token
	pos    int
	depth  int
	loops  int
}

func (p *parser) here() token { return p.tokens[p.pos] }

func (p *parser) is(k kind, text string) bool { return p.here().kind == k && p.here().text == text }

func (p *parser) accept(k kind, text string) bool {
	if !p.is(k, text) {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(k kind, text string) error {
	if !p.accept(k, text) {
		return p.unexpected("want " + text)
	}
	return nil
}

func (p *parser) unexpected(want string) error {
	found := p.here().text
	if p.here().kind == endOfSource {
		found = "the end"
	}
	return fmt.Errorf("%s, found %.60q", want, found)
}

func (p *parser) name() (string, error) {
	if p.here().kind != name {
		return "", p.unexpected("want a name")
	}
	p.pos++
	return p.tokens[p.pos-1].text, nil
}

// deeper counts a level; the caller must call the function that it returns.
func (p *parser) deeper() (func(), error) {
	if p.depth++; p.depth > maxDepth {
		return func() {}, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	return func() { p.depth-- }, nil
}

// statements reads until a block that begins with one of the words, which is left to be read, or to the end of the
// source.
func (p *parser) statements(ends ...string) ([]statement, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	var list []statement
	for {
		t := p.here()
		switch {
		case t.kind == endOfSource:
			if len(ends) > 0 {
				return nil, p.unexpected("want " + ends[len(ends)-1])
			}
			return list, nil
		case t.kind == data:
			p.pos++
			list = append(list, verbatim{t.text})
		case t.text == "{":
			p.pos++
			of, err := p.expressionOrTuple()
			if err == nil {
				err = p.expect(end, "}}")
			}
			if err != nil {
				return nil, err
			}
			list = append(list, at{t.line, output{of}})
		default:
			word := p.tokens[p.pos+1]
			for _, stop := range ends {
				if word.kind == name && word.text == stop {
					return list, nil
				}
			}
			p.pos++
			of, err := p.block()
			if err != nil {
				return nil, err
			}
			list = append(list, at{t.line, of})
		}
	}
}

// finish reads the rest of a block whose word was read: the end of the tag.
func (p *parser) finish(word string) error {
	if err := p.expect(begin, "%"); err != nil {
		return err
	}
	if err := p.expect(name, word); err != nil {
		return err
	}
	return p.expect(end, "%}")
}

type generation struct{ body []statement }

func (p *parser) block() (statement, error) {
	word, err := p.name()
	if err != nil {
		return nil, err
	}
	switch word {
	case "for":
		return p.forLoop()
	case "if":
		return p.ifElse()
	case "set":
		return p.assign()
	case "macro":
		return p.macro()
	case "generation":
		if err := p.expect(end, "%}"); err != nil {
			return nil, err
		}
		body, err := p.statements("endgeneration")
		if err != nil {
			return nil, err
		}
		return generation{body}, p.finish("endgeneration")
	case "break", "continue":
		if p.loops == 0 {
			return nil, fmt.Errorf("%s outside of a loop", word)
		}
		kind := errBreak
		if word == "continue" {
			kind = errContinue
		}
		return jump{kind}, p.expect(end, "%}")
	}
	return nil, fmt.Errorf("the statement %q is not supported in chat templates", word)
}

func (p *parser) forLoop() (statement, error) {
	targets, err := p.targets()
	if err != nil {
		return nil, err
	}
	if err := p.expect(name, "in"); err != nil {
		return nil, err
	}
	loop := forLoop{targets: targets}
	// The condition of a loop stands behind the list, so the list itself is no conditional expression.
	if loop.over, err = p.either(); err != nil {
		return nil, err
	}
	if p.accept(name, "if") {
		if loop.test, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if p.is(name, "recursive") {
		return nil, fmt.Errorf("recursive loops are not supported")
	}
	if err := p.expect(end, "%}"); err != nil {
		return nil, err
	}
	p.loops++
	loop.body, err = p.statements("endfor", "else")
	p.loops--
	if err != nil {
		return nil, err
	}
	if p.tokens[p.pos+1].text == "else" {
		if err := p.finish("else"); err != nil {
			return nil, err
		}
		if loop.otherwise, err = p.statements("endfor"); err != nil {
			return nil, err
		}
	}
	return loop, p.finish("endfor")
}

func (p *parser) targets() ([]string, error) {
	parenthesis := p.accept(operator, "(")
	var targets []string
	for {
		target, err := p.name()
		if err != nil {
			return nil, err
		}
		targets = append(targets, target)
		if !p.accept(operator, ",") {
			break
		}
	}
	if parenthesis {
		return targets, p.expect(operator, ")")
	}
	return targets, nil
}

func (p *parser) ifElse() (statement, error) {
	var result ifElse
	for {
		test, err := p.expressionOrTuple()
		if err == nil {
			err = p.expect(end, "%}")
		}
		if err != nil {
			return nil, err
		}
		body, err := p.statements("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		result.tests, result.bodies = append(result.tests, test), append(result.bodies, body)
		p.pos += 2 // the begin of the tag and its word
		switch word := p.tokens[p.pos-1].text; word {
		case "elif":
			continue
		case "else":
			if err := p.expect(end, "%}"); err != nil {
				return nil, err
			}
			if result.last, err = p.statements("endif"); err != nil {
				return nil, err
			}
			return result, p.finish("endif")
		}
		return result, p.expect(end, "%}")
	}
}

func (p *parser) assign() (statement, error) {
	targets, err := p.targets()
	if err != nil {
		return nil, err
	}
	result := assign{targets: targets}
	if len(targets) == 1 && p.accept(operator, ".") {
		if result.attribute, err = p.name(); err != nil {
			return nil, err
		}
	}
	if p.accept(operator, "=") {
		if result.value, err = p.expressionOrTuple(); err != nil {
			return nil, err
		}
		return result, p.expect(end, "%}")
	}
	if p.is(operator, "|") {
		return nil, fmt.Errorf("filters of a set block are not supported")
	}
	if err := p.expect(end, "%}"); err != nil {
		return nil, err
	}
	if result.body, err = p.statements("endset"); err != nil {
		return nil, err
	}
	return result, p.finish("endset")
}

func (p *parser) macro() (statement, error) {
	title, err := p.name()
	if err != nil {
		return nil, err
	}
	result := macro{name: title}
	if err := p.expect(operator, "("); err != nil {
		return nil, err
	}
	for !p.accept(operator, ")") {
		if len(result.params) > 0 {
			if err := p.expect(operator, ","); err != nil {
				return nil, err
			}
		}
		param, err := p.name()
		if err != nil {
			return nil, err
		}
		result.params = append(result.params, param)
		switch {
		case p.accept(operator, "="):
			value, err := p.expression()
			if err != nil {
				return nil, err
			}
			result.defaults = append(result.defaults, value)
		case len(result.defaults) > 0:
			return nil, fmt.Errorf("the parameter %s needs a default value", param)
		}
	}
	if err := p.expect(end, "%}"); err != nil {
		return nil, err
	}
	loops := p.loops
	p.loops = 0
	result.body, err = p.statements("endmacro")
	p.loops = loops
	if err != nil {
		return nil, err
	}
	return result, p.finish("endmacro")
}

// expressionOrTuple reads an expression, or several with commas between them, which are a tuple.
func (p *parser) expressionOrTuple() (expression, error) {
	first, err := p.expression()
	if err != nil || !p.is(operator, ",") {
		return first, err
	}
	items := []expression{first}
	for p.accept(operator, ",") {
		if p.here().kind == end {
			break
		}
		item, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return listOf{items, true}, nil
}

func (p *parser) expression() (expression, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	then, err := p.either()
	if err != nil {
		return nil, err
	}
	for p.accept(name, "if") {
		test, err := p.either()
		if err != nil {
			return nil, err
		}
		result := conditional{test: test, then: then}
		if p.accept(name, "else") {
			if result.otherwise, err = p.expression(); err != nil {
				return nil, err
			}
		}
		then = result
	}
	return then, nil
}

func (p *parser) either() (expression, error) {
	left, err := p.both()
	for err == nil && p.accept(name, "or") {
		var right expression
		right, err = p.both()
		left = binary{"or", left, right}
	}
	return left, err
}

func (p *parser) both() (expression, error) {
	left, err := p.not()
	for err == nil && p.accept(name, "and") {
		var right expression
		right, err = p.not()
		left = binary{"and", left, right}
	}
	return left, err
}

func (p *parser) not() (expression, error) {
	if !p.accept(name, "not") {
		return p.comparison()
	}
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	of, err := p.not()
	return unary{"not", of}, err
}

func (p *parser) comparison() (expression, error) {
	first, err := p.operators(0)
	if err != nil {
		return nil, err
	}
	result := compared{first: first}
	for {
		op := ""
		t, following := p.here(), p.tokens[min(p.pos+1, len(p.tokens)-1)]
		switch {
		case t.kind == operator && (t.text == "==" || t.text == "!=" || t.text == "<" || t.text == "<=" || t.text == ">" ||
			t.text == ">="):
			op = t.text
		case t.kind == name && t.text == "in":
			op = "in"
		case t.kind == name && t.text == "not" && following.kind == name && following.text == "in":
			op = "not in"
			p.pos++
		}
		if op == "" {
			break
		}
		p.pos++
		right, err := p.operators(0)
		if err != nil {
			return nil, err
		}
		result.ops, result.rest = append(result.ops, op), append(result.rest, right)
	}
	if len(result.ops) == 0 {
		return first, nil
	}
	return result, nil
}

// levels are the operators between two operands, those that bind least first.
var levels = [][]string{{"+", "-"}, {"~"}, {"*", "/", "//", "%"}, {"**"}}

func (p *parser) operators(level int) (expression, error) {
	if level == len(levels) {
		return p.signed(true)
	}
	left, err := p.operators(level + 1)
	for err == nil {
		op := ""
		for _, candidate := range levels[level] {
			if p.accept(operator, candidate) {
				op = candidate
				break
			}
		}
		if op == "" {
			break
		}
		var right expression
		right, err = p.operators(level + 1)
		left = binary{op, left, right}
	}
	return left, err
}

func (p *parser) signed(withFilters bool) (expression, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	var of expression
	switch {
	case p.accept(operator, "-"):
		of, err = p.signed(false)
		of = unary{"-", of}
	case p.accept(operator, "+"):
		of, err = p.signed(false)
		of = unary{"+", of}
	default:
		of, err = p.primary()
	}
	if err == nil {
		of, err = p.postfix(of)
	}
	if err == nil && withFilters {
		of, err = p.filters(of)
	}
	return of, err
}

func (p *parser) primary() (expression, error) {
	t := p.here()
	p.pos++
	switch t.kind {
	case name:
		switch t.text {
		case "true", "True":
			return literal{true}, nil
		case "false", "False":
			return literal{false}, nil
		case "none", "None":
			return literal{nil}, nil
		}
		return variable{t.text}, nil
	case quoted:
		value := t.text
		for p.here().kind == quoted {
			value += p.here().text
			p.pos++
		}
		return literal{trusted(value)}, nil
	case number:
		if n, err := strconv.ParseInt(t.text, 10, 64); err == nil {
			return literal{n}, nil
		}
		x, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, fmt.Errorf("the number %.60s is too large", t.text)
		}
		return literal{x}, nil
	case operator:
		switch t.text {
		case "(":
			return p.parenthesis()
		case "[":
			items, err := p.items("]")
			return listOf{items, false}, err
		case "{":
			return p.dict()
		}
	}
	p.pos--
	return nil, p.unexpected("want a value")
}

func (p *parser) parenthesis() (expression, error) {
	if p.accept(operator, ")") {
		return listOf{nil, true}, nil
	}
	first, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.accept(operator, ")") {
		return first, nil
	}
	if err := p.expect(operator, ","); err != nil {
		return nil, err
	}
	rest, err := p.items(")")
	return listOf{append([]expression{first}, rest...), true}, err
}

func (p *parser) items(closing string) ([]expression, error) {
	var items []expression
	for !p.accept(operator, closing) {
		if len(items) > 0 {
			if err := p.expect(operator, ","); err != nil {
				return nil, err
			}
			if p.accept(operator, closing) {
				break
			}
		}
		item, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func (p *parser) dict() (expression, error) {
	var result dictOf
	for !p.accept(operator, "}") {
		if len(result.keys) > 0 {
			if err := p.expect(operator, ","); err != nil {
				return nil, err
			}
			if p.accept(operator, "}") {
				break
			}
		}
		key, err := p.expression()
		if err == nil {
			err = p.expect(operator, ":")
		}
		if err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		result.keys, result.values = append(result.keys, key), append(result.values, value)
	}
	return result, nil
}

// postfix reads attributes, subscripts and calls behind a value.
func (p *parser) postfix(of expression) (expression, error) {
	for n := 0; ; n++ {
		if n > maxDepth {
			return nil, fmt.Errorf("nested deeper than %d", maxDepth)
		}
		switch {
		case p.accept(operator, "."):
			t := p.here()
			p.pos++
			switch t.kind {
			case name:
				of = attribute{of, t.text}
			case number:
				n, err := strconv.ParseInt(t.text, 10, 64)
				if err != nil {
					return nil, err
				}
				of = subscript{of, literal{n}}
			default:
				return nil, p.unexpected("want a name behind the point")
			}
		case p.accept(operator, "["):
			next, err := p.subscript(of)
			if err != nil {
				return nil, err
			}
			of = next
		case p.is(operator, "("):
			args, err := p.arguments()
			if err != nil {
				return nil, err
			}
			of = call{of, args}
		default:
			return of, nil
		}
	}
}

func (p *parser) subscript(of expression) (expression, error) {
	var parts [3]expression
	colons := 0
	for !p.accept(operator, "]") {
		if p.accept(operator, ":") {
			if colons++; colons > 2 {
				return nil, p.unexpected("want ]")
			}
			continue
		}
		if parts[colons] != nil {
			return nil, p.unexpected("want ]")
		}
		part, err := p.expression()
		if err != nil {
			return nil, err
		}
		parts[colons] = part
	}
	switch {
	case colons > 0:
		return slicing{of, parts[0], parts[1], parts[2]}, nil
	case parts[0] == nil:
		return nil, fmt.Errorf("a subscript is empty")
	}
	return subscript{of, parts[0]}, nil
}

func (p *parser) arguments() (callArguments, error) {
	var args callArguments
	if err := p.expect(operator, "("); err != nil {
		return args, err
	}
	for n := 0; !p.accept(operator, ")"); n++ {
		if n > 0 {
			if err := p.expect(operator, ","); err != nil {
				return args, err
			}
			if p.accept(operator, ")") {
				break
			}
		}
		following := p.tokens[min(p.pos+1, len(p.tokens)-1)]
		if p.here().kind == name && following.kind == operator && following.text == "=" {
			args.names = append(args.names, p.here().text)
			p.pos += 2
			value, err := p.expression()
			if err != nil {
				return args, err
			}
			args.named = append(args.named, value)
			continue
		}
		if len(args.names) > 0 {
			return args, fmt.Errorf("an argument without a name stands behind one with a name")
		}
		value, err := p.expression()
		if err != nil {
			return args, err
		}
		args.list = append(args.list, value)
	}
	return args, nil
}

// filters reads filters, tests and calls behind a value.
func (p *parser) filters(of expression) (expression, error) {
	for n := 0; ; n++ {
		if n > maxDepth {
			return nil, fmt.Errorf("nested deeper than %d", maxDepth)
		}
		switch {
		case p.accept(operator, "|"):
			title, err := p.name()
			if err != nil {
				return nil, err
			}
			if _, ok := filters[title]; !ok {
				return nil, fmt.Errorf("the filter %q is not supported in chat templates", title)
			}
			next := filtered{of: of, name: title}
			if p.is(operator, "(") {
				if next.args, err = p.arguments(); err != nil {
					return nil, err
				}
			}
			of = next
		case p.accept(name, "is"):
			next, err := p.test(of)
			if err != nil {
				return nil, err
			}
			of = next
		case p.is(operator, "("):
			args, err := p.arguments()
			if err != nil {
				return nil, err
			}
			of = call{of, args}
		default:
			return of, nil
		}
	}
}

func (p *parser) test(of expression) (expression, error) {
	negated := p.accept(name, "not")
	title, err := p.name()
	if err != nil {
		return nil, err
	}
	if _, ok := tests[title]; !ok {
		return nil, fmt.Errorf("the test %q is not supported in chat templates", title)
	}
	result := tested{of: of, name: title, negated: negated}
	t := p.here()
	switch {
	case p.is(operator, "("):
		result.args, err = p.arguments()
	case t.kind == quoted, t.kind == number, p.is(operator, "["), p.is(operator, "{"),
		t.kind == name && t.text != "else" && t.text != "or" && t.text != "and" && t.text != "is" && t.text != "if" &&
			t.text != "not" && t.text != "in" && t.text != "recursive":
		var argument expression
		if argument, err = p.primary(); err == nil {
			argument, err = p.postfix(argument)
		}
		result.args.list = []expression{argument}
	}
	return result, err
}
