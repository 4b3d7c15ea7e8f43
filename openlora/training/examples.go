package training

import (
	"context"
	"fmt"
	"strings"

	"github.com/openledger/openledger/slm/chat"
	"github.com/openledger/openledger/slm/influence"
	"github.com/openledger/openledger/slm/train"
)

// texts returns what is learned from contributions, in their order. The group of a text is the place of its
// contribution.
func texts(ctx context.Context, b *Base, s Settings, contributions []Contribution) ([]influence.Text, error) {
	places := make(map[uint64]int, len(contributions))
	for i, c := range contributions {
		places[c.Rank] = i
	}
	var all []influence.Text
	for i, c := range contributions {
		for index, segment := range c.Segments {
			examples, err := b.examples(ctx, s.Format, string(segment))
			if err != nil {
				return nil, fmt.Errorf("contribution %d, segment %d: %w", c.Rank, index, err)
			}
			var passed []influence.Part
			for _, d := range c.Derived(uint32(index)) {
				// A contribution that is not in the manifest is not paid: its part stays with the segment.
				if place, known := places[d.Rank]; known {
					passed = append(passed, influence.Part{Group: place, PPM: d.PPM})
				}
			}
			for _, e := range examples {
				all = append(all, influence.Text{Example: e, Group: i, Passed: passed})
			}
		}
	}
	return all, nil
}

// examples returns the training examples of a segment.
func (b *Base) examples(ctx context.Context, format Format, segment string) ([]train.Example, error) {
	if format == FormatText {
		return b.plain(segment), nil
	}
	before, pairs := questions(segment)
	all := b.plain(before)
	for _, pair := range pairs {
		prompt, err := b.PromptAt(ctx, []chat.Message{{Role: "user", Content: pair.question}}, influence.Now)
		if err != nil {
			return nil, err
		}
		tokens := append(prompt, b.Tokenizer.Encode(pair.answer)...)
		all = append(all, train.Example{Tokens: b.ended(tokens), From: len(prompt)})
	}
	return all, nil
}

// plain returns an example of a text of which all tokens are learned, and none for an empty text.
func (b *Base) plain(text string) []train.Example {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	tokens := append([]int(nil), b.Tokenizer.Prefix()...)
	if first, ok := b.Tokenizer.ID(b.Tokenizer.BOS); ok && len(tokens) == 0 {
		tokens = append(tokens, first)
	}
	return []train.Example{{Tokens: b.ended(append(tokens, b.Tokenizer.Encode(text)...)), From: 1}}
}

// ended appends the token that ends a text.
func (b *Base) ended(tokens []int) []int {
	if end, ok := b.Tokenizer.ID(b.Tokenizer.EOS); ok {
		return append(tokens, end)
	}
	return tokens
}

// pair is a question with its answer.
type pair struct{ question, answer string }

// questions cuts a segment into pairs, and returns the text before the first pair. A question without an answer belongs
// to the text before it.
func questions(segment string) (before string, pairs []pair) {
	var text, answer strings.Builder
	question := ""
	finish := func() {
		if said := strings.TrimSpace(answer.String()); question != "" && said != "" {
			pairs = append(pairs, pair{question, said})
		} else if question != "" {
			text.WriteString(question + "\n")
		}
		question = ""
		answer.Reset()
	}
	for line := range strings.Lines(segment) {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasSuffix(trimmed, "?"):
			finish()
			question = withoutLabel(trimmed, "question", "q")
		case question == "":
			text.WriteString(line)
		case answer.Len() == 0:
			answer.WriteString(withoutLabel(trimmed, "answer", "a"))
			answer.WriteString("\n")
		default:
			answer.WriteString(line)
		}
	}
	finish()
	return strings.TrimSpace(text.String()), pairs
}

// withoutLabel removes a label such as "Q: " from the beginning of a line.
func withoutLabel(line string, labels ...string) string {
	for _, label := range labels {
		if rest, found := strings.CutPrefix(strings.ToLower(line), label+":"); found {
			return strings.TrimSpace(line[len(line)-len(rest):])
		}
	}
	return line
}
