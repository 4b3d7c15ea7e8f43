package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"

	"github.com/openledger/openledger/measure/fidelity/answers"
	"github.com/openledger/openledger/measure/fidelity/corpus"
	"github.com/openledger/openledger/measure/fidelity/leaveout"
	"github.com/openledger/openledger/measure/fidelity/measure"
	"github.com/openledger/openledger/measure/fidelity/methods"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
	"github.com/openledger/openledger/measure/fidelity/plant"
	"github.com/openledger/openledger/poa"
)

// keptPay is the part of the right pay that a threshold of --leave-out keeps.
const keptPay = .95

// LeaveOutFigures are the figures of one score in the JSON object.
type LeaveOutFigures struct {
	Score string `json:"score"`
	Unit  string `json:"unit"`
	// Separation of right pay from other pay, and of sentences with a source from sentences without; errors over answers.
	Paid           Number            `json:"auc_paid"`
	PaidBySet      map[string]Number `json:"auc_paid_by_set"`
	PaidError      Number            `json:"auc_paid_error"`
	Sentences      Number            `json:"auc_sentences"`
	SentencesError Number            `json:"auc_sentences_error"`
	// The same for sentences that by method MEANING give nothing to any passage.
	Silent      Number `json:"auc_silent"`
	SilentError Number `json:"auc_silent_error"`
	// Named is the share of sentences for which a listed document scores best.
	Named Number `json:"named"`
	// What a threshold that keeps .95 of the right pay holds back of other pay, by kind.
	Unsourced    Number `json:"held_unsourced"`
	Wrong        Number `json:"held_wrong"`
	ForeignProse Number `json:"held_foreign_prose"`
	ForeignCode  Number `json:"held_foreign_code"`
	// What it holds back of the right pay for paraphrases.
	Prose Number `json:"lost_paraphrased_prose"`
	Code  Number `json:"lost_paraphrased_code"`
}

// leaveCases are the answers that --leave-out judges.
type leaveCases struct {
	english                       []leaveout.Case
	foreignProse, foreignCode     []leaveout.Case
	rewrittenProse, rewrittenCode []leaveout.Case
}

