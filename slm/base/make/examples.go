package main

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/openledger/openledger/slm/base"
	"github.com/openledger/openledger/slm/tokenizer"
	"github.com/openledger/openledger/slm/train"
)

const (
	plainTokens  = 1_800_000 // of documentation as it is
	talkTokens   = 3_000_000 // of questions about it, with their answers
	sourceTokens = 160       // of a source before a question
	answerLeast  = 40        // bytes of an answer
	answerMost   = 400
)

// questions ask what something is; %s is its name.
var questions = []string{
	"What is %s?", "What does %s do?", "Tell me about %s.", "How does %s work?", "Explain %s.", "When is %s used?",
	"what is %s", "%s?", "What do you know about %s?", "Describe %s.",
}

// prose returns the paragraphs of a comment that are no code, each in one line.
func prose(text string) []string {
	var all []string
	for _, paragraph := range strings.Split(text, "\n\n") {
		if strings.HasPrefix(paragraph, "\t") || strings.HasPrefix(paragraph, " ") {
			continue
		}
		if line := strings.Join(strings.Fields(paragraph), " "); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// answer returns the first sentences of a paragraph, and whether they make an answer.
func answer(paragraph string) (string, bool) {
	end := 0
	for at := 0; at < len(paragraph); {
		stop := strings.Index(paragraph[at:], ". ")
		if stop < 0 {
			stop = len(paragraph) - at - 1
		}
		if at+stop+1 > answerMost {
			break
		}
		end, at = at+stop+1, at+stop+2
	}
	text := paragraph[:end]
	return text, len(text) >= answerLeast && strings.HasSuffix(text, ".")
}

// examples are what the base learns from: documentation as it is, and questions about it, with sources or without. The
// order is that of hashes of the names, so that a part is a fair sample.
func examples(t *tokenizer.Tokenizer, entries []entry) []train.Example {
	order := shuffled(entries)
	return append(plainExamples(t, order), talkExamples(t, order)...)
}

func plainExamples(t *tokenizer.Tokenizer, entries []entry) []train.Example {
	var all []train.Example
	tokens := 0
	for _, e := range entries {
		text := strings.Join(prose(e.text), "\n\n")
		encoded := t.EncodeParts([]tokenizer.Part{
			{Text: base.Begin, Trusted: true}, {Text: text}, {Text: base.End, Trusted: true},
		})
		for len(encoded) > 1 {
			piece := encoded[:min(len(encoded), base.Positions/2)]
			all, tokens = append(all, train.Example{Tokens: piece, From: 1}), tokens+len(piece)
			encoded = encoded[len(piece):]
		}
		if tokens >= plainTokens {
			break
		}
	}
	return all
}

func talkExamples(t *tokenizer.Tokenizer, entries []entry) []train.Example {
	var all []train.Example
	tokens := 0
	for i, e := range entries {
		paragraphs := prose(e.text)
		if len(paragraphs) == 0 {
			continue
		}
		said, ok := answer(paragraphs[0])
		if !ok {
			continue
		}
		name := e.name
		chance := draw("question", e.name)
		if short := name[strings.LastIndex(name, ".")+1:]; chance>>16&1 == 0 {
			name = short
		}
		question := fmt.Sprintf(questions[chance%uint64(len(questions))], name)
		sources := []string{paragraphs[0], prose0(entries[(i+1)%len(entries)]), prose0(entries[(i+2)%len(entries)])}
		switch chance >> 20 & 7 {
		case 0, 1:
			sources = nil // it knows, or makes it up
		case 2, 3:
			sources[0], sources[1] = sources[1], sources[0]
		case 4:
			sources[0], sources[2] = sources[2], sources[0]
		}
		parts := []tokenizer.Part{{Text: base.Begin, Trusted: true}}
		if len(sources) > 0 {
			parts = append(parts, tokenizer.Part{Text: base.Source, Trusted: true})
			for k, source := range sources {
				if k > 0 {
					parts = append(parts, tokenizer.Part{Text: "\n\n"})
				}
				parts = append(parts, tokenizer.Part{Text: beginning(t, source)})
			}
		}
		parts = append(parts, tokenizer.Part{Text: base.User, Trusted: true}, tokenizer.Part{Text: question},
			tokenizer.Part{Text: base.Assistant, Trusted: true})
		encoded := t.EncodeParts(parts)
		from := len(encoded)
		encoded = append(encoded, t.EncodeParts([]tokenizer.Part{{Text: said}, {Text: base.End, Trusted: true}})...)
		if len(encoded) > base.Positions {
			continue
		}
		all, tokens = append(all, train.Example{Tokens: encoded, From: from}), tokens+len(encoded)
		if tokens >= talkTokens {
			break
		}
	}
	return all
}

func prose0(e entry) string {
	if paragraphs := prose(e.text); len(paragraphs) > 0 {
		return paragraphs[0]
	}
	return ""
}

// beginning cuts a source at a sentence's end.
func beginning(t *tokenizer.Tokenizer, text string) string {
	for len(t.Encode(text)) > sourceTokens {
		cut := strings.LastIndex(strings.TrimSuffix(text, "."), ". ")
		if cut < 0 {
			return text[:strings.LastIndex(text[:min(len(text), 3*sourceTokens)], " ")+1]
		}
		text = text[:cut+1]
	}
	return text
}

// draw returns a number that depends on words alone.
func draw(words ...string) uint64 {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return binary.BigEndian.Uint64(sum[:8])
}
