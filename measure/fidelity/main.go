// Command fidelity measures how good the attribution of package poa is and whether it can be farmed: on planted
// answers, in random worlds, against thieves, on an exactly retrained model and on paraphrases. The last line of its
// output is one JSON object; a figure that could not be measured is null.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/openledger/openledger/measure/fidelity/paraphrase"
)

func main() {
	o, err := parseOptions()
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fidelity:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.only {
		return searchWorlds(o)
	}
	if o.leaveOut {
		return onlyLeaveOut(o)
	}
	if o.answersFile != "" {
		return onlyAnswers(o)
	}
	if o.lora {
		return onlyLora(o)
	}
	out := newReport(o)
	worlds, err := registerAnswers(o)
	if err != nil {
		return err
	}
	figures, err := measureAnswers(worlds)
	if err != nil {
		return err
	}
	attacks, err := measureThieves(worlds, paraphrase.Attacks, climbSteps)
	if err != nil {
		return err
	}
	out.Meaning.answers(figures, attacks)
	speed, err := measureSpeed(o)
	if err != nil {
		return err
	}
	out.Attribute500, out.IndexRate, out.BytesPerToken = Number(speed.AttributeMicros), Number(speed.TokensPerSecond),
		Number(speed.BytesPerToken)
	out.Meaning500, out.IndexedTokens = Number(speed.MeaningMicros), speed.Tokens

	counts, err := measureWorlds(o)
	if err != nil {
		return err
	}
	out.count(counts)

	all, err := settings(o)
	if err != nil {
		return err
	}
	describe(all)
	var benches []*bench
	var names []string
	for _, s := range all {
		b, err := out.measure(s)
		if err != nil {
			return err
		}
		if b != nil {
			benches, names = append(benches, b), append(names, s.name)
		}
		out.Notes = append(out.Notes, s.notes...)
	}
	if len(benches) > 0 {
		if err := compareRules(benches, names, counts, o.answers); err != nil {
			return err
		}
	}
	progress("disputes")
	if out.DisputeMicros, out.DisputeBytes, err = disputeFigures(o.seed); err != nil {
		return err
	}
	line, err := json.Marshal(out)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n", line)
	progress("done")
	return nil
}
