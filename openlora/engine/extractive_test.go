package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/content/segment"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/terms"
	"github.com/openledger/openledger/poa"
)

var passages = [][]byte{
	[]byte("The club hair is pushed out of the follicle by the shaft that grows after it. Weather is not part of this " +
		"at all, of course."),
	[]byte("# Title\nA follicle rests for about three months before it sheds the old hair, e.g. after an illness. It " +
		"is a slow affair."),
}

func answer(t *testing.T, question string, maxTokens int) string {
	t.Helper()
	var streamed strings.Builder
	reply, err := engine.Extractive{}.Answer(context.Background(), engine.Request{
		Messages: []api.Message{{Role: "user", Content: question}}, Passages: passages, MaxTokens: maxTokens,
		Rarity: func(terms.Term) int64 { return 8 << 16 },
	}, func(piece string) error {
		streamed.WriteString(piece)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, reply.Text, streamed.String())
	return reply.Text
}

func TestExtractiveQuotesVerbatimAndRepeats(t *testing.T) {
	first := answer(t, "When does a follicle shed the old hair?", 0)
	require.Contains(
		t, first, "A follicle rests for about three months before it sheds the old hair, e.g. after an illness.")
	require.NotContains(t, first, "#")
	require.Equal(t, first, answer(t, "When does a follicle shed the old hair?", 0))
}

func TestExtractiveKeepsToItsLimit(t *testing.T) {
	require.LessOrEqual(t, len(poa.Tokenize([]byte(answer(t, "follicle hair", 30)))), 30)
}

func TestExtractiveWithoutSources(t *testing.T) {
	var n net
	emitted := false
	reply, err := engine.Extractive{}.Answer(context.Background(), engine.Request{
		Messages: []api.Message{{Role: "user", Content: "Anything?"}}, Rarity: func(terms.Term) int64 { return 0 },
	}, func(string) error { emitted = true; return nil })
	require.ErrorIs(t, err, engine.ErrSilent)
	require.Equal(t, "The sources of this model say nothing about that.", reply.Text)
	require.False(t, emitted)
	n.add("The sources of this model say nothing about that, and whoever registers this sentence earns nothing by it.")
	_, err = n.ask(t, "What is the of and to in?")
	require.ErrorIs(t, err, engine.ErrSilent, "a question of stop words")
}

// manual is what a first user asked about.
const manual = `# Rebasing

When git rerere has recorded a resolution, it is replayed for you during the rebase, and all that is left of the work is to check the result of it.

To resume after you have solved the conflicts, mark them as solved and continue the rebasing process with:

    git add file

    git rebase --continue

The capital letters of the list say what git does with each commit. The headers that are kept in a redirect are these:

- the Authorization header of the first request
- the Cookie header, if the domain is the same

After that the client goes on with the next request of the redirect chain:`

func TestExtractiveIsSilentAboutOtherThings(t *testing.T) {
	var n net
	for _, s := range segment.Split([]byte(manual)) {
		n.add(string(s))
	}
	for _, question := range []string{
		"What is the capital of France?", "what is the of it and is it with you?", "How is the weather of the day?",
		"Who is it that you are after?",
		"Wie heißt die Hauptstadt von Frankreich?", "法国的首都是哪里？",
	} {
		answer, err := n.ask(t, question)
		require.ErrorIs(t, err, engine.ErrSilent, "%s: %s", question, answer)
	}
}

func TestExtractiveKeepsBlocksWhole(t *testing.T) {
	var n net
	n.add(manual)
	answer, err := n.ask(t, "How do I continue the rebasing process after conflicts are solved?")
	require.NoError(t, err)
	require.Contains(t, answer, "continue the rebasing process with:\n\n    git add file\n\n    git rebase --continue")
	answer, err = n.ask(t, "Which headers are kept in a redirect?")
	require.NoError(t, err)
	require.Contains(
		t, answer, "are these:\n\n- the Authorization header of the first request\n"+
			"- the Cookie header, if the domain is the same")
	require.NotContains(t, answer, "redirect chain", "a sentence that leads to nothing")

	n.add("Call it so:\n\n```go\nerr := group.Wait() // waits. For all\n\nif err != nil {\n\treturn err\n}\n```\n" +
		"The group is done then.")
	answer, err = n.ask(t, "How do I call group.Wait?")
	require.NoError(t, err)
	require.Contains(
		t, answer, "Call it so:\n\n```go\nerr := group.Wait() // waits. For all\n\nif err != nil {\n\treturn err\n}\n```")

	n.add("| drug | dose |\n|---|---|\n| dapsone | 50 mg. daily |\n| colchicine | 1 mg. daily |")
	answer, err = n.ask(t, "What is the dose of dapsone and colchicine?")
	require.NoError(t, err)
	require.Contains(t, answer, "|---|---|\n| dapsone | 50 mg. daily |\n| colchicine | 1 mg. daily |")
}

// TestExtractiveQuotesLongParagraphs: a paragraph without blanks and without breaks is not one sentence, and a sentence
// that has no end is cut behind a clause.
func TestExtractiveQuotesLongParagraphs(t *testing.T) {
	var n net
	garden := "这座花园建于十八世纪，园中有一个大湖，湖边种着许多柳树和桃树，每年春天都有很多人来这里散步。"
	lupus := "红斑狼疮是一种自身免疫性疾病，患者的免疫系统会攻击自己的皮肤、关节和肾脏。最常见的表现是面部的蝶形红斑，日晒以后往往加重。医生通过检查血液中的抗核抗体来确认诊断。治疗时常用羟氯喹，同时要求患者避免日晒并定期复查。"
	n.add(garden, lupus)
	answer, err := n.ask(t, "红斑狼疮是一种自身免疫性疾病")
	require.NoError(t, err)
	require.Contains(t, lupus, answer[:len("红斑狼疮是一种自身免疫性疾病")])
	require.NotContains(t, answer, "花园")
	right, _ := n.paid(t, answer, 1)
	require.Greater(t, right, uint32(900_000))

	endless := strings.Repeat("a lantern of the old harbour shines over the quiet water of the bay, ", 30)
	n.add(endless)
	answer, err = n.ask(t, "Where does the lantern of the old harbour shine?")
	require.NoError(t, err)
	require.Contains(t, endless, strings.TrimPrefix(answer, "In short: ")[:200])
	require.Less(t, len(poa.TokenIDs([]byte(answer))), 220)
}

func TestExtractiveKeepsToItsLimitInEveryScript(t *testing.T) {
	for _, language := range readLanguages(t) {
		var n net
		n.add(language.sources...)
		for _, most := range []int{3, 12, 40} {
			n.most = most
			answer, err := n.ask(t, language.related[0].question)
			if errors.Is(err, engine.ErrSilent) {
				require.Equal(t, 3, most, "%s: too few words for any", language.name)
				continue
			}
			require.NoError(t, err)
			require.LessOrEqual(t, len(poa.TokenIDs([]byte(answer))), most, "%s: %s", language.name, answer)
		}
	}
}

func TestSilence(t *testing.T) {
	seen := make(map[string]bool)
	for question, want := range map[string]string{
		"What is it?": "The sources", "": "The sources", "123": "The sources", "ما هذا؟": "لا تذكر", "这是什么？": "该模型",
		"これは何ですか": "このモデル", "東京はどこ": "このモデル",
		"이것은 무엇": "이 모델", "นี่คืออะไร": "แหล่งข้อมูล", "यह क्या है": "इस मॉडल", "Что это?": "Источники",
		"Τι είναι;": "Οι πηγές", "What does 是 mean in Chinese?": "The sources",
	} {
		got := engine.Silence(question)
		require.True(t, strings.HasPrefix(got, want), "%q: %s", question, got)
		require.NoError(t, poa.CheckText([]byte(got)))
		seen[got] = true
	}
	require.Len(t, seen, 9)
}

// TestExtractiveSaysWhatSourcesSay: whatever the passages are, an answer has no words but theirs and those of the
// openings, no more than it may have, and is the same again.
func TestExtractiveSaysWhatSourcesSay(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"glacier ", "moves ", "the ", "Ice. ", "冰川移动。", "氷河は", "น้ำแข็ง ", "جليد؟ ", "बर्फ। ", "\n", "\n\n", "- ", "1. ",
		"# ", "```\n", "| a |\n|---|\n", "    ", ": ", "e.g. ", "\xff",
		strings.Repeat("many words of ice without an end ", 15),
	})
	text := rapid.Custom(
		func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(pieces, 0, 40).Draw(t, "pieces"), "") })
	lead := make(map[poa.TokenID]bool)
	for _, id := range poa.TokenIDs(
		[]byte("In short: In addition, another source explains: A further note says: It is also recorded that: And finally:")) {
		lead[id] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		var n net
		n.add(rapid.SliceOfN(text, 1, 5).Draw(t, "sources")...)
		request := engine.Request{
			Messages: []api.Message{{Role: "user", Content: text.Draw(t, "question")}}, Rarity: n.index.Rarity,
			MaxTokens: rapid.IntRange(0, 200).Draw(t, "most"),
		}
		said := make(map[poa.TokenID]bool)
		for _, source := range n.sources {
			request.Passages = append(request.Passages, []byte(source))
			for _, id := range poa.TokenIDs([]byte(source)) {
				said[id] = true
			}
		}
		var streamed strings.Builder
		reply, err := engine.Extractive{}.Answer(context.Background(), request, func(piece string) error {
			streamed.WriteString(piece)
			return nil
		})
		if err != nil {
			if !errors.Is(err, engine.ErrSilent) || streamed.Len() > 0 {
				t.Fatal(err)
			}
			return
		}
		answer := reply.Text
		if streamed.String() != answer {
			t.Fatalf("%q was sent of %q", streamed.String(), answer)
		}
		ids := poa.TokenIDs([]byte(answer))
		if request.MaxTokens > 0 && len(ids) > request.MaxTokens {
			t.Fatalf("%d tokens, at most %d", len(ids), request.MaxTokens)
		}
		for _, id := range ids {
			if !said[id] && !lead[id] {
				t.Fatalf("words of nobody in %q", answer)
			}
		}
		if again, _ := (engine.Extractive{}).Answer(context.Background(), request,
			func(string) error { return nil }); again.Text != answer {
			t.Fatal("another answer")
		}
	})
}

// TestExtractiveIgnoresNothing: an option is honoured or refused by its name.
func TestExtractiveIgnoresNothing(t *testing.T) {
	e := engine.Extractive{}
	for name, value := range map[string]string{
		"temperature": "0.0", "top_p": "1", "seed": "7", "tools": "[]", "response_format": `{ "type": "text" }`,
		"parallel_tool_calls": "true",
	} {
		require.NoError(t, e.Accepts(api.Options{name: json.RawMessage(value)}), name)
	}
	for name, value := range map[string]string{
		"temperature": "0.7", "stop": `"."`, "tools": `[{"type":"function"}]`, "tool_choice": `"required"`,
		"response_format":  `{"type":"json_object"}`,
		"presence_penalty": "1",
	} {
		var refused *api.ParameterError
		require.ErrorAs(t, e.Accepts(api.Options{name: json.RawMessage(value)}), &refused, name)
		require.Equal(t, name, refused.Param)
		require.Equal(t, "unsupported_parameter", refused.Code)
	}
}
