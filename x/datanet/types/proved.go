package types

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
)

// Proved returns a contribution as package poa verifies segments against it.
func (c Contribution) Proved(datanet DataNet) (poa.Contribution, error) {
	root, err := poa.HashFromBytes(c.Root)
	if err != nil {
		return poa.Contribution{}, err
	}
	contributor, err := sdk.AccAddressFromBech32(c.Contributor)
	if err != nil {
		return poa.Contribution{}, err
	}
	out := poa.Contribution{Root: root, Contributor: contributor, Segments: c.Segments, Norm: c.Norm(),
		AllowFewStopWords: datanet.AllowFewStopWords}
	for _, d := range c.Derivations {
		out.Derived = append(out.Derived, poa.SegmentDerivation{Segment: d.Segment,
			Derivation: poa.Derivation{Rank: d.Rank, PPM: d.Ppm}})
	}
	return out, nil
}
