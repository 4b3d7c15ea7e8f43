package main

import (
	"encoding/json"
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/lora"
)

// The size of the measurement of --lora. It takes a quarter of an hour on two busy processors.
const (
	loraDocuments = 36
	loraSubsets   = 40
	loraEpochs    = 10
)

// LoraFigures are the figures of method LORA in the JSON object.
type LoraFigures struct {
	Paid        Number `json:"lds_paid"`
	LDS         Number `json:"lds"`
	GradientDot Number `json:"lds_gradient_dot"`
	DataInf     Number `json:"lds_datainf"`
	Meaning     Number `json:"lds_meaning"`
	BM25        Number `json:"lds_bm25"`
	PartPaid    Number `json:"paid"`
	Top         Number `json:"top"`
	Sources     Number `json:"sources"`
	Liar        Number `json:"liar"`
	Flood       Number `json:"flood"`
	Copy        Number `json:"copy"`
	CopyPassed  Number `json:"copy_passed"`
	Documents   int    `json:"documents"`
	Answers     int    `json:"answers"`
	Subsets     int    `json:"subsets"`
}

// onlyLora measures method LORA and nothing else, on notes of dermatology.
func onlyLora(o options) error {
	worlds, err := registerAnswers(o)
	if err != nil {
		return err
	}
	w, err := lora.New(worlds[0].Set, loraDocuments, loraEpochs, o.seed)
	if err != nil {
		return err
	}
	defer w.Close()
	f, err := w.Measure(loraSubsets, o.seed, progress)
	if err != nil {
		return err
	}
	t := newTable("Method LORA: "+worlds[0].Set.Name, "scores", "LDS")
	for _, name := range lora.Names {
		t.add(name, cell(f.LDS[name]))
	}
	t.note("%d documents, each a contribution; an adapter of the base that ships is trained on %d halves of them, each "+
		"%d times over.", f.Documents, f.Subsets, loraEpochs)
	t.note("Spearman correlation, over halves, of their summed scores with how well an answer is predicted; mean over %d "+
		"answers.", f.Answers)
	t.print()
	t = newTable("Who gets the LORA part", "", "part")
	t.add("paid; the rest exceeds the bound", cell(f.Paid))
	t.add("of this, to the three documents whose removal changes the answer most", cell(f.Top))
	t.add("of this, to the documents that the answer is about", cell(f.TopSources))
	t.add("by chance, the three would get", cell(3/float64(f.Documents)))
	t.add("a lying provider's favourite, over the bound", cell(f.Liar))
	t.add("a thief who registers others' words in another order, over the thief's share of tokens", cell(f.Flood))
	t.add("a thief who copies word for word, over the thief's share of tokens", cell(f.Copy))
	t.add("the same, with provenance", cell(f.CopyPassed))
	t.print()
	line, err := json.Marshal(map[string]LoraFigures{"lora": {
		Paid: Number(f.LDS[lora.Names[0]]), LDS: Number(f.LDS[lora.Names[1]]),
		GradientDot: Number(f.LDS[lora.Names[2]]), DataInf: Number(f.LDS[lora.Names[3]]),
		Meaning: Number(f.LDS[lora.Names[4]]), BM25: Number(f.LDS[lora.Names[5]]),
		PartPaid: Number(f.Paid), Top: Number(f.Top), Sources: Number(f.TopSources), Liar: Number(f.Liar),
		Flood: Number(f.Flood), Copy: Number(f.Copy), CopyPassed: Number(f.CopyPassed),
		Documents: f.Documents, Answers: f.Answers, Subsets: f.Subsets,
	}})
	if err == nil {
		fmt.Printf("\n%s\n", line)
	}
	return err
}
