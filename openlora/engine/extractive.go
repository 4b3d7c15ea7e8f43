package engine

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openledger/openledger/content/sentence"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/terms"
)

// Extractive answers with sentences of the passages. It needs no model, gives
// the same answer to the same question, and cannot say what no source says.
//
// It looks only at the words of the question that tell its subject: stop words do not count. A passage with too few of
// these words, weighed by rarity, is about something else. If all passages are, the engine says that the sources say
// nothing.
type Extractive struct{}

const (
	maxQuotes     = 5
	maxPerPassage = 2
	// passageFloor is the share of a question's words that a passage must have, and quoteFloor the share that one of its
	// sentences must have; by rarity, in percent.
	passageFloor = 60
	quoteFloor   = 15
	// countFloor is the share of a question's words that one sentence must have whatever their rarity, in percent, if no
	// other sentence of its passage has any to speak of.
	countFloor = 55
	// severalSentences is the least number of sentences of a passage that may have one sentence beside its subject.
	severalSentences = 4
	// minPartWords is the least number of words of a part of a question that is asked by itself.
	minPartWords = 2
	// minShare is a share of the best sentence's words, in percent. A sentence with fewer is about something else.
	minShare = 40
	// leadTokens is the largest number of tokens of an opening.
	leadTokens = 8
)

// openings lead from one source to the next.
var openings = []string{"In short: ", "In addition, another source explains: ", "A further note says: ",
	"It is also recorded that: ", "And finally: "}

// withoutEffect are the values of options that do not change the engine's answers: it uses no randomness and calls no
// tools.
var withoutEffect = map[string][]string{
	"temperature": {"0", "1"}, "top_p": {"1"}, "presence_penalty": {"0"}, "frequency_penalty": {"0"}, "stop": {"[]"},
	"tools": {"[]"}, "tool_choice": {`"none"`},
	"parallel_tool_calls": {"true", "false"}, "response_format": {`{"type":"text"}`}, "logit_bias": {"{}"},
}

// Accepts implements Engine. A seed is honoured: the same question always has the same answer.
func (Extractive) Accepts(options api.Options) error {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		value, err := api.Canonical(options[name])
		if name == "seed" || err == nil && slices.Contains(withoutEffect[name], string(value)) {
			continue
		}
		return api.Unsupported(name, "is not supported by this model, which quotes its sources: leave it out")
	}
	return nil
}

// Answer implements Engine.
func (Extractive) Answer(ctx context.Context, request Request, emit func(string) error) (Reply, error) {
	question := request.Question()
	english := inEnglish(question)
	chosen := choose(candidates(request), request.MaxTokens, english)
	if len(chosen) == 0 {
		return Reply{Text: Silence(question), Finish: FinishStop}, ErrSilent
	}
	var answer strings.Builder
	write := func(piece string) error {
		answer.WriteString(piece)
		return emit(piece)
	}
	opening := 0
	for i, q := range chosen {
		if err := ctx.Err(); err != nil {
			return Reply{}, err
		}
		lead := ""
		switch {
		case i == 0:
		case q.passage != chosen[i-1].passage, q.own, chosen[i-1].own:
			lead = "\n\n"
		default:
			if last := lastRune(chosen[i-1].text); !tight(last) || thai(last) {
				lead = " "
			}
		}
		if english && (i == 0 || q.passage != chosen[i-1].passage) {
			lead += openings[opening%len(openings)]
			opening++
			if q.own && strings.HasPrefix(q.text, "```") {
				lead += "\n\n"
			}
		}
		if err := write(lead + q.text); err != nil {
			return Reply{}, err
		}
	}
	return Reply{Text: answer.String(), Finish: FinishStop}, nil
}

func lastRune(text string) rune {
	r, _ := utf8.DecodeLastRuneInString(text)
	return r
}

// inEnglish reports whether a question has words that are of no other language.
func inEnglish(question string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(question), func(r rune) bool { return r < 'a' || r > 'z' }) {
		switch word {
		case "the", "of", "what", "how", "why", "when", "which", "who", "where", "does", "do", "is", "are", "can", "and",
			"to", "tell":
			return true
		}
	}
	return false
}

// candidates returns quotes of the passages that are about the question, or about a part of it.
func candidates(request Request) []quote {
	parts := parts(request.Question())
	var found []quote
	seen := make(map[string]bool)
	for p, passage := range request.Passages {
		around := passage
		if request.Around != nil {
			around = request.Around(p)
		}
		wanted := about(parts, string(passage), string(around), request.Rarity)
		if wanted == nil {
			continue
		}
		if inPassing(wanted, passage, request.Rarity) {
			continue
		}
		of := quotes(passage)
		for _, q := range of {
			has := coverage(wanted, q.text, request.Rarity)
			if seen[q.text] || has.covered == 0 || 100*has.covered < quoteFloor*has.all {
				continue
			}
			seen[q.text] = true
			q.passage, q.covered, q.of = p, has.covered, of
			q.score = has.covered*int64(16-min(p, 8)) - int64(q.place)
			found = append(found, q)
		}
	}
	return found
}

