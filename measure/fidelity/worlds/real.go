package worlds

import (
	"slices"

	"github.com/openledger/openledger/measure/fidelity/grams"
	"github.com/openledger/openledger/measure/fidelity/rules"
	"github.com/openledger/openledger/poa"
)

// Span returns the rule of package poa as an owner: every segment is a contribution of its own.
func Span(stats *poa.Statistics) func() Owner {
	return func() Owner {
		return func(segments [][]uint32, answer []uint32) []int {
			a, err := poa.Attribute(poa.Answer{Tokens: canonical(answer)}, contributions(segments), stats)
			if err != nil {
				panic(err) // worlds are far below every limit
			}
			return rules.Ranks(a.Rows, len(answer))
		}
	}
}

func canonical(text []uint32) []poa.TokenID {
	out := make([]poa.TokenID, len(text))
	for i, t := range text {
		out[i] = ID(t)
	}
	return out
}

func contributions(segments [][]uint32) []poa.Segment {
	out := make([]poa.Segment, len(segments))
	for i, s := range segments {
		out[i] = poa.Segment{Rank: uint64(i), Tokens: canonical(s)}
	}
	return out
}

// AgreesWithIndex reports whether poa.Index gives exactly the result of poa.Attribute, whatever the order of Add.
func AgreesWithIndex(stats *poa.Statistics) func() func(World) bool {
	return func() func(World) bool {
		return func(w World) bool {
			segments, answer := contributions(w.Segments), poa.Answer{Tokens: canonical(w.Answer)}
			want, err := poa.Attribute(answer, segments, stats)
			x := poa.NewIndex(stats)
			for _, s := range slices.Backward(segments) { // the index must not depend on the order
				if e := x.Add(s); e != nil {
					return false
				}
			}
			got, e := x.Attribute(answer)
			return err == nil && e == nil && equal(want, got)
		}
	}
}

func equal(a, b poa.Attribution) bool {
	return slices.Equal(a.Rows, b.Rows) && slices.Equal(a.Entries, b.Entries) && a.UnattributedPPM == b.UnattributedPPM
}

// AgreesWithRule reports whether poa.Attribute pays what the rule says as it is written down.
func AgreesWithRule(stats *poa.Statistics, weight []int32) func() func(World) bool {
	return func() func(World) bool {
		own := Span(stats)()
		return func(w World) bool {
			return slices.Equal(own(w.Segments, w.Answer), written(w.Segments, w.Answer, weight))
		}
	}
}

// Rejected makes an owner of a rejected rule with its thresholds scaled down.
func Rejected(r rules.Rule, weight []int32) func() Owner {
	return func() Owner {
		return func(segments [][]uint32, answer []uint32) []int {
			return r.Own(&rules.Texts{
				List: segments, Weight: weight, Scale: rules.WorldScale,
				Runs: func(answer []uint32) []grams.Run { return grams.AllRuns(segments, answer, rules.WorldScale.Gram) },
			}, answer)
		}
	}
}