// sets returns the names of the sets.
func (c *leaveCases) sets() []string {
	var out []string
	for i := range c.english {
		if name := c.english[i].Set; !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// set returns the answers of a set.
func (c *leaveCases) set(name string) []leaveout.Case {
	var out []leaveout.Case
	for i := range c.english {
		if c.english[i].Set == name {
			out = append(out, c.english[i])
		}
	}
	return out
}

func (c *leaveCases) groups() [][]leaveout.Case {
	return [][]leaveout.Case{c.english, c.foreignProse, c.foreignCode, c.rewrittenProse, c.rewrittenCode}
}

// onlyLeaveOut measures whether a model can tell what a sentence comes from, and nothing else.
func onlyLeaveOut(o options) error {
	cases, err := collectLeaveOut(o)
	if err != nil {
		return err
	}
	reader, err := leaveout.Open(o.model)
	if err != nil {
		return err
	}
	defer reader.Close()
	for i, group := range cases.groups() {
		for k := range group {
			progress("leave one out: group %d, answer %d of %d", i+1, k+1, len(group))
			if err := reader.Judge(&group[k]); err != nil {
				return err
			}
		}
	}
	progress("leave one out: cost")
	cost, err := reader.Cost(cases.english)
	if err != nil {
		return err
	}
	figures := leaveOutFigures(cases)
	printLeaveOut(reader.Name(), cases, figures, cost)
	line, err := json.Marshal(map[string]any{"leave_out": figures, "model": reader.Name(),
		"tokens": Number(cost.Tokens), "seconds": Number(cost.Seconds)})
	if err == nil {
		fmt.Printf("\n%s\n", line)
	}
	return err
}

// collectLeaveOut pays the answers by method MEANING.
func collectLeaveOut(o options) (*leaveCases, error) {
	out := &leaveCases{}
	worlds, err := registerAnswers(o)
	if err != nil {
		return nil, err
	}
	for _, w := range worlds {
		progress("leave one out: %s", w.Set.Name)
		cases, err := answerCases(w, o.seed)
		if err != nil {
			return nil, err
		}
		out.english = append(out.english, cases...)
	}
	if o.answersFile != "" {
		return out, nil
	}
	all, err := settings(o)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		progress("leave one out: %s", s.name)
		foreign, rewritten, err := corpusCases(s)
		if err != nil {
			return nil, err
		}
		if s.name == "code" {
			out.foreignCode, out.rewrittenCode = foreign, rewritten
		} else {
			out.foreignProse, out.rewrittenProse = foreign, rewritten
		}
	}
	return out, nil
}

// answerCases returns the English answers of a set.
func answerCases(w *answers.World, seed int64) ([]leaveout.Case, error) {
	paid, err := w.Payments(answers.English)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewSource(seed))
	var out []leaveout.Case
	for _, a := range paid {
		c := leaveout.Case{Set: w.Set.Name, Question: a.Item.Question}
		taken := map[string]bool{} // documents
		for _, s := range a.Item.Sentences {
			c.Sentences = append(c.Sentences, s.Text)
			c.Weights = append(c.Weights, weight(s.Text))
			for _, id := range s.Sources {
				taken[answers.Document(id)] = true
			}
		}
		for _, p := range a.Payments {
			passage := w.Passage(p.Passage)
			taken[answers.Document(passage.ID)] = true
			c.Pairs = append(c.Pairs, leaveout.Pair{Sentence: p.Sentence, Passage: passage.Text, Kind: p.Kind, Paid: p.Bits,
				Meaning: p.Meaning})
		}
		for _, i := range rng.Perm(len(w.Set.Passages)) {
			if p := &w.Set.Passages[i]; !taken[answers.Document(p.ID)] {
				c.Other = p.Text
				break
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// weight returns the bits of a text's tokens, as they are paid.
func weight(text string) float64 {
	sum := 0.0
	for _, id := range poa.TokenIDs([]byte(text)) {
		sum += float64(poa.ProtocolStatistics().Surprisal(id)) / 65536
	}
	return sum
}

// corpusCases returns answers of foreign text, and paraphrases, of what is paid.
func corpusCases(s *setting) (foreign, rewritten []leaveout.Case, err error) {
	r, err := s.registry(s.clean, s.options.segments)
	if err != nil {
		return nil, nil, err
	}
	b, err := paraphrase.NewBench(r, s.foreign)
	if errors.Is(err, plant.ErrTooSmall) {
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	m := &meaning{}
	if m.registry, err = registered(r); err != nil {
		return nil, nil, err
	}
	rng := rand.New(rand.NewSource(s.options.seed))
	for i := range s.options.answers {
		a, err := b.ForeignAnswer(m, paraphrase.Searched, s.options.seed, i)
		if err != nil {
			return nil, nil, err
		}
		c, err := corpusCase(m.registry, r, a, nil, rng)
		if err != nil {
			return nil, nil, err
		}
		foreign = append(foreign, c)
		drawn := rand.New(rand.NewSource(s.options.seed<<20 + int64(i)))
		asked, ok, err := b.Case(drawn, m, paraphrase.Heavy, paraphrase.Given)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		if c, err = corpusCase(m.registry, r, asked.Answer, asked.Owed, rng); err != nil {
			return nil, nil, err
		}
		rewritten = append(rewritten, c)
	}
	return foreign, rewritten, nil
}

// corpusCase returns an answer with what its sentences pay. What is paid to a contribution that is owed something is
// right. Nobody asked a question.
func corpusCase(registry *methods.Registry, r *corpus.Registry, a paraphrase.Answer, owed measure.Weights,
	rng *rand.Rand) (leaveout.Case, error) {
	c := leaveout.Case{Sentences: strings.SplitAfter(string(a.Text), ". ")}
	att, err := registry.Meaning(methods.Answer(a.Text), a.Retrieved)
	if err != nil {
		return c, err
	}
	var sentence []int // by position
	for i, text := range c.Sentences {
		c.Weights = append(c.Weights, weight(text))
		for range poa.Tokenize([]byte(text)) {
			sentence = append(sentence, i)
		}
	}
	paid := map[[2]int]float64{} // by sentence and place
	taken := maps.Clone(owed)
	if taken == nil {
		taken = measure.Weights{}
	}
	for _, row := range att.Rows {
		place := registry.Place(row)
		taken[r.Segments[place].Document] = 1
		for p := row.Position; p < row.Position+row.Length; p++ {
			paid[[2]int{sentence[p], place}] += float64(poa.ProtocolStatistics().Surprisal(a.Tokens[p])) / 65536
		}
	}
	for at, bits := range paid {
		kind := answers.OffTopic
		if owed[r.Segments[at[1]].Document] > 0 {
			kind = answers.Right
		}
		gives, err := registry.Gives([]byte(c.Sentences[at[0]]), at[1])
		if err != nil {
			return c, err
		}
		c.Pairs = append(c.Pairs, leaveout.Pair{Sentence: at[0], Passage: string(r.Segments[at[1]].Text), Kind: kind,
			Paid: bits, Meaning: gives})
	}
	slices.SortFunc(c.Pairs, func(a, b leaveout.Pair) int {
		return cmp.Or(cmp.Compare(a.Sentence, b.Sentence), cmp.Compare(a.Passage, b.Passage))
	})
	for _, i := range rng.Perm(len(r.Segments)) {
		if s := &r.Segments[i]; taken[s.Document] == 0 {
			c.Other = string(s.Text)
			break
		}
	}
	return c, nil
}

// leaveOutFigures measures all scores.
func leaveOutFigures(cases *leaveCases) []LeaveOutFigures {
	var out []LeaveOutFigures
	for _, s := range leaveout.Scores(cases.english) {
		d := leaveout.Separate(cases.english, s)
		least := leaveout.Threshold(cases.english, s, keptPay)
		held := func(of []leaveout.Case, kinds ...answers.Kind) Number {
			return Number(leaveout.Held(of, s, least, kinds...))
		}
		bySet := map[string]Number{}
		for _, name := range cases.sets() {
			bySet[name] = Number(leaveout.Separate(cases.set(name), s).Paid)
		}
		out = append(out, LeaveOutFigures{
			Score: s.Name, Unit: s.Unit.String(),
			Paid: Number(d.Paid), PaidBySet: bySet, PaidError: Number(d.PaidError),
			Sentences: Number(d.Sentences), SentencesError: Number(d.SentencesError),
			Silent: Number(d.Silent), SilentError: Number(d.SilentError), Named: Number(d.Named),
			Unsourced: held(cases.english, answers.Unsourced), Wrong: held(cases.english, answers.Wrong),
			ForeignProse: held(cases.foreignProse, answers.OffTopic), ForeignCode: held(cases.foreignCode, answers.OffTopic),
			Prose: held(cases.rewrittenProse, answers.Right), Code: held(cases.rewrittenCode, answers.Right),
		})
	}
	return out
}

// printLeaveOut prints the table of the scores.
func printLeaveOut(model string, cases *leaveCases, figures []LeaveOutFigures, cost leaveout.Cost) {
	t := newTable("Leave one out: "+model, "score", "counted in", "AUC of pay", "of each set", "AUC of sentences",
		"MEANING gives nothing", "names the document", "held back: unsourced", "wrong", "foreign prose", "foreign code",
		"lost: rewritten prose", "rewritten code")
	with := func(value, err Number) string { return cell(float64(value)) + " ± " + cell(float64(err)) }
	for _, f := range figures {
		var bySet []string
		for _, name := range cases.sets() {
			bySet = append(bySet, cell(float64(f.PaidBySet[name])))
		}
		cells := []string{f.Score, f.Unit, with(f.Paid, f.PaidError), strings.Join(bySet, " / "),
			with(f.Sentences, f.SentencesError), with(f.Silent, f.SilentError)}
		for _, n := range []Number{f.Named, f.Unsourced, f.Wrong, f.ForeignProse, f.ForeignCode, f.Prose, f.Code} {
			cells = append(cells, cell(float64(n)))
		}
		t.add(cells...)
	}
	sentences, pairs := leaveout.Count(cases.english)
	chance := leaveout.Separate(cases.english, leaveout.Scores(cases.english)[0]).Chance
	t.note("%d English answers, %d sentences, %d pairs of a sentence and a passage that it pays. AUC of pay: a bit paid "+
		"to a listed document against", len(cases.english), sentences, pairs)
	t.note("a bit of other pay. AUC of sentences: with a source against without, by the best of the passages shown; " +
		"then only of those that by MEANING")
	t.note("give no passage anything. Names the document: a listed one scores best; chance %s. Held back, lost: by a "+
		"threshold that keeps %.2f", cell(chance), keptPay)
	t.note("of the pay of listed documents.")
	t.note("To judge a sentence by itself, with and without a passage: %.0f tokens, %.3f seconds of a core.", cost.Tokens,
		cost.Seconds)
	t.print()
}