// about returns the words of the first part of a question that a passage is about. If the passage has three quarters of
// the words that it needs, the text around it may have the rest, because a text names its subject once.
func about(parts [][]terms.Word, passage, around string, rarity func(terms.Term) int64) []terms.Word {
	for _, wanted := range parts {
		has := coverage(wanted, passage, rarity)
		if has.covered > 0 && 400*has.covered >= 3*passageFloor*has.all && len(around) > len(passage) {
			has = coverage(wanted, around, rarity)
		}
		if has.covered > 0 && 100*has.covered >= passageFloor*has.all {
			return wanted
		}
	}
	return nil
}

// inPassing reports whether only one of several sentences and headings of a passage has words of a question, and not
// most of them. Such a passage is about something else: "headache" among the signs of a disease is no answer to how a
// headache is treated.
func inPassing(wanted []terms.Word, passage []byte, rarity func(terms.Term) int64) bool {
	mentions, all := 0, 0
	for _, b := range sentence.Blocks(passage) {
		for _, span := range b.Sentences(passage) {
			all++
			has := coverage(wanted, string(passage[span.Start:span.End]), rarity)
			if has.covered == 0 || 100*has.covered < quoteFloor*has.all {
				continue
			}
			if mentions++; mentions > 1 || 100*has.covered >= passageFloor*has.all && 100*has.found >= countFloor*has.words {
				return false
			}
		}
	}
	return mentions == 1 && all >= severalSentences
}

// parts returns the words of a question, and those of a sentence or clause that has more than one and at least half of
// all: a smaller one, such as "and how is it treated", does not name what it is about.
func parts(question string) [][]terms.Word {
	whole := terms.Words(question)
	out := [][]terms.Word{whole}
	for _, clause := range strings.FieldsFunc(question,
		func(r rune) bool { return strings.ContainsRune(",;:.?!，；：。？！、،؛؟।", r) }) {
		words := terms.Words(clause)
		if n := worth(words); n >= minPartWords*terms.WholeWord && 2*n >= worth(whole) && n < worth(whole) {
			out = append(out, words)
		}
	}
	return out
}

// worth returns the number of words, in the unit of terms.Word.
func worth(words []terms.Word) int64 {
	sum := int64(0)
	for _, word := range words {
		sum += word.Worth
	}
	return sum
}

// share is the part of a question's words that a text has.
type share struct {
	covered, all int64 // by rarity and by how much of a word they are
	found, words int64 // by how much of a word they are; names count as others do
}

// coverage returns the part of the words that a text has. A missing word weighs as much as its rarest term.
func coverage(wanted []terms.Word, text string, rarity func(terms.Term) int64) share {
	has := make(map[terms.Term]bool)
	for _, term := range terms.Of(text) {
		has[term] = true
	}
	var out share
	for _, word := range wanted {
		held, most := int64(-1), int64(0)
		for _, term := range word.Terms {
			weight := rarity(term) * word.Worth
			if has[term] {
				held = max(held, weight)
			}
			most = max(most, weight)
		}
		worth := min(word.Worth, terms.WholeWord)
		if held >= 0 {
			out.covered, most = out.covered+held, held
			out.found += worth
		}
		out.all += most
		out.words += worth
	}
	return out
}

// choose returns the best quotes within the limits, in the order of their passages.
func choose(found []quote, maxTokens int, english bool) []quote {
	slices.SortStableFunc(found, func(a, b quote) int { return cmp.Compare(b.score, a.score) })
	var chosen []quote
	perPassage := make(map[int]int)
	tokens, lead := 0, 0
	if english {
		lead = leadTokens
	}
	best := int64(0)
	for _, q := range found {
		best = max(best, q.covered)
	}
	for _, q := range found {
		if len(chosen) == maxQuotes {
			break
		}
		if q.covered*100 < best*minShare {
			continue
		}
		if perPassage[q.passage] == maxPerPassage || maxTokens > 0 && tokens+q.tokens+lead > maxTokens {
			continue
		}
		perPassage[q.passage]++
		tokens += q.tokens + lead
		chosen = append(chosen, q)
	}
	if len(chosen) == 0 && len(found) > 0 { // the beginning of the best one, within the limit
		chosen = []quote{found[0].upTo(maxTokens - lead)}
		if chosen[0].text == "" {
			return nil
		}
		return chosen
	}
	slices.SortStableFunc(chosen, func(a, b quote) int {
		return cmp.Or(cmp.Compare(a.passage, b.passage), cmp.Compare(a.place, b.place))
	})
	left := math.MaxInt
	if maxTokens > 0 {
		left = maxTokens - tokens
	}
	return complete(chosen, left)
}
