package api

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openledger/openledger/poa"
)

// Request is the body of POST /v1/chat/completions, or of POST /v1/completions, whose prompt becomes a message of the
// user.
type Request struct {
	Model        string
	Messages     []Message
	Stream       bool
	IncludeUsage bool // of a stream
	MaxTokens    int  // of the answer, in canonical tokens; 0 leaves it to the gateway
	Options      Options
	OpenLedger   *Call

	// Prompted says that the body is that of POST /v1/completions.
	Prompted bool
	// Query is the question in the form that is hashed: see Query.
	Query []byte
}

// Options are the parameters that shape an answer beyond its length, as they were sent. An engine honours them or
// refuses them.
type Options map[string]json.RawMessage

// shaping are the names of options that some engine may honour.
var shaping = map[string]bool{
	"stop": true, "temperature": true, "top_p": true, "top_k": true, "min_p": true, "seed": true, "presence_penalty": true,
	"frequency_penalty":  true,
	"repetition_penalty": true, "logit_bias": true, "response_format": true, "tools": true, "tool_choice": true,
	"parallel_tool_calls": true,
	"reasoning_effort":    true, "verbosity": true,
}

// labels say who asks, and do not shape the answer.
var labels = map[string]bool{"user": true, "metadata": true, "safety_identifier": true, "prompt_cache_key": true}

// onlyDefault are parameters that are accepted with their default values only.
var onlyDefault = map[string]string{
	"n": "1", "best_of": "1", "logprobs": "false", "top_logprobs": "0", "echo": "false", "suffix": `""`, "store": "false",
	"modalities":   `["text"]`,
	"service_tier": `"auto"`, "functions": "[]", "function_call": `"none"`,
}

// ParseChat reads the body of POST /v1/chat/completions. It ignores nothing: the error for an unknown parameter names
// it.
func ParseChat(body []byte) (*Request, error) { return parseRequest(body, false) }

// ParsePrompt reads the body of POST /v1/completions.
func ParsePrompt(body []byte) (*Request, error) { return parseRequest(body, true) }

func parseRequest(body []byte, prompted bool) (*Request, error) {
	query, err := Query(body)
	if err != nil {
		return nil, &ParameterError{Code: CodeJSON, Message: "the body is not the expected JSON: " + err.Error()}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	r := &Request{Options: make(Options), Prompted: prompted, Query: query}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if string(fields[name]) == "null" {
			continue
		}
		if err := r.set(name, fields[name]); err != nil {
			return nil, within(name, err)
		}
	}
	return r, nil
}

func (r *Request) set(name string, value json.RawMessage) error {
	if r.Prompted != (name == "prompt") && (name == "prompt" || name == "messages") {
		return invalid("", "belongs to POST /v1/completions as prompt, and to POST /v1/chat/completions as messages")
	}
	switch name {
	case "model":
		return text(value, &r.Model)
	case "messages":
		return r.setMessages(value)
	case "prompt":
		return r.setPrompt(value)
	case "stream":
		return boolean(value, &r.Stream)
	case "stream_options":
		return r.setStreamOptions(value)
	case "max_tokens", "max_completion_tokens":
		var most int
		if err := count(value, &most); err != nil {
			return err
		}
		if r.MaxTokens == 0 || most < r.MaxTokens {
			r.MaxTokens = most
		}
		return nil
	case "openledger":
		r.OpenLedger = new(Call)
		return plain(json.Unmarshal(value, r.OpenLedger))
	}
	if byDefault, known := onlyDefault[name]; known {
		return r.checkDefault(byDefault, value)
	}
	switch {
	case labels[name]:
		return nil
	case shaping[name]:
		r.Options[name] = value
		return nil
	}
	return unsupported("", "is not supported: leave it out")
}

// checkDefault accepts the default value only.
func (r *Request) checkDefault(byDefault string, value json.RawMessage) error {
	given, err := Canonical(value)
	if err == nil && string(given) == byDefault {
		return nil
	}
	return unsupported("", fmt.Sprintf("only %s is supported: leave it out", byDefault))
}

func (r *Request) setMessages(value json.RawMessage) error {
	var all []json.RawMessage
	if json.Unmarshal(value, &all) != nil {
		return invalid("", "must be a list of messages")
	}
	r.Messages = make([]Message, len(all))
	for i, one := range all {
		if err := r.Messages[i].UnmarshalJSON(one); err != nil {
			return within(fmt.Sprint(i), err)
		}
	}
	return nil
}

func (r *Request) setPrompt(value json.RawMessage) error {
	var prompts []string
	var prompt string
	if json.Unmarshal(value, &prompt) == nil {
		prompts = []string{prompt}
	} else if json.Unmarshal(value, &prompts) != nil || len(prompts) != 1 {
		return invalid("", "must be a string, or a list of one string")
	}
	r.Messages = []Message{{Role: "user", Content: prompts[0]}}
	return nil
}

func (r *Request) setStreamOptions(value json.RawMessage) error {
	var options map[string]bool
	if json.Unmarshal(value, &options) != nil {
		return invalid("", "must be an object, such as {\"include_usage\": true}")
	}
	for name, on := range options {
		switch {
		case name == "include_usage":
			r.IncludeUsage = on
		case on:
			return unsupported(name, "is not supported: leave it out")
		}
	}
	return nil
}

// Question returns the last message of the user.
func (r *Request) Question() string {
	for _, message := range slices.Backward(r.Messages) {
		if message.Role == "user" {
			return message.Content
		}
	}
	return ""
}

// InputTokens counts the canonical tokens that are billed for the question: those of the messages with their tool
// calls, and those of the canonical JSON of tools and response format, which the model reads as well.
func (r *Request) InputTokens() uint32 {
	n := 0
	add := func(text []byte) { n += len(poa.Tokenize(text)) }
	for _, message := range r.Messages {
		add([]byte(message.Content))
		for _, call := range message.ToolCalls {
			add([]byte(call.Function.Name + " " + call.Function.Arguments))
		}
	}
	for _, name := range []string{"tools", "response_format"} {
		if canonical, err := Canonical(r.Options[name]); err == nil {
			add(canonical)
		}
	}
	return uint32(n)
}

// Decode reads a JSON body of another kind. Its errors name fields of the body, not types of Go.
func Decode(body []byte, into any) error {
	if _, err := parse(body); err != nil {
		return &ParameterError{Code: CodeJSON, Message: "the body is not the expected JSON: " + err.Error()}
	}
	return plain(json.Unmarshal(body, into))
}

// plain words the error of a JSON decoder for people who do not know Go.
func plain(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return invalid(wrong.Field, fmt.Sprintf("must be %s, not %s", kindOf(wrong.Type), strings.Fields(wrong.Value)[0]))
	}
	return invalid("", err.Error())
}

// kindOf returns what JSON calls the values of a type of Go.
func kindOf(t reflect.Type) string {
	switch kind := t.Kind(); {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()): // such as a hash
		return "a string"
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return "a string in base64"
	case kind == reflect.String:
		return "a string"
	case kind == reflect.Bool:
		return "true or false"
	case kind == reflect.Slice:
		return "a list"
	case kind == reflect.Struct || kind == reflect.Map:
		return "an object"
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		return "a whole number of at least 0"
	case kind >= reflect.Int && kind <= reflect.Int64:
		return "a whole number"
	}
	return "of another kind"
}
