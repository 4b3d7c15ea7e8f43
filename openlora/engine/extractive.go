package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/openledger/openledger/poa"
)

// Extractive answers with sentences of the passages. It needs no model, gives
// the same answer to the same question, and cannot say what no source says.
type Extractive struct{}

const (
	maxSentences      = 5
	maxPerPassage     = 2
	minSentenceTokens = 8
	maxSentenceTokens = 90
	// minShare of the best sentence's shared words, in percent: what shares
	// fewer is about something else.
	minShare = 40
	noAnswer = "The sources of this model say nothing about that."
)

// openings lead from one source to the next.
var openings = []string{"In short: ", "In addition, another source explains: ", "A further note says: ", "It is also recorded that: ", "And finally: "}

// sentence of a passage with how well it fits the question.
type sentence struct {
	text    string
	passage int
	place   int
	tokens  int
	shared  int64 // rarity of the words that it shares with the question
	score   int64
}

// Answer implements Engine.
func (Extractive) Answer(ctx context.Context, request Request, emit func(string) error) (string, error) {
	chosen := choose(candidates(request), request.MaxTokens)
	if len(chosen) == 0 {
		return noAnswer, emit(noAnswer)
	}
	var answer strings.Builder
	write := func(piece string) error {
		answer.WriteString(piece)
		return emit(piece)
	}
	opening, last := 0, -1
	for i, s := range chosen {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		lead := " "
		if s.passage != last {
			lead = openings[opening%len(openings)]
			if i > 0 {
				lead = "\n\n" + lead
			}
			opening++
		}
		last = s.passage
		if err := write(lead + s.text); err != nil {
			return "", err
		}
	}
	return answer.String(), nil
}

// candidates scores every sentence of the passages by the rarity of the words
// that it shares with the question; earlier passages fit better.
func candidates(request Request) []sentence {
	wanted := poa.TokenIDs([]byte(request.Question()))
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	var found []sentence
	seen := make(map[string]bool)
	for p, passage := range request.Passages {
		for i, text := range sentences(string(passage)) {
			ids := poa.TokenIDs([]byte(text))
			if len(ids) < minSentenceTokens || len(ids) > maxSentenceTokens || seen[text] {
				continue
			}
			seen[text] = true
			tokens := len(ids)
			slices.Sort(ids)
			shared := int64(0)
			for _, id := range slices.Compact(ids) {
				if _, ok := slices.BinarySearch(wanted, id); ok {
					shared += request.Surprisal(id)
				}
			}
			score := shared*int64(16-min(p, 8)) - int64(i)
			found = append(found, sentence{text: text, passage: p, place: i, tokens: tokens, shared: shared, score: score})
		}
	}
	return found
}

// choose takes the best sentences within the limits and puts them into the
// order of their passages.
func choose(found []sentence, maxTokens int) []sentence {
	slices.SortStableFunc(found, func(a, b sentence) int { return cmp.Compare(b.score, a.score) })
	var chosen []sentence
	perPassage := make(map[int]int)
	tokens := 0
	best := int64(0)
	for _, s := range found {
		best = max(best, s.shared)
	}
	for _, s := range found {
		if len(chosen) == maxSentences {
			break
		}
		if s.shared == 0 || s.shared*100 < best*minShare {
			continue
		}
		const lead = 8 // tokens of an opening, at most
		if perPassage[s.passage] == maxPerPassage || maxTokens > 0 && tokens+s.tokens+lead > maxTokens {
			continue
		}
		perPassage[s.passage]++
		tokens += s.tokens + lead
		chosen = append(chosen, s)
	}
	slices.SortStableFunc(chosen, func(a, b sentence) int {
		return cmp.Or(cmp.Compare(a.passage, b.passage), cmp.Compare(a.place, b.place))
	})
	return chosen
}

// sentences splits a passage into sentences. Headings are left out, and a blank
// line ends a sentence.
func sentences(passage string) []string {
	var out, paragraph []string
	flush := func() {
		out = append(out, split(strings.Join(paragraph, " "))...)
		paragraph = nil
	}
	for line := range strings.Lines(passage) {
		switch line = strings.TrimSpace(line); {
		case line == "":
			flush()
		case strings.HasPrefix(line, "#"):
		default:
			paragraph = append(paragraph, line)
		}
	}
	flush()
	return out
}

// split cuts a paragraph at full stops, question and exclamation marks that are
// followed by a space.
func split(text string) []string {
	var out []string
	from := 0
	for i := 0; i < len(text); i++ {
		end := i+1 == len(text)
		if !end && (!strings.ContainsRune(".!?", rune(text[i])) || text[i+1] != ' ' || abbreviated(text[from:i+1])) {
			continue
		}
		if piece := strings.TrimSpace(text[from : i+1]); piece != "" {
			out = append(out, piece)
		}
		from = i + 1
	}
	return out
}

// abbreviated says whether a text ends in a short form rather than a sentence.
func abbreviated(text string) bool {
	for _, form := range []string{"e.g.", "i.e.", "etc.", "vs.", "cf.", "Fig.", "Dr.", "No."} {
		if strings.HasSuffix(text, form) {
			return true
		}
	}
	return false
}
