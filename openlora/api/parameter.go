package api

import (
	"encoding/json"
	"errors"
	"math"
)

// Codes of errors in requests.
const (
	CodeInvalid     = "invalid_value"
	CodeUnsupported = "unsupported_parameter"
	CodeJSON        = "invalid_json"
)

// ParameterError says which parameter of a request is wrong, and why.
type ParameterError struct {
	Param   string // such as messages.0.content; empty for the whole body
	Code    string
	Message string // what is wrong or what to do, without the parameter's name
}

// Error implements error.
func (e *ParameterError) Error() string {
	if e.Param == "" {
		return e.Message
	}
	return e.Param + ": " + e.Message
}

func invalid(param, message string) error { return &ParameterError{param, CodeInvalid, message} }

func unsupported(param, message string) error {
	return &ParameterError{param, CodeUnsupported, message}
}

// Unsupported returns the error for a parameter that an engine cannot honour.
func Unsupported(param, message string) error { return unsupported(param, message) }

// Invalid returns the error for a wrong value of a parameter.
func Invalid(param, message string) error { return invalid(param, message) }

// within puts the name of an outer parameter before that of the inner one that an error names.
func within(name string, err error) error {
	var known *ParameterError
	if !errors.As(err, &known) {
		return invalid(name, err.Error())
	}
	inner := *known
	if inner.Param = name; known.Param != "" {
		inner.Param = name + "." + known.Param
	}
	return &inner
}

func text(value json.RawMessage, into *string) error {
	if json.Unmarshal(value, into) != nil {
		return invalid("", "must be a string")
	}
	return nil
}

func boolean(value json.RawMessage, into *bool) error {
	if json.Unmarshal(value, into) != nil {
		return invalid("", "must be true or false")
	}
	return nil
}

// count reads a whole number of at least one in any way that JSON writes it: 100.0 and 1e2 are 100.
func count(value json.RawMessage, into *int) error {
	var number float64
	if json.Unmarshal(value, &number) != nil || number != math.Trunc(number) || number < 1 {
		return invalid("", "must be a whole number of at least 1")
	}
	*into = int(min(number, math.MaxInt32))
	return nil
}
