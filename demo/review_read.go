package demo

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/openlora/render"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// guidelines are the description of the DataNet, and what honest reviewers check.
const guidelines = "Text of the demo. Reviewers reject what copies accepted text, what repeats itself without " +
	"saying anything, and what says one thing and its opposite."

// What a reader takes for spam: of minSpamWords words fewer than a third differ, or a phrase keeps coming back.
const (
	minSpamWords   = 40
	spamPhrase     = 5
	maxPhraseCount = 4
)

// opinion is a vote and what was found.
type opinion struct {
	vote datanettypes.Vote
	why  string
}

func reject(reason datanettypes.RejectReason, why string) opinion {
	return opinion{vote: datanettypes.Vote{Reason: reason}, why: why}
}

// read judges a text as an honest reviewer does. Strictness is taste: it is taken off the score. Without anything
// accepted before, the checker is nil.
func read(file poa.SegmentFile, accepted *overlap.Checker, strictness int) (opinion, error) {
	if accepted != nil {
		findings, err := accepted.Check(file)
		if err != nil {
			return opinion{}, err
		}
		for _, f := range findings {
			if f.Duplicate() {
				return reject(datanettypes.REJECT_REASON_DUPLICATE,
					fmt.Sprintf("%s of segment %d stands in segment %d of contribution %d, by %s",
						render.Percent(f.CopiedPPM), f.Segment, f.OfSegment, f.Rank, f.Of)), nil
			}
		}
	}
	variety := 0
	for _, segment := range file.Segments {
		if why := repetition(segment); why != "" {
			return reject(datanettypes.REJECT_REASON_SPAM, why), nil
		}
		if why := contradiction(string(segment)); why != "" {
			return reject(datanettypes.REJECT_REASON_WRONG, why), nil
		}
		variety += distinctPercent(poa.TokenIDs(segment))
	}
	// The more its words differ, the more a text says.
	score := 10*variety/len(file.Segments) - strictness
	return opinion{vote: datanettypes.Vote{Accept: true, Score: uint32(min(max(score, 1), datanettypes.MaxScore))}}, nil
}

func distinctPercent(tokens []poa.TokenID) int {
	seen := make(map[poa.TokenID]bool, len(tokens))
	for _, token := range tokens {
		seen[token] = true
	}
	return 100 * len(seen) / max(1, len(tokens))
}

// repetition says why a text looks like spam, empty if it does not.
func repetition(text []byte) string {
	words := poa.Tokenize(text)
	if len(words) < minSpamWords {
		return ""
	}
	phrases, most, phrase := make(map[string]int), 0, ""
	for i := range len(words) - spamPhrase + 1 {
		var parts []string
		for _, word := range words[i : i+spamPhrase] {
			parts = append(parts, strings.ToLower(string(text[word.Start:word.End])))
		}
		joined := strings.Join(parts, " ")
		if phrases[joined]++; phrases[joined] > most {
			most, phrase = phrases[joined], joined
		}
	}
	distinct := distinctPercent(poa.TokenIDs(text))
	switch {
	case most > maxPhraseCount:
		return fmt.Sprintf("%q stands in it %d times; %d %% of its %d words differ", phrase, most, distinct, len(words))
	case distinct < 33:
		return fmt.Sprintf("only %d %% of its %d words differ", distinct, len(words))
	}
	return ""
}

var sentenceEnd = regexp.MustCompile(`[.!?](\s+|$)|\n+`)

// sentences of a text, without what ends them.
func sentences(text string) []string { return sentenceEnd.Split(text, -1) }

// minSentence is the number of words from which two sentences that differ only by a "not" contradict each other.
const minSentence = 6

// contradiction says why a text cannot be true, empty if it can: it holds a sentence and its opposite.
func contradiction(text string) string {
	affirmed, denied := make(map[string]bool), make(map[string]bool)
	for _, sentence := range sentences(text) {
		words := strings.Fields(strings.ToLower(sentence))
		rest := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "not" || word == "never" })
		if len(rest) < minSentence {
			continue
		}
		key := strings.Join(rest, " ")
		if len(rest) == len(words) {
			affirmed[key] = true
		} else {
			denied[key] = true
		}
		if affirmed[key] && denied[key] {
			return fmt.Sprintf("it says %q, and the opposite", firstWords(sentence, 8))
		}
	}
	return ""
}
