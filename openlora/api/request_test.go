package api_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/poa"
)

const asked = `"messages":[{"role":"user","content":"Why?"}]`

func TestParseChat(t *testing.T) {
	r, err := api.ParseChat([]byte(`{"model":"openledger/1","messages":[{"role":"system","content":"Be brief."},
		{"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]},
		{"role":"assistant","content":null,"refusal":null,"annotations":[],"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"c","content":"four"}],
		"max_completion_tokens":1e2,"max_tokens":200.0,"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"n":1,"logprobs":false,"user":"u","stop":null}`))
	require.NoError(t, err)
	require.Equal(t, "one\ntwo", r.Question())
	require.Equal(t, 100, r.MaxTokens)
	require.True(t, r.Stream && r.IncludeUsage)
	require.Equal(t, "c", r.Messages[3].ToolCallID)
	require.Len(t, r.Options, 1)
	require.Equal(t, "0.5", string(r.Options["temperature"]))
	require.EqualValues(t, 2+2+1+1, r.InputTokens())
	require.Equal(t, "f {}", r.Messages[2].Answered())
}

func TestToolsAreCountedAsInput(t *testing.T) {
	plain, err := api.ParseChat([]byte(`{` + asked + `}`))
	require.NoError(t, err)
	with, err := api.ParseChat(
		[]byte(`{` + asked + `,"tools":[{"type":"function","function":{"name":"weather","description":"the weather of a city"}}]}`))
	require.NoError(t, err)
	require.Greater(t, with.InputTokens(), plain.InputTokens()+5)
}

func TestParsePrompt(t *testing.T) {
	for _, prompt := range []string{`"Why?"`, `["Why?"]`} {
		r, err := api.ParsePrompt(
			[]byte(`{"model":"openledger/1","prompt":` + prompt + `,"max_tokens":5,"echo":false,"logprobs":null}`))
		require.NoError(t, err)
		require.True(t, r.Prompted)
		require.Equal(t, "Why?", r.Question())
	}
}

// TestNothingIsPassedOver: a parameter that cannot be honoured is refused by its name, in words that need no knowledge
// of Go.
func TestNothingIsPassedOver(t *testing.T) {
	for body, want := range map[string][2]string{
		`{` + asked + `,"n":2}`:           {"n", api.CodeUnsupported},
		`{` + asked + `,"logprobs":true}`: {"logprobs", api.CodeUnsupported},
		`{` + asked + `,"audio":{}}`:      {"audio", api.CodeUnsupported},
		`{` + asked + `,"MAX_TOKENS":3}`:  {"MAX_TOKENS", api.CodeUnsupported},
		`{` + asked + `,"stream_options":{"other":true}}`: {"stream_options.other",
			api.CodeUnsupported},
		`{` + asked + `,"prompt":"x"}`:     {"prompt", api.CodeInvalid},
		`{` + asked + `,"max_tokens":1.5}`: {"max_tokens", api.CodeInvalid},
		`{` + asked + `,"max_tokens":0}`:   {"max_tokens", api.CodeInvalid},
		`{` + asked + `,"max_completion_tokens":"5"}`: {"max_completion_tokens",
			api.CodeInvalid},
		`{` + asked + `,"stream":"yes"}`:                 {"stream", api.CodeInvalid},
		`{` + asked + `,"model":1}`:                      {"model", api.CodeInvalid},
		`{` + asked + `,"openledger":{"n":"1"}}`:         {"openledger.n", api.CodeInvalid},
		`{` + asked + `,"openledger":{"session":"xyz"}}`: {"openledger", api.CodeInvalid},
		`{` + asked + `,"openledger":[]}`:                {"openledger", api.CodeInvalid},
		`{"messages":"hi"}`:                              {"messages", api.CodeInvalid},
		`{"messages":["hi"]}`:                            {"messages.0", api.CodeInvalid},
		`{"messages":[{"role":"king","content":"x"}]}`: {"messages.0.role",
			api.CodeInvalid},
		`{"messages":[{"role":"user","content":5}]}`: {"messages.0.content",
			api.CodeInvalid},
		`{"messages":[{"role":"user","content":"x","audio":{}}]}`: {"messages.0.audio",
			api.CodeUnsupported},
		`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}`: {"messages.0.content.0.type",
			api.CodeUnsupported},
		`{"messages":[{"role":"user","content":[{"type":"text"}]}]}`: {"messages.0.content.0.text", api.CodeInvalid},
		`{` + asked + `} {}`:                      {"", api.CodeJSON},
		`{` + asked + `,"model":"a","model":"b"}`: {"", api.CodeJSON},
		`[]`:   {"", api.CodeJSON},
		`null`: {"", api.CodeJSON},
		``:     {"", api.CodeJSON},
	} {
		_, err := api.ParseChat([]byte(body))
		var refused *api.ParameterError
		require.ErrorAs(t, err, &refused, body)
		require.Equal(t, want, [2]string{refused.Param, refused.Code}, "%s: %s", body, err)
		for _, word := range []string{"Go ", "struct", "unmarshal", "uint", "api.", "[]"} {
			require.NotContains(t, refused.Message, word, body)
		}
	}
}

