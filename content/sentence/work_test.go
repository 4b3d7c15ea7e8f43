package sentence

import (
	"strings"
	"testing"
)

// TestSentencesTakeLinearTime: whether a text is cut into sentences or into pieces of a size, each character is read a
// few times only.
func TestSentencesTakeLinearTime(t *testing.T) {
	const size, limit = 1 << 19, 1200
	for name, one := range map[string]string{
		"no break": "x", "words": "word ", "dots": ".", "dots and blanks": ". ", "blanks": " ",
		"Thai and blanks": "น" + strings.Repeat(" ", 5000), "Thai and lines": "น \n",
		"quotation marks": "“", "open brackets": "(a. ", "closing": ".)))", "leading": "e.g. ((((", "short forms": "e.g. ",
		"initials": "J. ", "figures": "3. a ", "signs": "---. a", "ellipses": "… ",
		"one long lead": "a. " + strings.Repeat("(", size),
	} {
		text := []byte(strings.Repeat(one, max(1, size/len(one))))
		for _, most := range []int{len(text), limit} {
			steps := 0
			for from := 0; from < len(text); {
				s := scanner{text: text, from: from, limit: min(from+most, len(text))}
				from = s.end()
				steps += s.steps
			}
			if steps > 8*len(text) {
				t.Errorf("%s, at most %d: %d steps for %d bytes", name, most, steps, len(text))
			}
		}
	}
}
