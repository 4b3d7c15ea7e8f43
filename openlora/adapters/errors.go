package adapters

import (
	"errors"
	"fmt"
	"time"

	"github.com/openledger/openledger/content/fetch"
)

// Codes of errors, as clients of the gateway see them.
const (
	CodeMissing  = "adapter_unavailable" // the artifact cannot be fetched now
	CodeInvalid  = "adapter_invalid"     // the artifact is not an adapter that can be read
	CodePickle   = "adapter_pickle"      // the artifact has a format that runs code when it is read
	CodeBase     = "adapter_wrong_base"  // the adapter was made for another base than the engine's
	CodeTooLarge = "adapter_too_large"   // the artifact exceeds this gateway's limits
	CodeBusy     = "adapters_busy"       // answers in flight use all memory for adapters
	CodeFailed   = "adapter_failed"      // the engine did not load the adapter
	CodeRemoved  = "adapter_removed"     // the operator removed the adapter from this gateway
)

// Codes returns all codes of errors.
func Codes() []string {
	return []string{CodeMissing, CodeInvalid, CodePickle, CodeBase, CodeTooLarge, CodeBusy, CodeFailed, CodeRemoved}
}

// Error says why an adapter cannot answer.
type Error struct {
	Code    string
	Message string
	// Lasting says that the error stays as long as the artifact does not change. Other errors may pass.
	Lasting bool
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// How long failures are remembered: another attempt costs other machines a download, and this machine a check.
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

// known returns an error as an *Error. An error without a code gets CodeMissing if the download may work later, else
// CodeFailed.
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
