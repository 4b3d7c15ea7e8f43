package main

import (
	"errors"
	"fmt"

	"github.com/openledger/openledger/measure/fidelity/plant"
	"github.com/openledger/openledger/measure/fidelity/stolen"
)

// StolenFigures are what a thief takes, as a part of what he and the owner are paid.
type StolenFigures struct {
	Copies16 Number `json:"copies16"`
	// Split8 is the largest gain of eight pieces over the whole; it must not be positive.
	Split8           Number `json:"split8"`
	NearRetrievalMax Number `json:"near_retrieval_max"`
	// Near1in5Quote is a near-copy with every fifth token changed that the answer quotes.
	Near1in5Quote Number `json:"near_1in5_quote"`
}

// stolenSegments bounds the registry that is stolen from: every attack has an index of its own.
const stolenSegments = 2_000

// measureStolen runs the attacks on one corpus.
func measureStolen(s *setting) (StolenFigures, error) {
	figures := StolenFigures{missing, missing, missing, missing}
	t := newTable("Stolen by a thief who registers last: "+s.name, "attack", "thief's share", "largest", "owner keeps")
	r, err := s.registry(s.clean, min(stolenSegments, s.options.segments))
	if err != nil {
		return figures, err
	}
	b, err := stolen.New(r, s.foreign, s.options.answers, s.options.seed)
	if errors.Is(err, plant.ErrTooSmall) {
		t.note("%v", err)
		t.print()
		return figures, nil
	} else if err != nil {
		return figures, err
	}
	progress("%s: copies and splits", s.name)
	loss, err := b.Copied()
	if err != nil {
		return figures, err
	}
	figures.Copies16 = Number(loss.MaxThief)
	t.add(loss.Attack, cell(loss.Thief), cell(loss.MaxThief), cell(loss.Kept))
	for _, rate := range stolen.EditRates {
		loss, err := b.NearCopied(rate)
		if err != nil {
			return figures, err
		}
		if rate == 5 {
			figures.Near1in5Quote = Number(loss.Thief)
		}
		t.add(loss.Attack, cell(loss.Thief), cell(loss.MaxThief), cell(loss.Kept))
	}
	split, err := b.Split8()
	if err != nil {
		return figures, err
	}
	figures.Split8 = Number(split.MaxGain)
	t.add(fmt.Sprintf("split into %d: pay over the whole, less 1", stolen.Pieces), cell(split.Gain), cell(split.MaxGain),
		"-")
	t.print()
	return figures, nil
}
