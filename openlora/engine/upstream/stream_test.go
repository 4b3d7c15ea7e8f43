package upstream

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/engine"
)

// FuzzStream: whatever a server sends, the emitted text is valid and is the beginning of the answer.
func FuzzStream(f *testing.F) {
	f.Add([]byte(`data: {"choices":[{"delta":{"content":"Because "}}]}` + "\n\ndata: [DONE]\n\n"))
	f.Add([]byte(`data: {"choices":[{"delta":{"content":"\ud83d"}}]}` + "\n\ndata: {\"error\":\"x\"}\n"))
	f.Add([]byte(`data: {"choices":[{"delta":{"tool_calls":[{"index":3}]}}]}` + "\n\n"))
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"\xed\xa0\"}}]}\n\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		said := ""
		reply, err := read(bytes.NewReader(content), func(piece string) error {
			said += piece
			return nil
		})
		require.True(t, utf8.ValidString(said))
		if err == nil {
			require.Equal(t, reply.Text, said)
			return
		}
		require.ErrorIs(t, err, engine.ErrUpstream)
	})
}
