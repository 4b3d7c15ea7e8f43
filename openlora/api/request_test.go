package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
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

// TestNothingIsPassedOver: what cannot be done is refused by its name, in words that a person who knows no Go
// understands.
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

func TestReadEvents(t *testing.T) {
	for stream, want := range map[string][]string{
		": comment\n\nevent: x\ndata: a\n\ndata:b\r\n\r\n": {"a", "b"},
		"data: {\"a\":\ndata: 1}\n\n":                      {"{\"a\":\n1}"},
		"data: {}\ndata: [DONE]\n":                         {"{}", "[DONE]"},
		"data: last":                                       {"last"},
	} {
		var got []string
		require.NoError(t, api.ReadEvents(strings.NewReader(stream), func(data string) (bool, error) {
			got = append(got, data)
			return false, nil
		}))
		require.Equal(t, want, got, stream)
	}
}
