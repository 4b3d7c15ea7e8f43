package corpus

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestChangesAreBounded: all changes are counted, few words are kept, and the report says if there are more.
func TestChangesAreBounded(t *testing.T) {
	text := strings.Repeat("one\u00a0two ", 10_000) + "co\u00adoperate co\u00adoperate \ufb01bre\r\n"
	for limit, want := range map[int][]string{
		-1: nil, 0: nil, 1: {"co\u00adoperate"}, 2: {"co\u00adoperate", "\ufb01bre"},
		4: {"co\u00adoperate", "\ufb01bre", "one\u00a0two", "\r\n"},
	} {
		c, file := newChanges(limit), File{}
		c.add(Document{Name: "a", Text: []byte(text)})
		c.report(&file)
		require.Equal(t, []ChangeCount{{SoftHyphen, 2}, {Ligature, 1}, {Space, 10_000}, {LineEnd, 1}}, file.Changed)
		var words []string
		for _, change := range file.Changes {
			words = append(words, change.From)
		}
		require.Equal(t, want, words)
		require.Equal(t, limit > 0 && limit < 4, file.MoreChanges, limit)
	}
	c, file := newChanges(3), File{}
	c.add(Document{Name: "a", Text: []byte("plain text, “quoted” — with a dash")})
	c.report(&file)
	require.Empty(t, file.Changed)
	require.Empty(t, file.Changes)
}
