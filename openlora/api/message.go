package api

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Message is a message of a conversation.
type Message struct {
	Role    string
	Content string // parts are joined by line feeds
	Name    string
	// ToolCalls are the calls of an assistant. ToolCallID names the call that a message of role tool answers.
	ToolCalls  []ToolCall
	ToolCallID string
}

// ToolCall is the model's request to call a function.
type ToolCall struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"` // function
	Function Function `json:"function"`
}

// Function is the name of a function and its arguments, a JSON text.
type Function struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// roles of messages.
var roles = map[string]bool{"system": true, "developer": true, "user": true, "assistant": true, "tool": true}

// Answered returns the text of an answer: its content, then the name and arguments of its tool calls, each call on a
// line of its own. This text is committed to, counted and attributed.
func (m Message) Answered() string {
	var text strings.Builder
	text.WriteString(m.Content)
	for _, call := range m.ToolCalls {
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(call.Function.Name + " " + call.Function.Arguments)
	}
	return text.String()
}

// MarshalJSON implements json.Marshaler.
func (m Message) MarshalJSON() ([]byte, error) {
	content := &m.Content
	if m.Content == "" && len(m.ToolCalls) > 0 {
		content = nil
	}
	return json.Marshal(struct {
		Role       string     `json:"role"`
		Content    *string    `json:"content"`
		Name       string     `json:"name,omitempty"`
		ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
		ToolCallID string     `json:"tool_call_id,omitempty"`
	}{m.Role, content, m.Name, m.ToolCalls, m.ToolCallID})
}

// UnmarshalJSON implements json.Unmarshaler. It accepts the forms of content that OpenAI's API allows. It refuses
// content that is not text, and names its type.
func (m *Message) UnmarshalJSON(text []byte) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) != nil || fields == nil {
		return invalid("", "must be an object with role and content")
	}
	*m = Message{}
	for name, value := range fields {
		if string(value) == "null" {
			continue
		}
		if err := m.set(name, value); err != nil {
			return within(name, err)
		}
	}
	if !roles[m.Role] {
		return invalid("role", "must be system, developer, user, assistant or tool")
	}
	return nil
}

func (m *Message) set(name string, value json.RawMessage) (err error) {
	switch name {
	case "role":
		return text(value, &m.Role)
	case "name":
		return text(value, &m.Name)
	case "tool_call_id":
		return text(value, &m.ToolCallID)
	case "content":
		m.Content, err = content(value)
		return err
	case "tool_calls":
		var calls []ToolCall
		if json.Unmarshal(value, &calls) != nil {
			return invalid("", "must be a list of calls, each with id, type and function")
		}
		for i, call := range calls {
			if call.Type != "function" {
				return invalid(fmt.Sprint(i, ".type"), "must be function")
			}
		}
		m.ToolCalls = calls
		return nil
	case "annotations":
		if string(value) == "[]" { // SDKs send it when they repeat an answer
			return nil
		}
	}
	return unsupported("", "is not supported in messages: leave it out")
}

// content reads a string, or joins parts of text.
func content(value json.RawMessage) (string, error) {
	var whole string
	if json.Unmarshal(value, &whole) == nil {
		return whole, nil
	}
	var parts []struct {
		Type string  `json:"type"`
		Text *string `json:"text"`
	}
	if json.Unmarshal(value, &parts) != nil {
		return "", invalid("", "must be a string or a list of parts")
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		switch {
		case part.Type != "text":
			return "", unsupported(fmt.Sprint(i, ".type"),
				fmt.Sprintf("%q is not supported: this model reads parts of type text only", part.Type))
		case part.Text == nil:
			return "", invalid(fmt.Sprint(i, ".text"), "is missing")
		}
		texts[i] = *part.Text
	}
	return strings.Join(texts, "\n"), nil
}
