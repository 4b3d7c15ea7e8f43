package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxErrorBody  = 64 << 10
	maxModelsBody = 8 << 20
	// maxRetryAfter bounds what a server may want to be left alone.
	maxRetryAfter = time.Minute
)

// refusal reads the error of a response.
func refusal(response *http.Response) *UpstreamError {
	content, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	var body struct {
		Error json.RawMessage `json:"error"`
	}
	inner := json.RawMessage(content)
	if json.Unmarshal(content, &body) == nil && len(body.Error) > 0 {
		inner = body.Error
	}
	err := errorIn(inner, response.StatusCode)
	if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil && seconds > 0 {
		err.RetryAfter = min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	err.Status = response.Status
	return err
}

// errorIn reads an error in the forms that servers write: a text, or an object with a message and a code, which may be
// a number or a word. The status is that of the response, or 0 in a stream, where the code may be one.
func errorIn(value json.RawMessage, status int) *UpstreamError {
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
	kind := strings.ToLower(strings.ReplaceAll(fmt.Sprint(object.Type), "_", ""))
	return &UpstreamError{
		Message: message,
		Refused: slices.Contains(
			[]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, status) ||
			status == 0 && (kind == "invalidrequesterror" || kind == "badrequesterror"),
		Busy: status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable,
	}
}

// Check asks the server for its models, and says whether the one that answers is among them.
func (o *OpenAI) Check(ctx context.Context) error {
	response, err := o.do(ctx, http.MethodGet, "/models", nil)
	if err != nil {
		return fmt.Errorf("%s/models: %w", o.URL, err)
	}
	defer response.Body.Close()
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxModelsBody)).Decode(&list); err != nil {
		return fmt.Errorf("%s/models is no list of models: is the URL that of an OpenAI-compatible API, with its version?",
			o.URL)
	}
	var names []string
	for _, model := range list.Data {
		if model.ID == o.Model || strings.HasPrefix(model.ID, o.Model+":") { // Ollama adds a tag
			return nil
		}
		names = append(names, model.ID)
	}
	if len(names) == 0 {
		return errors.New("the model server has no models: load one first")
	}
	return fmt.Errorf("the model server has no model %q; it has %s", o.Model, strings.Join(names, ", "))
}
