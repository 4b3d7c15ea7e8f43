package template

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Limits of one rendering.
const (
	maxSteps     = 1 << 20
	maxLooks     = 1 << 21  // at values, to print and compare them
	maxTextBytes = 16 << 20 // of all texts that are made, and 16 times the input
)

// ErrLimit is wrapped by the error of a rendering that would take too long or too much memory.
var ErrLimit = errors.New("the chat template does more than is allowed")

// A RaisedError is what a template said with raise_exception: that it cannot render these messages.
type RaisedError struct{ Message string }

// Error returns the template's message.
func (e *RaisedError) Error() string { return "the chat template refuses these messages: " + e.Message }

var (
	errBreak    = errors.New("break")
	errContinue = errors.New("continue")
)

// run is one rendering.
type run struct {
	ctx   context.Context
	now   time.Time
	scope *scope
	out   *builder
	steps int
	looks int
	bytes int // that may still be made
	depth int
}

// scope holds variables; what it does not have is looked up in its parent.
type scope struct {
	vars   map[string]any
	parent *scope
}

func (s *scope) get(name string) (any, bool) {
	for ; s != nil; s = s.parent {
		if value, ok := s.vars[name]; ok {
			return value, true
		}
	}
	return nil, false
}

func (s *scope) set(name string, value any) {
	if s.vars == nil {
		s.vars = map[string]any{}
	}
	s.vars[name] = value
}

// builder collects output.
type builder struct{ parts []text }

func (b *builder) text() text { return joined(b.parts...) }

func (r *run) step() error {
	if r.steps++; r.steps > maxSteps {
		return fmt.Errorf("%w: %d steps", ErrLimit, maxSteps)
	}
	if r.steps%256 == 0 {
		return r.ctx.Err()
	}
	return nil
}

// pay takes the bytes of a text or list that is made off what may still be made.
func (r *run) pay(n int) error {
	if n < 0 || n > r.bytes {
		return fmt.Errorf("%w: it makes too much text", ErrLimit)
	}
	r.bytes -= n
	return nil
}

func (r *run) enter() error {
	if r.depth++; r.depth > maxDepth {
		return fmt.Errorf("%w: calls lie deeper than %d", ErrLimit, maxDepth)
	}
	return nil
}

func (r *run) write(t text) error {
	if t.s == "" {
		return nil
	}
	r.out.parts = append(r.out.parts, t)
	return r.pay(len(t.s) + 64)
}

func (r *run) all(list []statement) error {
	for _, s := range list {
		if err := r.step(); err != nil {
			return err
		}
		if err := s.exec(r); err != nil {
			return err
		}
	}
	return nil
}

// within runs statements in a scope of their own.
func (r *run) within(list []statement) error {
	outer := r.scope
	r.scope = &scope{parent: outer}
	err := r.all(list)
	r.scope = outer
	return err
}

// capture runs statements in a scope of their own and returns what they write.
func (r *run) capture(list []statement) (text, error) {
	out := r.out
	r.out = &builder{}
	err := r.within(list)
	written := r.out
	r.out = out
	if err != nil {
		return text{}, err
	}
	t := written.text()
	return t, r.pay(2 * len(t.s))
}

func (s at) exec(r *run) error {
	err := s.of.exec(r)
	var placed *placedError
	if err == nil || err == errBreak || err == errContinue || errors.As(err, &placed) {
		return err
	}
	return &placedError{s.line, err}
}

type placedError struct {
	line int
	err  error
}

func (e *placedError) Error() string { return fmt.Sprintf("chat template, line %d: %v", e.line, e.err) }
func (e *placedError) Unwrap() error { return e.err }

func (s verbatim) exec(r *run) error { return r.write(trusted(s.text)) }

func (s output) exec(r *run) error {
	value, err := s.of.eval(r)
	if err != nil {
		return err
	}
	return r.write(r.show(value))
}

func (s generation) exec(r *run) error { return r.all(s.body) }

func (s jump) exec(*run) error { return s.kind }

func (s ifElse) exec(r *run) error {
	for i, test := range s.tests {
		value, err := test.eval(r)
		if err != nil {
			return err
		}
		if truth(value) {
			return r.all(s.bodies[i])
		}
	}
	return r.all(s.last)
}

func (s assign) exec(r *run) error {
	var value any
	var err error
	if s.value != nil {
		value, err = s.value.eval(r)
	} else {
		value, err = r.capture(s.body)
	}
	if err != nil {
		return err
	}
	if s.attribute == "" {
		return r.bind(s.targets, value)
	}
	object, _ := r.scope.get(s.targets[0])
	ns, ok := object.(*namespace)
	if !ok {
		return fmt.Errorf("%s is no namespace, whose attributes can be set", s.targets[0])
	}
	ns.vars[s.attribute] = value
	return nil
}

