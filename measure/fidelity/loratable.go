package main

import (
	"encoding/json"
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/answers"
	"github.com/openledger/openledger/measure/fidelity/lora"
)

// loraSubsets is the number of halves that --lora trains adapters on.
const loraSubsets = 40

// loraWorlds are what --lora measures, by the name of a set. Documents of the Go set are packages, most of which are
// too large for an adapter, so each passage is a contribution there.
var loraWorlds = map[string]lora.Options{
	"dermatology": {Documents: 36, Epochs: 10},
	"go":          {Documents: 100, Epochs: 10, Passages: true},
}

// LoraFigures are the figures of method LORA in the JSON object.
type LoraFigures struct {
	Paid        LoraLDS `json:"lds_paid"`
	LDS         LoraLDS `json:"lds"`
	GradientDot LoraLDS `json:"lds_gradient_dot"`
	DataInf     LoraLDS `json:"lds_datainf"`
	Meaning     LoraLDS `json:"lds_meaning"`
	BM25        LoraLDS `json:"lds_bm25"`
	SourcesPaid Number  `json:"sources_of_all"`
	OthersPaid  Number  `json:"others_of_all"`
	PartPaid    Number  `json:"paid"`
	Top         Number  `json:"top"`
	Sources     Number  `json:"sources"`
	Liar        Number  `json:"liar"`
	Flood       Number  `json:"flood"`
	Copy        Number  `json:"copy"`
	CopyPassed  Number  `json:"copy_passed"`
	FloodWeight Number  `json:"flood_of_all"`
	CopyWeight  Number  `json:"copy_of_all"`
	Split       Number  `json:"split"`
	Documents   int     `json:"documents"`
	Answers     int     `json:"answers"`
	Subsets     int     `json:"subsets"`
}

// LoraLDS is a score of method LORA in the JSON object, with standard errors over answers.
type LoraLDS struct {
	Mean       Number `json:"mean"`
	Error      Number `json:"error"`
	Above      Number `json:"above_bm25"`
	AboveError Number `json:"above_bm25_error"`
	Reached    Number `json:"reached"`
	Silent     int    `json:"silent"`
}

func newLoraLDS(l lora.LDS) LoraLDS {
	return LoraLDS{Number(l.Mean), Number(l.Error), Number(l.Above), Number(l.AboveError), Number(l.Reached), l.Silent}
}

// onlyLora measures method LORA and nothing else, on each set of answers.
func onlyLora(o options) error {
	worlds, err := registerAnswers(o)
	if err != nil {
		return err
	}
	figures := map[string]LoraFigures{}
	for _, w := range worlds {
		settings, ok := loraWorlds[w.Set.Name]
		if !ok { // a file of answers
			settings = loraWorlds[answerSets[0]]
		}
		settings.Seed = o.seed
		if figures[w.Set.Name], err = measureLora(w.Set, settings); err != nil {
			return err
		}
	}
	line, err := json.Marshal(map[string]map[string]LoraFigures{"lora": figures})
	if err == nil {
		fmt.Printf("\n%s\n", line)
	}
	return err
}

// measureLora prints the tables of one set.
func measureLora(set *answers.Set, settings lora.Options) (LoraFigures, error) {
	w, err := lora.New(set, settings)
	if err != nil {
		return LoraFigures{}, err
	}
	defer w.Close()
	f, err := w.Measure(loraSubsets, settings.Seed, func(format string, args ...any) {
		progress(set.Name+": "+format, args...)
	})
	if err != nil {
		return LoraFigures{}, err
	}
	t := newTable("Method LORA: "+set.Name, "scores", "LDS", "±", "above BM25", "±", "reached", "±",
		"answers without a score")
	for _, name := range lora.Names {
		l := f.LDS[name]
		t.add(name, cell(l.Mean), cell(l.Error), cell(l.Above), cell(l.AboveError), cell(l.Reached),
			cell(l.ReachedError), fmt.Sprint(l.Silent))
	}
	t.note("%d documents, each a contribution; an adapter of the base that ships is trained on %d halves of them, each "+
		"%d times over.", f.Documents, f.Subsets, settings.Epochs)
	t.note("Spearman correlation, over halves, of their summed scores with how well an answer is predicted; mean over %d "+
		"answers, with", f.Answers)
	t.note("its standard error. An answer without a score counts 0. Reached: how many bits worse the answer is predicted")
	t.note("without a document that a unit of pay reaches, if documents are paid by these scores.")
	t.print()
	t = newTable("Who gets the LORA part: "+set.Name, "", "part")
	t.add("of all weight, to the documents that the answer is about", cell(f.Sources))
	t.add("of all weight, to others", cell(f.Others))
	t.add("paid of the part, for an answer with nobody's text", cell(f.Paid))
	t.add("of this, to the three documents whose removal changes the answer most", cell(f.Top))
	t.add("of this, to the documents that the answer is about", cell(f.TopSources))
	t.add("by chance, the three would get", cell(3/float64(f.Documents)))
	t.add("a lying provider's favourite, over the bound", cell(f.Liar))
	t.add("a thief who registers others' words in another order, over the thief's share of tokens", cell(f.Flood))
	t.add("the same thief, of all weight", cell(f.FloodWeight))
	t.add("a thief who copies word for word, over the thief's share of tokens", cell(f.Copy))
	t.add("the same thief, of all weight", cell(f.CopyWeight))
	t.add("the same, with provenance", cell(f.CopyPassed))
	t.add("who makes a contribution of each text, over what they get by one for all", cell(f.Split))
	t.print()
	return LoraFigures{
		Paid: newLoraLDS(f.LDS[lora.Names[0]]), LDS: newLoraLDS(f.LDS[lora.Names[1]]),
		GradientDot: newLoraLDS(f.LDS[lora.Names[2]]), DataInf: newLoraLDS(f.LDS[lora.Names[3]]),
		Meaning: newLoraLDS(f.LDS[lora.Names[4]]), BM25: newLoraLDS(f.LDS[lora.Names[5]]),
		SourcesPaid: Number(f.Sources), OthersPaid: Number(f.Others), FloodWeight: Number(f.FloodWeight),
		CopyWeight: Number(f.CopyWeight), PartPaid: Number(f.Paid), Top: Number(f.Top), Sources: Number(f.TopSources),
		Liar:  Number(f.Liar),
		Flood: Number(f.Flood), Copy: Number(f.Copy), CopyPassed: Number(f.CopyPassed), Split: Number(f.Split),
		Documents: f.Documents, Answers: f.Answers, Subsets: f.Subsets,
	}, nil
}
