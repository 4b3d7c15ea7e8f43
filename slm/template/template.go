package template

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openledger/openledger/slm/internal/jsonscan"
	"github.com/openledger/openledger/slm/tokenizer"
)

// maxInput is the largest input of a rendering, in bytes of JSON.
const maxInput = 64 << 20

// A Template is a parsed chat template. It may be rendered by several goroutines at once.
type Template struct{ body []statement }

// Parse reads a chat template. The error names what is not supported, and its line.
func Parse(source string) (*Template, error) {
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	body, err := p.statements()
	if err != nil {
		return nil, fmt.Errorf("chat template, line %d: %w", p.tokens[min(p.pos, len(tokens)-1)].line, err)
	}
	return &Template{body}, nil
}

// An Input is what a template renders. Texts in Messages, Tools and Variables count as people's; the names of the usual
// roles, which templates put between the marks of special tokens, do not.
type Input struct {
	Messages            json.RawMessage            // an array of objects with role, content, …; see [Chat]
	Tools               json.RawMessage            // an array of tools, or nil
	Variables           map[string]json.RawMessage // what else the template may ask for, such as enable_thinking
	BOS, EOS            string                     // the tokens that the template knows as bos_token and eos_token
	AddGenerationPrompt bool                       // end with the beginning of an answer
	Now                 time.Time                  // for strftime_now; zero: templates that ask for the time fail
}

// A Message is a message with text alone.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Chat returns messages as JSON for [Input].
func Chat(messages ...Message) json.RawMessage {
	text, err := json.Marshal(messages)
	if err != nil {
		panic(err) // strings are always written
	}
	return text
}

// roles are the roles whose names are as good as the template's own text.
var roles = []string{"system", "user", "assistant", "tool", "developer", "function", "ipython", "environment"}

// Render returns the text of a conversation in parts: those that the template wrote are trusted, those that came in by
// input are not. Neighbours differ in that. An error that holds a [RaisedError] says that the template refuses the
// messages; one that wraps [ErrLimit] says that the template does more than is allowed.
func (t *Template) Render(ctx context.Context, input Input) ([]tokenizer.Part, error) {
	size := len(input.Messages) + len(input.Tools)
	root := &scope{}
	root.set("bos_token", trusted(input.BOS))
	root.set("eos_token", trusted(input.EOS))
	root.set("add_generation_prompt", input.AddGenerationPrompt)
	root.set("tools", nil)
	root.set("documents", nil)
	for name, raw := range input.Variables {
		size += len(raw)
		if err := root.decode(name, raw); err != nil {
			return nil, err
		}
	}
	if size > maxInput {
		return nil, fmt.Errorf("messages, tools and variables have %d bytes; at most %d are rendered", size, maxInput)
	}
	if err := root.decode("messages", input.Messages); err != nil {
		return nil, err
	}
	if len(input.Tools) > 0 {
		if err := root.decode("tools", input.Tools); err != nil {
			return nil, err
		}
	}
	r := &run{
		ctx: ctx, now: input.Now, scope: &scope{parent: root}, out: &builder{}, bytes: maxTextBytes + 16*size,
	}
	if err := r.render(t.body); err != nil {
		return nil, err
	}
	return parts(r.out.parts), nil
}

func (r *run) render(body []statement) (err error) {
	defer func() {
		if reason := recover(); reason == (tooMuch{}) {
			err = fmt.Errorf("%w: it looks at too many values", ErrLimit)
		} else if reason != nil {
			panic(reason)
		}
	}()
	return r.all(body)
}

func (s *scope) decode(name string, raw []byte) error {
	scan := jsonscan.New(raw)
	value, err := decode(scan, "")
	if err == nil {
		err = scan.End()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s.set(name, value)
	return nil
}

// decode reads a value of JSON; its texts are people's, unless key is role and the text is one of roles.
func decode(scan *jsonscan.Scanner, key string) (any, error) {
	switch scan.Peek() {
	case jsonscan.Object:
		d := newDict()
		err := scan.Object(func(key string) error {
			value, err := decode(scan, key)
			d.set(text{s: key, user: true}, value)
			return err
		})
		return d, err
	case jsonscan.Array:
		l := &list{}
		err := scan.Array(func() error {
			value, err := decode(scan, "")
			l.items = append(l.items, value)
			return err
		})
		return l, err
	case jsonscan.String:
		s, err := scan.String()
		return text{s: s, user: !(key == "role" && slices.Contains(roles, s))}, err
	case jsonscan.Number:
		raw, err := scan.Raw()
		if err != nil {
			return nil, err
		}
		number := jsonscan.New(raw)
		if n, err := number.Int(); err == nil && number.End() == nil {
			return n, nil
		}
		return jsonscan.New(raw).Float()
	case jsonscan.Bool:
		return scan.Bool()
	}
	if scan.Null() {
		return nil, nil
	}
	if err := scan.Skip(); err != nil {
		return nil, err
	}
	return nil, errors.New("want a value")
}

// parts joins neighbours of the same kind and cuts where people's text begins and ends.
func parts(texts []text) []tokenizer.Part {
	var out []tokenizer.Part
	var from int
	whole := joined(texts...)
	for i := 0; i < len(whole.s); i++ {
		if i+1 == len(whole.s) || whole.at(i) != whole.at(i+1) {
			out = append(out, tokenizer.Part{Text: whole.s[from : i+1], Trusted: !whole.at(i)})
			from = i + 1
		}
	}
	return out
}
