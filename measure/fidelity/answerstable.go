package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/openledger/openledger/measure/fidelity/answers"
)

//go:embed testdata/answers/*.jsonl
var answerFiles embed.FS

// answerSets are the sets of testdata/answers.
var answerSets = []string{"dermatology", "go"}

// answerSeed decides the order in which passages are registered.
const answerSeed = 1

// readAnswers returns the set of the options, or else those of testdata.
func readAnswers(o options) ([]*answers.Set, error) {
	if o.answersFile != "" {
		data, err := os.ReadFile(o.answersFile)
		if err != nil {
			return nil, err
		}
		sources, err := os.ReadFile(o.sourcesFile)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(filepath.Base(o.answersFile), filepath.Ext(o.answersFile))
		set, err := answers.Parse(name, o.answersFile, data, o.sourcesFile, sources)
		return []*answers.Set{set}, err
	}
	var out []*answers.Set
	for _, name := range answerSets {
		answersName, sourcesName := "testdata/answers/"+name+".jsonl", "testdata/answers/"+name+"_sources.jsonl"
		data, err := answerFiles.ReadFile(answersName)
		if err != nil {
			return nil, err
		}
		sources, err := answerFiles.ReadFile(sourcesName)
		if err != nil {
			return nil, err
		}
		set, err := answers.Parse(name, answersName, data, sourcesName, sources)
		if err != nil {
			return nil, err
		}
		out = append(out, set)
	}
	return out, nil
}

// measureAnswers prints the table of each set, and returns the figures of method MEANING over all of them.
func measureAnswers(worlds []*answers.World) (MeaningFigures, error) {
	pooled := map[answers.Group]answers.Score{}
	for _, w := range worlds {
		progress("answers of a language model: %s", w.Set.Name)
		scores := make([]map[answers.Group]answers.Score, len(answers.Methods))
		for i, m := range answers.Methods {
			var err error
			if scores[i], err = w.Measure(m); err != nil {
				return noMeaningFigures(), fmt.Errorf("%s: %w", w.Set.Name, err)
			}
		}
		t := newTable("Answers of a language model: "+w.Set.Name, "answers", "method", "right passage", "right document",
			"wrong", "nobody",
			"unsourced sentences paid", "about something else, paid")
		for _, g := range answers.Groups {
			for i, m := range answers.Methods {
				if s := scores[i][g]; s.Answers > 0 {
					t.add(fmt.Sprintf("%d %s", s.Answers, g), m.Name, share(s.Right, s.Owed), share(s.Right+s.Document, s.Owed),
						share(s.Wrong, s.Owed),
						share(s.Owed-s.Right-s.Document-s.Wrong, s.Owed), share(s.FreePaid, s.Free), share(s.OffTopicPaid, s.OffTopic))
				}
			}
			score := pooled[g]
			score.Add(scores[len(scores)-1][g])
			pooled[g] = score
		}
		t.note("Parts of the bits of sentences with sources; the last two columns of the bits of sentences without, and " +
			"of whole answers that no passage")
		t.note("answers. %d passages, each a contribution. Right document counts the right passage too.", len(w.Set.Passages))
		t.print()
	}
	return meaningFigures(pooled), nil
}

func share(part, of float64) string { return cell(float64(ratio(part, of))) }

func ratio(part, of float64) Number {
	if of <= 0 {
		return Number(math.NaN())
	}
	return Number(part / of)
}

// registerAnswers registers the passages of all sets.
func registerAnswers(o options) ([]*answers.World, error) {
	sets, err := readAnswers(o)
	if err != nil {
		return nil, err
	}
	var worlds []*answers.World
	for _, s := range sets {
		w, err := answers.Register(s, answerSeed)
		if err != nil {
			return nil, err
		}
		worlds = append(worlds, w)
	}
	return worlds, nil
}

// onlyAnswers measures answers of a language model and nothing else.
func onlyAnswers(o options) error {
	worlds, err := registerAnswers(o)
	if err != nil {
		return err
	}
	figures, err := measureAnswers(worlds)
	if err != nil {
		return err
	}
	line, err := json.Marshal(map[string]MeaningFigures{"meaning": figures})
	if err == nil {
		fmt.Printf("\n%s\n", line)
	}
	return err
}
