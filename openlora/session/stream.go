package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/openledger/openledger/openlora/api"
)

const maxErrorBody = 64 << 10

// GatewayError is an error that the gateway answered with.
type GatewayError struct {
	Status int
	Body   api.Error
}

// Error implements error.
func (e *GatewayError) Error() string {
	return fmt.Sprintf("the gateway refused: %s (%s)", e.Body.Message, e.Body.Code)
}

// Passing reports whether the same request may succeed later.
func (e *GatewayError) Passing() bool {
	return e.Body.Code == codeBusy || e.Body.Code == codeUnknown || e.Status >= http.StatusInternalServerError ||
		e.Status == http.StatusTooManyRequests
}

// Codes of errors that may pass: another call of the session is in flight, or the error is not the gateway's own.
const (
	codeBusy    = "session_busy"
	codeUnknown = "unknown"
)

func gatewayError(response *http.Response) error {
	content, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	var body api.ErrorBody
	if json.Unmarshal(content, &body) != nil || body.Error.Message == "" {
		body.Error = api.Error{Message: response.Status, Code: codeUnknown}
	}
	return &GatewayError{Status: response.StatusCode, Body: body.Error}
}

// post sends a question and reads the answer.
func (c *Client) post(ctx context.Context, body []byte, take func(Piece)) (*Answer, error) {
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, c.State.Gateway+"/v1/chat/completions",
		bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(post)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, gatewayError(response)
	}
	if kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";"); kind == "application/json" {
		return readWhole(response.Body, take)
	}
	return readAnswer(response.Body, take)
}

// maxWhole bounds an answer in one piece, with its proof.
const maxWhole = 16 << 20

// readWhole reads an answer in one piece.
func readWhole(body io.Reader, take func(Piece)) (*Answer, error) {
	var response api.ChatResponse
	if err := json.NewDecoder(io.LimitReader(body, maxWhole)).Decode(&response); err != nil {
		return nil, fmt.Errorf("unreadable answer: %w", err)
	}
	if response.OpenLedger == nil || len(response.Choices) == 0 || response.Choices[0].Message == nil {
		return nil, fmt.Errorf("the answer has no signature: %w", io.ErrUnexpectedEOF)
	}
	answer := &Answer{Message: *response.Choices[0].Message, Proof: *response.OpenLedger}
	if finish := response.Choices[0].FinishReason; finish != nil {
		answer.Finish = *finish
	}
	answer.Text = answer.Message.Answered()
	if take != nil {
		take(Piece{Content: answer.Message.Content, ToolCalls: answer.Message.ToolCalls})
	}
	return answer, nil
}

// readAnswer collects the text and the proof, which comes with the finish reason.
func readAnswer(body io.Reader, take func(Piece)) (*Answer, error) {
	var message api.Message
	var proof *api.Answer
	var finish string
	var come Piece // what came since the last piece was passed on
	pass := func() error {
		if take != nil && (come.Content != "" || len(come.ToolCalls) > 0) {
			take(come)
		}
		come = Piece{}
		return nil
	}
	defer func() { _ = pass() }()
	err := api.ReadEvents(api.Pausing(body, pass), func(data string) (bool, error) {
		if data == api.Done {
			return true, nil
		}
		var chunk struct {
			api.ChatResponse
			Error *api.Error `json:"error"`
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			return false, fmt.Errorf("unreadable event: %w", err)
		}
		if chunk.Error != nil {
			return false, &GatewayError{Status: http.StatusOK, Body: *chunk.Error}
		}
		for _, choice := range chunk.Choices {
			if choice.FinishReason != nil {
				finish = *choice.FinishReason
			}
			if choice.Delta == nil {
				continue
			}
			come.Content += choice.Delta.Content
			message.Content += choice.Delta.Content
			for _, call := range choice.Delta.ToolCalls {
				come.ToolCalls = append(come.ToolCalls, call.ToolCall)
				message.ToolCalls = append(message.ToolCalls, call.ToolCall)
			}
		}
		if chunk.OpenLedger != nil {
			proof = chunk.OpenLedger
		}
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	if proof == nil {
		return nil, fmt.Errorf("the stream ended without a signature: %w", io.ErrUnexpectedEOF)
	}
	message.Role = "assistant"
	return &Answer{Text: message.Answered(), Message: message, Finish: finish, Proof: *proof}, nil
}
