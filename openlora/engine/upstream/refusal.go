package upstream

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openledger/openledger/openlora/engine"
)

const (
	maxErrorBody = 64 << 10
	// maxRetryAfter is the longest Retry-After that is respected.
	maxRetryAfter = time.Minute
)

// refusal reads the error of a response.
func refusal(response *http.Response) *engine.UpstreamError {
	content, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	var body struct {
		Error        json.RawMessage `json:"error"`
		ErrorType    string          `json:"error_type"`    // LoRAX
		ErrorMessage json.RawMessage `json:"error_message"` // SGLang
		Detail       json.RawMessage `json:"detail"`        // FastAPI, for an unknown route
	}
	inner := json.RawMessage(content)
	if json.Unmarshal(content, &body) == nil {
		for _, part := range []json.RawMessage{body.Detail, body.ErrorMessage, body.Error} {
			if len(part) > 0 && string(part) != "null" {
				inner = part
			}
		}
	}
	err := errorIn(inner, body.ErrorType, response.StatusCode)
	if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil && seconds > 0 {
		err.RetryAfter = min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	err.Code, err.Status = response.StatusCode, response.Status
	return err
}

// errorIn reads an error in the forms that servers write: a text, or an object with a message and a code, which may be
// a number or a word. kind is the error's type if it is a separate field, or empty. status is that of the response, or
// 0 in a stream, where the code may be a status.
func errorIn(value json.RawMessage, kind string, status int) *engine.UpstreamError {
	var object struct {
		Message string `json:"message"`
		Type    any    `json:"type"`
		Code    any    `json:"code"`
	}
	var text string
	message := strings.TrimSpace(string(value))
	switch {
	case json.Unmarshal(value, &text) == nil:
		message = text
	case json.Unmarshal(value, &object) == nil && object.Message != "":
		message = object.Message
	}
	if code, err := strconv.Atoi(fmt.Sprint(object.Code)); err == nil && status == 0 {
		status = code
	}
	if object.Type != nil {
		kind = fmt.Sprint(object.Type)
	}
	kind = strings.ToLower(strings.ReplaceAll(kind, "_", ""))
	return &engine.UpstreamError{
		Message: message,
		Refused: slices.Contains(
			[]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, status) ||
			status == 0 && slices.Contains([]string{"invalidrequesterror", "badrequesterror", "validation"}, kind),
		Busy: status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable ||
			status == 0 && kind == "overloaded",
	}
}
