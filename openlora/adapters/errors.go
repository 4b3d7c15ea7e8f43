package adapters

import (
	"errors"
	"fmt"
	"time"

	"github.com/openledger/openledger/content/fetch"
)

// Codes of errors, as clients of the gateway see them.
const (
	CodeMissing  = "adapter_unavailable" // nobody has the artifact now
	CodeInvalid  = "adapter_invalid"     // it is no adapter that can be read
	CodePickle   = "adapter_pickle"      // it is a format that runs code when it is read
	CodeBase     = "adapter_wrong_base"  // it was made for another base than the engine runs
	CodeTooLarge = "adapter_too_large"   // for this gateway's limits
	CodeBusy     = "adapters_busy"       // all memory is in use
	CodeFailed   = "adapter_failed"      // the engine did not load it
	CodeRemoved  = "adapter_removed"     // the operator has taken it from this gateway
)

// Codes are all codes of errors.
func Codes() []string {
	return []string{CodeMissing, CodeInvalid, CodePickle, CodeBase, CodeTooLarge, CodeBusy, CodeFailed, CodeRemoved}
}

// Error says why an adapter does not answer.
type Error struct {
	Code    string
	Message string
	// Lasting errors stay as long as the artifact is what it is; the others may pass.
	Lasting bool
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// How long failures are remembered: asking again sooner costs others a download, and this machine a check.
const (
	lastingMemory = 10 * time.Minute
	passingMemory = 5 * time.Second
)

func (e *Error) memory() time.Duration {
	if e.Lasting {
		return lastingMemory
	}
	return passingMemory
}

func lasting(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Lasting: true}
}

func passing(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// known is an error with a code.
func known(err error) *Error {
	var coded *Error
	switch {
	case errors.As(err, &coded):
		return coded
	case errors.Is(err, fetch.ErrLater):
		return passing(CodeMissing, "%s", err)
	}
	return passing(CodeFailed, "%s", err)
}
