package main

import (
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/answers"
	"github.com/openledger/openledger/measure/fidelity/paraphrase"
)

// climbSteps are the changes that a thief tries on one segment.
const climbSteps = 300

// AttackFigures are what thieves take of answers of a language model by method MEANING, with provenance computed; the
// largest of several sets.
type AttackFigures struct {
	// The thieves' parts of what thieves and owners are paid: with near-copies and shuffles, with paraphrases, with one
	// paraphrase stuffed with the owner's rare words, with glossaries.
	Near        Number `json:"near"`
	Paraphrased Number `json:"paraphrased"`
	Stuffed     Number `json:"stuffed"`
	Glossaries  Number `json:"glossaries"`
	// The same without provenance.
	NearUndeclared        Number `json:"near_undeclared"`
	ParaphrasedUndeclared Number `json:"paraphrased_undeclared"`
	StuffedUndeclared     Number `json:"stuffed_undeclared"`
	GlossariesUndeclared  Number `json:"glossaries_undeclared"`
	// Notice is what a notice behind every answer is paid, over its part of the answers. Climbing is the part of others'
	// pay that a segment takes in later answers after it was changed step by step, and ClimbingSeen the part in the
	// answers that it was changed for.
	Notice       Number `json:"notice"`
	Climbing     Number `json:"climbing"`
	ClimbingSeen Number `json:"climbing_seen"`
}

func noAttackFigures() AttackFigures {
	return AttackFigures{missing, missing, missing, missing, missing, missing, missing, missing, missing, missing, missing}
}

// thiefMax returns the most that a thief takes of what thief and owner are paid.
func (f AttackFigures) thiefMax() Number {
	return larger(larger(f.Near, f.Paraphrased), larger(f.Stuffed, f.Glossaries))
}

// measureThieves prints what thieves take of each set, and returns the most.
func measureThieves(worlds []*answers.World, attacks []paraphrase.Attack, steps int) (AttackFigures, error) {
	out := noAttackFigures()
	for _, w := range worlds {
		t := newTable("Thieves of answers of a language model, method MEANING: "+w.Set.Name, "attack",
			"thief, provenance computed", "of nothing",
			"right passage before", "and under attack")
		for _, attack := range attacks {
			progress("%s: %s", w.Set.Name, attack)
			loss, err := w.Copied(attack, answerSeed)
			if err != nil {
				return out, err
			}
			addLoss(t, attack.String(), loss)
			declared, undeclared := &out.Near, &out.NearUndeclared
			switch {
			case attack.Paraphrased && attack.Stuffed:
				declared, undeclared = &out.Stuffed, &out.StuffedUndeclared
			case attack.Paraphrased:
				declared, undeclared = &out.Paraphrased, &out.ParaphrasedUndeclared
			}
			*declared, *undeclared = larger(*declared, Number(loss.Thief)), larger(*undeclared, Number(loss.Undeclared))
		}
		loss, refused, registered, err := w.Glossary()
		if err != nil {
			return out, err
		}
		addLoss(t, fmt.Sprintf("glossaries of every document: %d segments, %d refused", registered, refused), loss)
		out.Glossaries, out.GlossariesUndeclared = larger(out.Glossaries, Number(loss.Thief)),
			larger(out.GlossariesUndeclared, Number(loss.Undeclared))
		notice, err := w.Notice()
		if err != nil {
			return out, err
		}
		out.Notice = larger(out.Notice, ratio(notice.Paid, notice.Normal))
		progress("%s: %d steps of hill-climbing", w.Set.Name, steps)
		climbs, err := w.Climb(steps, answerSeed)
		if err != nil {
			return out, err
		}
		t.note("Thief: his part of what he and the passages are paid that he robs; one thief for each, all at once, " +
			"registered last. Right passage: of what is owed.")
		t.note("A notice of 57 tokens behind every answer, registered first, is %s of the answers and paid %s of them; "+
			"others are paid %s less.",
			cell(notice.Normal), cell(notice.Paid), cell(notice.Lost))
		for _, c := range climbs {
			out.Climbing, out.ClimbingSeen = larger(out.Climbing, Number(c.Taken)), larger(out.ClimbingSeen, Number(c.Seen))
			t.note("Hill-climbing from %s, %d of %d changes kept: takes %s of what others are paid for later answers, %s "+
				"with provenance of nothing, and %s for those it saw.",
				c.Start, c.Kept, steps, cell(c.Taken), cell(c.Undeclared), cell(c.Seen))
		}
		t.print()
	}
	return out, nil
}

func addLoss(t *table, name string, loss answers.Loss) {
	t.add(name, cell(loss.Thief), cell(loss.Undeclared), cell(loss.Before), cell(loss.After))
}
