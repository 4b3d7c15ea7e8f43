package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth of nested lists and objects in a request.
const maxDepth = 64

// Canonical returns the canonical form of a JSON text, which is the same in every language: the JSON Canonicalization
// Scheme, RFC 8785. It refuses texts that have no such form: with a name that occurs twice in an object, a number that
// is not finite, half of a surrogate pair, bytes that are not UTF-8, or more than one value.
func Canonical(text []byte) ([]byte, error) {
	value, err := parse(text)
	if err != nil {
		return nil, err
	}
	return appendCanonical(nil, value), nil
}

// parse reads one JSON value as map[string]any, []any, string, float64, bool or nil.
func parse(text []byte) (any, error) {
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, notJSON(text, err)
	}
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	if err := checkSurrogates(text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	return parseValue(decoder, 0)
}

// notJSON says where a text stops being JSON.
func notJSON(text []byte, err error) error {
	var syntax *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("it is empty")
	case errors.As(err, &syntax):
		return fmt.Errorf("%s, at byte %d", syntax, syntax.Offset)
	}
	return err
}

func parseValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("lists and objects are nested more than %d deep", maxDepth)
	}
	token, err := decoder.Token()
	if errors.As(err, new(*json.UnmarshalTypeError)) {
		return nil, errors.New("a number is too large")
	}
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := parseValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := decoder.Token()
		return list, err
	case json.Delim('{'):
		object := make(map[string]any)
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			key := name.(string)
			if _, twice := object[key]; twice {
				return nil, fmt.Errorf("%q occurs twice in an object", key)
			}
			if object[key], err = parseValue(decoder, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := decoder.Token()
		return object, err
	}
	return token, nil
}

// checkSurrogates refuses halves of surrogate pairs, which the standard library would replace.
func checkSurrogates(text []byte) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		unit, ok := codeUnit(text[i:])
		if !ok {
			i++ // the escaped character
			continue
		}
		i += 5
		if !utf16.IsSurrogate(unit) {
			continue
		}
		second, ok := codeUnit(text[i+1:])
		if !ok || utf16.DecodeRune(unit, second) == utf8.RuneError {
			return fmt.Errorf(`\u%04x is half of a character`, unit)
		}
		i += 6
	}
	return nil
}

// codeUnit reads \uXXXX.
func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}

func appendCanonical(to []byte, value any) []byte {
	switch value := value.(type) {
	case map[string]any:
		to = append(to, '{')
		for i, name := range sortedNames(value) {
			if i > 0 {
				to = append(to, ',')
			}
			to = append(appendString(to, name), ':')
			to = appendCanonical(to, value[name])
		}
		return append(to, '}')
	case []any:
		to = append(to, '[')
		for i, element := range value {
			if i > 0 {
				to = append(to, ',')
			}
			to = appendCanonical(to, element)
		}
		return append(to, ']')
	case string:
		return appendString(to, value)
	case float64:
		return appendNumber(to, value)
	case bool:
		return strconv.AppendBool(to, value)
	}
	return append(to, "null"...)
}

// sortedNames returns the names of an object in the order of their UTF-16 code units.
func sortedNames(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.SortFunc(
		names, func(a, b string) int { return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b))) })
	return names
}

// appendString escapes what must be escaped, and nothing else.
func appendString(to []byte, text string) []byte {
	to = append(to, '"')
	for i := range len(text) {
		switch b := text[i]; b {
		case '"', '\\':
			to = append(to, '\\', b)
		case '\b':
			to = append(to, `\b`...)
		case '\t':
			to = append(to, `\t`...)
		case '\n':
			to = append(to, `\n`...)
		case '\f':
			to = append(to, `\f`...)
		case '\r':
			to = append(to, `\r`...)
		default:
			if b < 0x20 {
				to = fmt.Appendf(to, `\u%04x`, b)
			} else {
				to = append(to, b)
			}
		}
	}
	return append(to, '"')
}

// appendNumber writes a number as ECMAScript does.
func appendNumber(to []byte, number float64) []byte {
	if number == 0 {
		return append(to, '0') // also for minus zero
	}
	encoded, _ := json.Marshal(number) // it follows ECMAScript for finite numbers
	return append(to, encoded...)
}