// bind sets one variable, or several from the items of a value.
func (r *run) bind(targets []string, value any) error {
	if len(targets) == 1 {
		r.scope.set(targets[0], value)
		return nil
	}
	items, err := r.items(value)
	if err != nil {
		return err
	}
	if len(items) != len(targets) {
		return fmt.Errorf("%d values for %d names", len(items), len(targets))
	}
	for i, target := range targets {
		r.scope.set(target, items[i])
	}
	return nil
}

func (s macro) exec(r *run) error {
	defined := r.scope
	r.scope.set(s.name, &function{s.name, func(r *run, args arguments) (any, error) {
		if err := args.check(s.params...); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := r.enter(); err != nil {
			return nil, err
		}
		caller := r.scope
		r.scope = &scope{parent: defined}
		defer func() { r.scope = caller; r.depth-- }()
		for i, param := range s.params {
			value, ok := args.get(i, param)
			if j := i - (len(s.params) - len(s.defaults)); !ok && j >= 0 {
				var err error
				if value, err = s.defaults[j].eval(r); err != nil {
					return nil, err
				}
			} else if !ok {
				value = undefined{param}
			}
			r.scope.set(param, value)
		}
		return r.capture(s.body)
	}})
	return nil
}

// loop is what a template knows as loop.
type loop struct {
	items []any
	at    int
}

func (l *loop) attribute(name string) (any, bool) {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.at + 1), true
	case "index0":
		return int64(l.at), true
	case "revindex":
		return int64(n - l.at), true
	case "revindex0":
		return int64(n - l.at - 1), true
	case "first":
		return l.at == 0, true
	case "last":
		return l.at == n-1, true
	case "length":
		return int64(n), true
	case "previtem":
		if l.at > 0 {
			return l.items[l.at-1], true
		}
		return undefined{"previtem"}, true
	case "nextitem":
		if l.at+1 < n {
			return l.items[l.at+1], true
		}
		return undefined{"nextitem"}, true
	case "cycle":
		return &function{"cycle", func(_ *run, args arguments) (any, error) {
			if len(args.list) == 0 {
				return nil, errors.New("cycle needs values")
			}
			return args.list[l.at%len(args.list)], nil
		}}, true
	}
	return nil, false
}

func (s forLoop) exec(r *run) error {
	value, err := s.over.eval(r)
	if err != nil {
		return err
	}
	items, err := r.items(value)
	if err != nil {
		return err
	}
	outer := r.scope
	defer func() { r.scope = outer }()
	if s.test != nil {
		if items, err = s.kept(r, items, outer); err != nil {
			return err
		}
	}
	if len(items) == 0 {
		r.scope = &scope{parent: outer}
		return r.all(s.otherwise)
	}
	for i, item := range items {
		if err := r.step(); err != nil {
			return err
		}
		r.scope = &scope{parent: outer}
		r.scope.set("loop", &loop{items, i})
		if err := r.bind(s.targets, item); err != nil {
			return err
		}
		if err := r.all(s.body); err == errBreak {
			break
		} else if err != nil && err != errContinue {
			return err
		}
	}
	return nil
}

