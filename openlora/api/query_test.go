package api_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
)

// vector is a question with its hash, for clients in any language.
type vector struct {
	Name      string   `json:"name"`
	CallKey   poa.Hash `json:"call_key"`
	Request   string   `json:"request"`
	QueryHash poa.Hash `json:"query_hash"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	content, err := os.ReadFile("testdata/query.json")
	require.NoError(t, err)
	var all []vector
	require.NoError(t, json.Unmarshal(content, &all))
	require.NotEmpty(t, all)
	return all
}

func TestQueryHash(t *testing.T) {
	for _, v := range vectors(t) {
		query, err := api.Query([]byte(v.Request))
		require.NoError(t, err, v.Name)
		require.Equal(t, v.QueryHash, api.QueryHash(v.CallKey, query), "%s: %s", v.Name, query)
	}
}

// TestQueryHashInOtherLanguages runs the programs that docs/dapp.md points to.
func TestQueryHashInOtherLanguages(t *testing.T) {
	for program, script := range map[string]string{"node": "query.mjs", "python3": "query.py"} {
		t.Run(program, func(t *testing.T) {
			if exec.Command(program, "--version").Run() != nil {
				t.Skipf("%s is not installed; TestQueryHash checks the same vectors", program)
			}
			out, err := exec.Command(program, "testdata/"+script, "testdata/query.json").Output()
			require.NoError(t, err)
			lines := strings.Fields(string(out))
			for i, v := range vectors(t) {
				require.Equal(t, v.QueryHash.String(), lines[i], v.Name)
			}
		})
	}
}

func TestCanonicalRefusesWhatHasNoForm(t *testing.T) {
	for text, why := range map[string]string{
		`{"a":1,"a":2}`:                "twice",
		`{"a":{"\u0061":1,"a":2}}`:     "twice",
		`"\ud83d"`:                     "half",
		`"\ude00\ud83d"`:               "half",
		`"\ud83dx"`:                    "half",
		`1e400`:                        "large",
		`{} {}`:                        "after top-level value",
		`{}}`:                          "after top-level value",
		"\"\xff\"":                     "UTF-8",
		``:                             "empty",
		`[1,]`:                         "invalid character",
		strings.Repeat("[", 100) + "]": "unexpected end",
		strings.Repeat("[", 100) + strings.Repeat("]", 100): "nested",
	} {
		_, err := api.Canonical([]byte(text))
		require.ErrorContains(t, err, why, text)
	}
	got, err := api.Canonical([]byte(`"\\ud83d \ud83d\ude00 \\\\"`))
	require.NoError(t, err)
	require.Equal(t, `"\\ud83d 😀 \\\\"`, string(got), "an escaped backslash does not begin an escape")
}
