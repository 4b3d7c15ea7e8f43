package types

import (
	"cmp"
	"math/bits"
	"slices"

	errorsmod "cosmossdk.io/errors"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	// MaxRecurring bounds the texts that a provider's record follows.
	MaxRecurring = 64
	// RecurringWindow is how many answers of a model are recent: at twice as many the figures of a text are halved.
	RecurringWindow = 1_000
	// RecurringPrior is how many answers without a text are taken to have come before the first: it takes some to call a
	// text recurring.
	RecurringPrior = 256
)

// AnsweredModel is what a batch holds of a model's answers. Volume is what a text could have earned if it had been all
// of them, in 10^6 aopen.
type AnsweredModel struct {
	ID      uint64
	Answers uint32
	Volume  uint64
}

// TextID names a text of a model's answers: a contribution; with rank 0 everything in the DataNet; with DataNet 0 as
// well, all that owners of DataNets have accepted.
type TextID struct{ Model, DataNet, Rank uint64 }

// Compare orders texts.
func (id TextID) Compare(other TextID) int {
	return cmp.Or(cmp.Compare(id.Model, other.Model), cmp.Compare(id.DataNet, other.DataNet),
		cmp.Compare(id.Rank, other.Rank))
}

// ID of the text.
func (t RecurringText) ID() TextID { return TextID{t.ModelId, t.DatanetId, t.Rank} }

// AveragePPM is the part of the model's recent answers that the text was, those of the prior included.
func (t RecurringText) AveragePPM() uint32 {
	if t.Volume == 0 {
		return 0
	}
	average := MulDiv(t.Weight, ppm, t.Volume)
	return uint32(average * uint64(t.Answers) / (uint64(t.Answers) + RecurringPrior))
}

// MulDiv returns a · b / c, rounded down, or the greatest number if the result is above it. c is not 0.
func MulDiv(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high >= c {
		return ^uint64(0)
	}
	quotient, _ := bits.Div64(high, low, c)
	return quotient
}

// Recur adds a batch to the texts of a provider. models are those that answered in it, and used is what each text of
// their answers could have earned by its weights, both in order and each once. All texts are returned, in order:
// FollowRecurring says which are kept.
func Recur(before []RecurringText, models []AnsweredModel, used []RecurringText) []RecurringText {
	out := make([]RecurringText, 0, len(before)+len(used))
	answered := func(t RecurringText) RecurringText {
		at, found := slices.BinarySearchFunc(models, t.ModelId,
			func(m AnsweredModel, id uint64) int { return cmp.Compare(m.ID, id) })
		if found {
			t.Answers += models[at].Answers
			t.Volume += models[at].Volume
		}
		return t
	}
	for len(before) > 0 || len(used) > 0 {
		switch {
		case len(used) == 0, len(before) > 0 && before[0].ID().Compare(used[0].ID()) < 0:
			out = append(out, answered(before[0]))
			before = before[1:]
		case len(before) == 0, used[0].ID().Compare(before[0].ID()) < 0:
			out = append(out, answered(used[0]))
			used = used[1:]
		default:
			text := before[0]
			text.Weight += used[0].Weight
			out = append(out, answered(text))
			before, used = before[1:], used[1:]
		}
	}
	return out
}

// FollowRecurring returns the texts that a provider's record goes on following: the heaviest, each less the weight of
// the heaviest that is left out. So whatever was a 65th of all that was earned is among them, in however small batches
// it came, and none is charged with what it was not (Misra and Gries).
func FollowRecurring(texts []RecurringText) []RecurringText {
	spare := uint64(0)
	if len(texts) > MaxRecurring {
		weights := make([]uint64, len(texts))
		for i := range texts {
			weights[i] = texts[i].Weight
		}
		slices.SortFunc(weights, func(a, b uint64) int { return cmp.Compare(b, a) })
		spare = weights[MaxRecurring]
	}
	var out []RecurringText
	for _, text := range texts {
		if text.Weight <= spare {
			continue
		}
		text.Weight -= spare
		for ; text.Answers >= 2*RecurringWindow; text.Answers /= 2 {
			text.Volume, text.Weight = text.Volume/2, text.Weight/2
		}
		out = append(out, text)
	}
	return out
}

// validateRecurring reports texts that FollowRecurring cannot have returned.
func validateRecurring(texts []RecurringText) error {
	if len(texts) > MaxRecurring {
		return errorsmod.Wrapf(ErrInvalidProvider, "%d recurring texts, at most %d", len(texts), MaxRecurring)
	}
	for i, text := range texts {
		if i > 0 && text.ID().Compare(texts[i-1].ID()) <= 0 {
			return errorsmod.Wrapf(ErrInvalidProvider, "recurring text %v is out of order", text.ID())
		}
		if text.ModelId == 0 || text.DatanetId == 0 && text.Rank != 0 {
			return errorsmod.Wrapf(ErrInvalidProvider, "recurring text %v has no model, or a rank and no DataNet", text.ID())
		}
		if text.Answers >= 2*RecurringWindow || text.Weight > text.Volume || text.Volume > 2*RecurringWindow*MaxEarning {
			return errorsmod.Wrapf(ErrInvalidProvider, "recurring text %v has weight %d of %d in %d answers", text.ID(),
				text.Weight, text.Volume, text.Answers)
		}
	}
	return nil
}

// MaxEarning is the most that an answer adds to a volume, in 10^6 aopen: some 280 OPEN.
const MaxEarning = 1 << 48

// Earning is what a text that is all of an answer can earn by it, in 10^6 aopen: data share and bonus. The answer costs
// fee, of which royalty. It is at least 1 where there is a fee, and at most MaxEarning.
func Earning(terms rewardstypes.Terms, fee, royalty uint64) uint64 {
	data := MulDiv(royalty, uint64(terms.DataPpm), ppm)
	bonus := MulDiv(MulDiv(fee, uint64(terms.BurnPpm), ppm), uint64(terms.BonusPpm), ppm)
	if data > MaxEarning || bonus > MaxEarning {
		return MaxEarning
	}
	return min(max(data+bonus, min(fee, 1)), MaxEarning)
}
