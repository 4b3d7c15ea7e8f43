package gateway

import (
	"net/http"

	"github.com/openledger/openledger/openlora/api"
)

// stream delivers an answer: as server-sent events, or whole if the request asks for that.
type stream struct {
	*api.Stream
	w       http.ResponseWriter
	request *api.Request
}

func newStream(w http.ResponseWriter, request *api.Request, receiptID string, model uint64) *stream {
	return &stream{api.NewStream(w, receiptID, ModelName(model), request.Prompted), w, request}
}

// toolCalls sends the tool calls of an answer, whole.
func (s *stream) toolCalls(calls []api.ToolCall) error {
	if len(calls) == 0 {
		return nil
	}
	return s.Piece("", calls...)
}

// deliver ends the stream. A request that wants no stream gets the whole response.
func (s *stream) deliver(response api.ChatResponse) {
	if s.request.Stream {
		usage := response.Usage
		if !s.request.IncludeUsage {
			usage = nil
		}
		_ = s.End(*response.Choices[0].FinishReason, response.OpenLedger, usage)
		return
	}
	if s.request.Prompted {
		response.ID, response.Object = "cmpl-"+s.ID, "text_completion"
		for i, choice := range response.Choices {
			response.Choices[i] = api.Choice{Text: &choice.Message.Content, FinishReason: choice.FinishReason}
		}
	}
	writeJSON(s.w, http.StatusOK, response)
}
