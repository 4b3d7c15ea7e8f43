package gateway

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/poa"
)

func cleaned(pieces ...string) string {
	var c cleaner
	var out strings.Builder
	for _, piece := range pieces {
		out.WriteString(c.add(piece))
	}
	out.WriteString(c.end())
	return out.String()
}

// TestAnswersKeepTheRulesOfSegments: what models emit is shown as before, and hides no words.
func TestAnswersKeepTheRulesOfSegments(t *testing.T) {
	for in, want := range map[string]string{
		"":              "",
		"plain text.\n": "plain text.\n",
		"“smart” – quotes — and … dots":                              "“smart” – quotes — and … dots",
		"5\u00a0mg, 10\u202fkm, a\u2009b\u2003c":                     "5 mg, 10 km, a b c",
		"one\r\ntwo\rthree\ffour\u2028five":                          "one\ntwo\nthree\nfour\nfive",
		"zero\u200bwidth\ufeff, soft\u00adhyphen, word\u2060joiner":  "zerowidth, softhyphen, wordjoiner",
		"\u200emark\u200f \u2066isolate\u2069 \u202aembedding\u202c": "mark isolate embedding",
		"cafe\u0301, nai\u0308ve, Z\u030Cizek":                       "café, naïve, Žizek",
		"tie\u0302\u0301ng":                                          "tiếng",
		"👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 x\ufe0f":              "👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 x",
		"می\u200cخواهم":                                              "می\u200cخواهم",
		"क्\u200dष और क्\u200cष":                                     "क्\u200dष और क्\u200cष",
		"日本語、全角\u3000です。":                                            "日本語、全角\u3000です。",
		"Thai ภาษาไทย":                                               "Thai ภาษาไทย",
		"עברית ועוד, العربية":                                        "עברית ועוד, العربية",
		"Привет, SQL-запрос":                                         "Привет, SQL-запрос",
		"p\u0430ssword":                                              "p а ssword",
		"NF-κB":                                                      "NF-κB",
		"\ue000 \ufffd \U000F0000":                                   "? ? ?",
		"nul\x00 bell\x07":                                           "nul bell",
		"broken \xff\xe2\x80":                                        "broken ???",
		"a\u200d\u0301":                                              "á",
	} {
		got := cleaned(in)
		require.Equal(t, want, got, "%q", in)
		require.NoError(t, poa.CheckText([]byte(got)), "%q", in)
		require.Equal(t, want, cleaned(strings.Split(in, "")...), "%q by characters", in)
		var bytes []string
		for i := range len(in) {
			bytes = append(bytes, in[i:i+1])
		}
		require.Equal(t, want, cleaned(bytes...), "%q by bytes", in)
	}
}

// TestCleaningDoesNotDependOnPieces, always keeps the rules, and does not change what keeps them.
func TestCleaningDoesNotDependOnPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.OneOf(
			rapid.StringOf(
				rapid.RuneFrom([]rune("aeiouAbz1 .-\r\n\u00a0\u200b\u200c\u200d\u0301\u0308\u0323\ufe0f\ufe01κаأب क❤#👩日ไ\ufffd"))),
			rapid.String(), rapid.SampledFrom([]string{"\xff", "\xe0", "\xb8", "\xf0\x9f"}),
		), 0, 10).Draw(t, "pieces")
		got := cleaned(pieces...)
		require.NoError(t, poa.CheckText([]byte(got)), "%q", got)
		require.Equal(t, got, cleaned(strings.Join(pieces, "")))
		require.Equal(t, got, cleaned(got), "what keeps the rules stays as it is")
	})
}
