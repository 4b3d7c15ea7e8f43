package connect

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/render"
)

// footnotesMark begins the footnotes of an answer. Clients send answers back as history; what stands behind it is no
// part of the conversation.
const footnotesMark = "\n\n—\nSources, paid by this answer:\n"

// footnotes lists the sources of an answer for clients that drop fields which they do not know. An answer without
// sources has none.
func footnotes(proof api.Answer) string {
	if proof.Gap || len(proof.Sources) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString(footnotesMark)
	for i, source := range proof.Sources {
		title := source.Title
		if title == "" {
			title = fmt.Sprintf("contribution %d", source.Contribution)
		}
		fmt.Fprintf(&out, "[%d] %s, %s by %s\n", i+1, render.Line(title), render.Weight(source),
			render.Line(source.Contributor))
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// withoutFootnotes takes footnotes out of the answers in a list of messages.
func withoutFootnotes(messages json.RawMessage) json.RawMessage {
	if !strings.Contains(string(messages), "Sources, paid by this answer:") {
		return messages
	}
	var all []map[string]json.RawMessage
	if json.Unmarshal(messages, &all) != nil {
		return messages
	}
	for _, message := range all {
		var role string
		if json.Unmarshal(message["role"], &role) != nil || role != "assistant" {
			continue
		}
		var text string
		var parts []map[string]json.RawMessage
		switch {
		case json.Unmarshal(message["content"], &text) == nil:
			message["content"] = encoded(cutFootnotes(text))
		case json.Unmarshal(message["content"], &parts) == nil:
			for _, part := range parts {
				if json.Unmarshal(part["text"], &text) == nil {
					part["text"] = encoded(cutFootnotes(text))
				}
			}
			message["content"] = encoded(parts)
		}
	}
	return encoded(all)
}

func cutFootnotes(text string) string {
	if at := strings.LastIndex(text, footnotesMark); at >= 0 {
		return text[:at]
	}
	return text
}

func encoded(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it was JSON before
	}
	return text
}
