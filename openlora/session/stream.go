package session

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/openledger/openledger/openlora/api"
)

const (
	maxErrorBody = 64 << 10
	maxLine      = 4 << 20
)

// GatewayError is an error that the gateway answered with.
type GatewayError struct {
	Status int
	Body   api.Error
}

// Error implements error.
func (e *GatewayError) Error() string {
	return fmt.Sprintf("the gateway refused: %s (%s)", e.Body.Message, e.Body.Code)
}

func gatewayError(response *http.Response) error {
	content, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	var body api.ErrorBody
	if json.Unmarshal(content, &body) != nil || body.Error.Message == "" {
		body.Error = api.Error{Message: response.Status, Code: "unknown"}
	}
	return &GatewayError{Status: response.StatusCode, Body: body.Error}
}

// post sends a question and reads the streamed answer.
func (c *Client) post(ctx context.Context, request api.ChatRequest, piece func(string)) (*Answer, error) {
	encoded, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, c.State.Gateway+"/v1/chat/completions", bytes.NewReader(encoded))
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
	return readAnswer(response.Body, piece)
}

// readAnswer collects the text and the proof, which comes last.
func readAnswer(body io.Reader, piece func(string)) (*Answer, error) {
	var text strings.Builder
	var proof *api.Answer
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok {
			continue
		}
		if data = strings.TrimSpace(data); data == "[DONE]" {
			break
		}
		var chunk struct {
			api.ChatResponse
			Error *api.Error `json:"error"`
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			return nil, fmt.Errorf("unreadable event: %w", err)
		}
		if chunk.Error != nil {
			return nil, &GatewayError{Status: http.StatusOK, Body: *chunk.Error}
		}
		for _, choice := range chunk.Choices {
			if choice.Delta == nil || choice.Delta.Content == "" {
				continue
			}
			text.WriteString(choice.Delta.Content)
			if piece != nil {
				piece(choice.Delta.Content)
			}
		}
		if chunk.OpenLedger != nil {
			proof = chunk.OpenLedger
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if proof == nil {
		return nil, fmt.Errorf("the stream ended without a signature: %w", io.ErrUnexpectedEOF)
	}
	return &Answer{Text: text.String(), Proof: *proof}, nil
}