// kept returns the items for which the condition of a loop holds.
func (s forLoop) kept(r *run, items []any, outer *scope) ([]any, error) {
	var kept []any
	for _, item := range items {
		if err := r.step(); err != nil {
			return nil, err
		}
		r.scope = &scope{parent: outer}
		if err := r.bind(s.targets, item); err != nil {
			return nil, err
		}
		keep, err := s.test.eval(r)
		if err != nil {
			return nil, err
		}
		if truth(keep) {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// items returns what a loop over a value goes through.
func (r *run) items(value any) ([]any, error) {
	switch v := value.(type) {
	case *list:
		return v.items, nil
	case *dict:
		items := make([]any, len(v.keys))
		for i, key := range v.keys {
			items[i] = key
		}
		return items, r.pay(16 * len(items))
	case text:
		if err := r.pay(64 * len(v.s)); err != nil {
			return nil, err
		}
		var items []any
		for i, c := range v.s {
			items = append(items, v.slice(i, i+len(string(c))))
		}
		return items, nil
	case undefined:
		return nil, nil
	}
	return nil, fmt.Errorf("%s is nothing that a loop can go through", kindOf(value))
}

func (e literal) eval(*run) (any, error) { return e.value, nil }

func (e variable) eval(r *run) (any, error) {
	if value, ok := r.scope.get(e.name); ok {
		return value, nil
	}
	if value, ok := globals[e.name]; ok {
		return value, nil
	}
	return undefined(e), nil
}

func (e listOf) eval(r *run) (any, error) {
	items := make([]any, len(e.items))
	for i, item := range e.items {
		var err error
		if items[i], err = item.eval(r); err != nil {
			return nil, err
		}
	}
	return &list{items, e.tuple}, r.pay(16 * len(items))
}

func (e dictOf) eval(r *run) (any, error) {
	d := newDict()
	for i := range e.keys {
		key, err := e.keys[i].eval(r)
		if err != nil {
			return nil, err
		}
		value, err := e.values[i].eval(r)
		if err != nil {
			return nil, err
		}
		word, ok := key.(text)
		if !ok {
			return nil, fmt.Errorf("a key of a mapping is %s; only text is supported", kindOf(key))
		}
		d.set(word, value)
	}
	return d, r.pay(128 * len(d.keys))
}

func (e attribute) eval(r *run) (any, error) {
	of, err := e.of.eval(r)
	if err != nil {
		return nil, err
	}
	if err := r.step(); err != nil {
		return nil, err
	}
	switch v := of.(type) {
	case undefined:
		return nil, fmt.Errorf("%q is undefined and has no attribute %s", v.name, e.name)
	case *namespace:
		if value, ok := v.vars[e.name]; ok {
			return value, nil
		}
	case *loop:
		if value, ok := v.attribute(e.name); ok {
			return value, nil
		}
	}
	if method, ok := methodOf(of, e.name); ok {
		return method, nil
	}
	if d, ok := of.(*dict); ok {
		if value, ok := d.get(e.name); ok {
			return value, nil
		}
	}
	return undefined{e.name}, nil
}

func (e subscript) eval(r *run) (any, error) {
	of, err := e.of.eval(r)
	if err != nil {
		return nil, err
	}
	key, err := e.key.eval(r)
	if err != nil {
		return nil, err
	}
	if err := r.step(); err != nil {
		return nil, err
	}
	if u, ok := of.(undefined); ok {
		return nil, fmt.Errorf("%q is undefined and has no element %s", u.name, r.show(key).s)
	}
	word, isText := key.(text)
	if d, ok := of.(*dict); ok && isText {
		if value, ok := d.get(word.s); ok {
			return value, nil
		}
	}
	if isText {
		return attribute{literal{of}, word.s}.eval(r)
	}
	i, ok := toInt(key)
	if !ok {
		return undefined{r.show(key).s}, nil
	}
	switch v := of.(type) {
	case *list:
		if i < 0 {
			i += int64(len(v.items))
		}
		if i >= 0 && i < int64(len(v.items)) {
			return v.items[i], nil
		}
	case text:
		chars, err := r.items(v)
		if err != nil {
			return nil, err
		}
		if i < 0 {
			i += int64(len(chars))
		}
		if i >= 0 && i < int64(len(chars)) {
			return chars[i], nil
		}
	}
	return undefined{r.show(key).s}, nil
}

func (e slicing) eval(r *run) (any, error) {
	of, err := e.of.eval(r)
	if err != nil {
		return nil, err
	}
	var bounds [3]*int64
	for i, part := range []expression{e.start, e.stop, e.steps} {
		if part == nil {
			continue
		}
		value, err := part.eval(r)
		if err != nil {
			return nil, err
		}
		n, ok := toInt(value)
		if !ok && value != nil {
			return nil, fmt.Errorf("a bound of a slice is %s", kindOf(value))
		}
		if ok {
			bounds[i] = &n
		}
	}
	var source []any
	switch of.(type) {
	case *list, text:
		source, err = r.items(of)
	default:
		err = fmt.Errorf("%s cannot be sliced", kindOf(of))
	}
	if err != nil {
		return nil, err
	}
	picked, err := slice(source, bounds)
	if err != nil {
		return nil, err
	}
	if l, ok := of.(*list); ok {
		return &list{picked, l.tuple}, r.pay(16 * len(picked))
	}
	chars := make([]text, len(picked))
	for i, c := range picked {
		chars[i] = c.(text)
	}
	return joined(chars...), r.pay(2 * len(picked))
}

// slice returns items[start:stop:step] as Python does.
func slice(items []any, bounds [3]*int64) ([]any, error) {
	n, step := int64(len(items)), int64(1)
	if bounds[2] != nil {
		step = *bounds[2]
	}
	if step == 0 {
		return nil, errors.New("the step of a slice is 0")
	}
	low, high := int64(0), n
	if step < 0 {
		low, high = -1, n-1
	}
	bound := func(given *int64, missing int64) int64 {
		if given == nil {
			return missing
		}
		i := *given
		if i < 0 {
			i += n
		}
		return max(low, min(high, i))
	}
	start, stop := bound(bounds[0], low), bound(bounds[1], high)
	if step < 0 {
		start, stop = bound(bounds[0], high), bound(bounds[1], low)
	}
	step = max(-n-1, min(n+1, step))
	var picked []any
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		picked = append(picked, items[i])
	}
	return picked, nil
}

func (a callArguments) eval(r *run) (arguments, error) {
	args := arguments{named: map[string]any{}}
	for _, e := range a.list {
		value, err := e.eval(r)
		if err != nil {
			return args, err
		}
		args.list = append(args.list, value)
	}
	for i, e := range a.named {
		value, err := e.eval(r)
		if err != nil {
			return args, err
		}
		args.named[a.names[i]] = value
	}
	return args, nil
}

func (e call) eval(r *run) (any, error) {
	of, err := e.of.eval(r)
	if err != nil {
		return nil, err
	}
	f, ok := of.(*function)
	if !ok {
		return nil, fmt.Errorf("%s cannot be called", kindOf(of))
	}
	args, err := e.args.eval(r)
	if err != nil {
		return nil, err
	}
	if err := r.step(); err != nil {
		return nil, err
	}
	return f.call(r, args)
}

func (e filtered) eval(r *run) (any, error) {
	of, err := e.of.eval(r)
	if err != nil {
		return nil, err
	}
	args, err := e.args.eval(r)
	if err != nil {
		return nil, err
	}
	if err := r.step(); err != nil {
		return nil, err
	}
	value, err := filters[e.name](r, of, args)
	if err != nil {
		return nil, fmt.Errorf("filter %s: %w", e.name, err)
	}
	return value, nil
}

func (e tested) eval(r *run) (any, error) {
	of, err := e.of.eval(r)
	if err != nil {
		return nil, err
	}
	args, err := e.args.eval(r)
	if err != nil {
		return nil, err
	}
	holds, err := tests[e.name](r, of, args.list)
	if err != nil {
		return nil, fmt.Errorf("test %s: %w", e.name, err)
	}
	return holds != e.negated, nil
}

func (e conditional) eval(r *run) (any, error) {
	test, err := e.test.eval(r)
	if err != nil {
		return nil, err
	}
	switch {
	case truth(test):
		return e.then.eval(r)
	case e.otherwise != nil:
		return e.otherwise.eval(r)
	}
	return undefined{"the value of an if without else"}, nil
}

func (e unary) eval(r *run) (any, error) {
	of, err := e.of.eval(r)
	if err != nil {
		return nil, err
	}
	if e.op == "not" {
		return !truth(of), nil
	}
	if n, ok := toInt(of); ok {
		if e.op == "-" {
			n = -n
		}
		return n, nil
	}
	if x, ok := of.(float64); ok {
		if e.op == "-" {
			x = -x
		}
		return x, nil
	}
	return nil, fmt.Errorf("%s has no sign", kindOf(of))
}

func (e compared) eval(r *run) (any, error) {
	left, err := e.first.eval(r)
	if err != nil {
		return nil, err
	}
	for i, op := range e.ops {
		right, err := e.rest[i].eval(r)
		if err != nil {
			return nil, err
		}
		if err := r.step(); err != nil {
			return nil, err
		}
		holds, err := r.holds(op, left, right)
		if err != nil || !holds {
			return false, err
		}
		left = right
	}
	return true, nil
}

func (r *run) holds(op string, left, right any) (bool, error) {
	switch op {
	case "==":
		return r.equal(left, right), nil
	case "!=":
		return !r.equal(left, right), nil
	case "in":
		return r.contains(right, left)
	case "not in":
		found, err := r.contains(right, left)
		return !found, err
	}
	order, err := compare(left, right)
	switch op {
	case "<":
		return order < 0, err
	case "<=":
		return order <= 0, err
	case ">":
		return order > 0, err
	}
	return order >= 0, err
}

func (r *run) contains(whole, part any) (bool, error) {
	switch v := whole.(type) {
	case text:
		word, ok := part.(text)
		if !ok {
			return false, fmt.Errorf("%s cannot be in a text", kindOf(part))
		}
		return strings.Contains(v.s, word.s), nil
	case *list:
		for _, item := range v.items {
			if r.equal(item, part) {
				return true, nil
			}
		}
		return false, nil
	case *dict:
		word, ok := part.(text)
		if !ok {
			return false, nil
		}
		_, found := v.get(word.s)
		return found, nil
	case undefined:
		return false, nil
	}
	return false, fmt.Errorf("nothing can be in %s", kindOf(whole))
}

func (e binary) eval(r *run) (any, error) {
	left, err := e.left.eval(r)
	if err != nil {
		return nil, err
	}
	switch {
	case e.op == "and" && !truth(left), e.op == "or" && truth(left):
		return left, nil
	}
	right, err := e.right.eval(r)
	if err != nil || e.op == "and" || e.op == "or" {
		return right, err
	}
	if err := r.step(); err != nil {
		return nil, err
	}
	if e.op == "~" {
		a, b := r.show(left), r.show(right)
		return joined(a, b), r.pay(2 * (len(a.s) + len(b.s)))
	}
	return r.arithmetic(e.op, left, right)
}

func (r *run) arithmetic(op string, left, right any) (any, error) {
	if value, done, err := r.combine(op, left, right); done || err != nil {
		return value, err
	}
	a, first := toInt(left)
	b, second := toInt(right)
	if first && second && op != "/" && !(op == "**" && b < 0) {
		return whole(op, a, b)
	}
	x, first := toFloat(left)
	y, second := toFloat(right)
	if !first || !second {
		return nil, fmt.Errorf("%s %s %s is not possible", kindOf(left), op, kindOf(right))
	}
	if y == 0 && (op == "/" || op == "//" || op == "%") {
		return nil, errors.New("division by zero")
	}
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "/":
		return x / y, nil
	case "//":
		return math.Floor(x / y), nil
	case "%":
		return x - float64(y*math.Floor(x/y)), nil
	}
	return math.Pow(x, y), nil
}

// combine joins texts and lists, and repeats them.
func (r *run) combine(op string, left, right any) (value any, done bool, err error) {
	switch {
	case op == "+":
		a, first := left.(text)
		b, second := right.(text)
		if first && second {
			return joined(a, b), true, r.pay(2 * (len(a.s) + len(b.s)))
		}
		c, first := left.(*list)
		d, second := right.(*list)
		if first && second && c.tuple == d.tuple {
			items := append(append(make([]any, 0, len(c.items)+len(d.items)), c.items...), d.items...)
			return &list{items, c.tuple}, true, r.pay(16 * len(items))
		}
	case op == "*":
		if n, ok := toInt(left); ok {
			left, right = right, n
		}
		n, ok := toInt(right)
		t, isText := left.(text)
		if !ok || !isText {
			return nil, false, nil
		}
		n = max(n, 0)
		if len(t.s) > 0 && n > int64(r.bytes/(2*len(t.s))) {
			return nil, true, r.pay(-1)
		}
		if len(t.s) == 0 {
			return text{}, true, nil
		}
		repeated := text{s: strings.Repeat(t.s, int(n)), user: t.user}
		if t.mask != nil {
			repeated.mask = slices.Repeat(t.mask, int(n))
		}
		return repeated, true, r.pay(2 * len(repeated.s))
	}
	return nil, false, nil
}

var errOverflow = errors.New("a number has more than 63 bits")

func whole(op string, a, b int64) (any, error) {
	switch op {
	case "+":
		if sum := a + b; (sum > a) == (b > 0) {
			return sum, nil
		}
		return nil, errOverflow
	case "-":
		if difference := a - b; (difference < a) == (b > 0) {
			return difference, nil
		}
		return nil, errOverflow
	case "*":
		if a == 0 || b == 0 {
			return int64(0), nil
		}
		if product := a * b; product/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64) {
			return product, nil
		}
		return nil, errOverflow
	case "**":
		result := int64(1)
		for range min(b, 64) {
			next, err := whole("*", result, a)
			if err != nil {
				return nil, err
			}
			result = next.(int64)
		}
		if b > 64 && result != 0 && result != 1 && result != -1 {
			return nil, errOverflow
		}
		if a == -1 && b%2 == 1 {
			result = -1
		}
		return result, nil
	}
	if b == 0 {
		return nil, errors.New("division by zero")
	}
	if a == math.MinInt64 && b == -1 {
		return nil, errOverflow
	}
	quotient, rest := a/b, a%b
	if rest != 0 && (rest < 0) != (b < 0) {
		quotient--
		rest += b
	}
	if op == "//" {
		return quotient, nil
	}
	return rest, nil
}