// TestMessagesAreReadAsTheyWereWritten: with any text, name and tool calls, as SDKs send an answer back.
func TestMessagesAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		said := api.Message{
			Role:    rapid.SampledFrom([]string{"system", "developer", "user", "assistant", "tool"}).Draw(t, "role"),
			Content: anyText().Draw(t, "content"), Name: anyText().Draw(t, "name"), ToolCallID: anyText().Draw(t, "call"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "calls") {
			said.ToolCalls = append(said.ToolCalls, api.ToolCall{ID: anyText().Draw(t, "id"), Type: "function",
				Function: api.Function{Name: anyText().Draw(t, "function"), Arguments: anyText().Draw(t, "arguments")}})
		}
		encoded, err := json.Marshal(said)
		require.NoError(t, err)
		var read api.Message
		require.NoError(t, json.Unmarshal(encoded, &read))
		require.Equal(t, said, read)
		require.Equal(t, said.Answered(), read.Answered())
	})
}

// FuzzParseChat: nothing that a stranger sends panics. A refusal has a code and a reason. An accepted request has the
// query of its body, and at least the tokens of its question.
func FuzzParseChat(f *testing.F) {
	for _, seed := range []string{
		`{` + asked + `}`, `{` + asked + `,"max_tokens":1e2,"stream":true,"stream_options":{"include_usage":true}}`,
		`{"messages":[{"role":"tool","content":[{"type":"text","text":"x"}],"tool_call_id":"c"}],"tools":[]}`,
		`{"prompt":["Why?"],"n":1,"echo":false}`, `{` + asked + `,"openledger":{"n":1,"head":"00"}}`, `{"messages":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, parse := range []func([]byte) (*api.Request, error){api.ParseChat, api.ParsePrompt} {
			r, err := parse(body)
			if err != nil {
				var refused *api.ParameterError
				require.ErrorAs(t, err, &refused)
				require.NotEmpty(t, refused.Code)
				require.NotEmpty(t, refused.Message)
				continue
			}
			query, err := api.Query(body)
			require.NoError(t, err)
			require.Equal(t, query, r.Query)
			require.GreaterOrEqual(t, int(r.InputTokens()), len(poa.Tokenize([]byte(r.Question()))))
			require.GreaterOrEqual(t, r.MaxTokens, 0)
		}
	})
}

// TestDecodeNamesFields: errors about other bodies name fields, and no types of Go.
func TestDecodeNamesFields(t *testing.T) {
	var ok api.Acknowledgement
	require.NoError(t, api.Decode([]byte(`{"n":3,"cumulative_max":"7","signature":"AQI="}`), &ok))
	require.Equal(t, api.Acknowledgement{N: 3, CumulativeMax: "7", Signature: []byte{1, 2}}, ok)
	for body, want := range map[string]string{
		`{"n":"3"}`:                   "n: must be a whole number of at least 0, not string",
		`{"n":-1}`:                    "n: must be a whole number of at least 0, not number",
		`{"cumulative_max":7}`:        "cumulative_max: must be a string, not number",
		`{"signature":7}`:             "signature: must be a string in base64, not number",
		`{"n":1,"n":2}`:               "occurs twice",
		`[]`:                          "must be an object, not array",
		`{"signature":"not base64!"}`: "base64",
		`{"head":7}`:                  "head: must be a string, not number",
		`{"head":"` + strings.Repeat("0", 62) + `"}`: "",
		`{`: "the body is not the expected JSON",
	} {
		err := api.Decode([]byte(body), new(api.Acknowledgement))
		var refused *api.ParameterError
		require.ErrorAs(t, err, &refused, body)
		require.ErrorContains(t, err, want, body)
		require.NotContains(t, err.Error(), "Go ", body)
	}
}

// TestLimitsOfTokens: however the numbers are written, the lower one counts, and a huge one is accepted.
func TestLimitsOfTokens(t *testing.T) {
	for limits, want := range map[string]int{
		`"max_tokens":7`: 7, `"max_tokens":7.0e0`: 7, `"max_tokens":1e300`: math.MaxInt32, `"max_tokens":null`: 0,
		`"max_tokens":9,"max_completion_tokens":8`: 8, `"max_tokens":8,"max_completion_tokens":9`: 8,
	} {
		r, err := api.ParseChat([]byte(`{` + asked + `,` + limits + `}`))
		require.NoError(t, err, limits)
		require.Equal(t, want, r.MaxTokens, limits)
	}
}

// TestQuestionIsTheLastOfTheUser, whatever follows it. A conversation without a message of the user asks nothing.
func TestQuestionIsTheLastOfTheUser(t *testing.T) {
	r, err := api.ParseChat([]byte(`{"messages":[{"role":"user","content":"one"},{"role":"user","content":"two"},
		{"role":"assistant","content":"three"},{"role":"tool","content":"four"}]}`))
	require.NoError(t, err)
	require.Equal(t, "two", r.Question())
	r, err = api.ParseChat([]byte(`{"messages":[{"role":"system","content":"one"}]}`))
	require.NoError(t, err)
	require.Empty(t, r.Question())
	require.EqualValues(t, 1, r.InputTokens())
}
