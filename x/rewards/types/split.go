package types

import (
	"slices"

	"cosmossdk.io/math"
)

// Split divides the fee of one receipt by terms. The parts sum to the fee, to
// the last aopen; the bonus is at most terms.BonusPpm of what is burned.
func Split(terms Terms, p Payable) (Payout, error) {
	if err := terms.Validate(); err != nil {
		return Payout{}, err
	}
	if err := p.Validate(); err != nil {
		return Payout{}, err
	}
	burnedCompute := partRoundedDown(p.Compute, terms.BurnPpm)
	royalty := apportion(p.Royalty, []uint32{terms.DataPpm, terms.LineagePpm, terms.ValidatorsPpm, terms.BurnPpm})
	data, lineage, validators, burnedRoyalty := royalty[0], royalty[1], royalty[2], royalty[3]
	out := Payout{
		Fee:        p.Compute.Add(p.Royalty),
		Compute:    p.Compute,
		Royalty:    p.Royalty,
		Provider:   p.Compute.Sub(burnedCompute),
		Burned:     burnedCompute.Add(burnedRoyalty),
		Lineage:    lineage,
		Validators: validators,
		BountyPool: math.ZeroInt(),
		Retired:    math.ZeroInt(),
		Bonus:      math.ZeroInt(),
		Entries:    make([]EntryPayout, len(p.Entries)),
	}
	splitData(terms, p, data, &out)
	return out, nil
}

// splitData divides the data share and the bonus by weight and quality. What
// no contributor earns goes to the bounty pool, or is not minted. What commons
// would have earned is burned whatever their quality, and whether the answer
// was acknowledged or not. The bonus follows from the burn of the terms alone:
// data that earns nothing must not raise what other data earns.
func splitData(terms Terms, p Payable, data math.Int, out *Payout) {
	weights := make([]uint32, 0, len(p.Entries)+1)
	for _, entry := range p.Entries {
		weights = append(weights, entry.WeightPPM)
	}
	shares := apportionByRank(data, p.Entries, append(weights, p.UnattributedPPM))
	bonus := partRoundedDown(out.Burned, terms.BonusPpm)
	out.Unattributed = shares[len(p.Entries)]
	out.BountyPool = out.BountyPool.Add(out.Unattributed)
	for i, entry := range p.Entries {
		payout := EntryPayout{
			Rank: entry.Rank, Contributor: entry.Contributor.String(), WeightPpm: entry.WeightPPM,
			Amount: math.ZeroInt(), OwnerAmount: math.ZeroInt(), Bonus: math.ZeroInt(),
		}
		if p.Acknowledged && !entry.ToPool && !entry.Burn {
			earned := partRoundedDown(shares[i], entry.QualityPPM)
			payout.Amount = earned
			for _, royalty := range RoyaltyAmounts(earned, entry.Royalties) {
				payout.OwnerAmount = payout.OwnerAmount.Add(royalty)
				payout.Amount = payout.Amount.Sub(royalty)
			}
			payout.Bonus = partRoundedDown(partRoundedDown(bonus, entry.WeightPPM), entry.QualityPPM)
		}
		if rest := shares[i].Sub(payout.Amount).Sub(payout.OwnerAmount); entry.Burn {
			out.Retired = out.Retired.Add(rest)
		} else {
			out.BountyPool = out.BountyPool.Add(rest)
		}
		out.Bonus = out.Bonus.Add(payout.Bonus)
		out.Entries[i] = payout
	}
}

// LineageAmounts divides the lineage part of a payout among the owners of models.
func LineageAmounts(lineage math.Int, table []Share) []math.Int {
	weights := make([]uint32, len(table))
	for i, share := range table {
		weights[i] = share.PPM
	}
	return apportion(lineage, weights)
}

// RoyaltyAmounts returns what each royalty takes of what an entry earned,
// rounded down. What is left, dust included, is the contributor's.
func RoyaltyAmounts(earned math.Int, royalties []Share) []math.Int {
	amounts := make([]math.Int, len(royalties))
	for i, share := range royalties {
		amounts[i] = partRoundedDown(earned, share.PPM)
	}
	return amounts
}

// partRoundedDown returns floor(amount · ppm / 1,000,000).
func partRoundedDown(amount math.Int, ppm uint32) math.Int {
	return amount.MulRaw(int64(ppm)).QuoRaw(PPM)
}

// apportion divides total by weights that sum to PPM, by largest remainder;
// ties go to the earlier weight.
func apportion(total math.Int, weights []uint32) []math.Int {
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	return apportionInOrder(total, weights, order)
}

// apportionByRank is apportion with ties to the lower rank, and to what is
// unattributed last.
func apportionByRank(total math.Int, entries []PayableEntry, weights []uint32) []math.Int {
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order[:len(entries)], func(a, b int) int {
		switch {
		case entries[a].Rank < entries[b].Rank:
			return -1
		case entries[a].Rank > entries[b].Rank:
			return 1
		}
		return a - b
	})
	return apportionInOrder(total, weights, order)
}

// apportionInOrder gives each weight the floor of its share, and one aopen more
// to those with the largest remainders; ties go to what comes first in order.
func apportionInOrder(total math.Int, weights []uint32, order []int) []math.Int {
	parts := make([]math.Int, len(weights))
	remainders := make([]int64, len(weights))
	left := total
	for i, weight := range weights {
		product := total.MulRaw(int64(weight))
		parts[i] = product.QuoRaw(PPM)
		remainders[i] = product.Sub(parts[i].MulRaw(PPM)).Int64()
		left = left.Sub(parts[i])
	}
	byRemainder := slices.Clone(order)
	slices.SortStableFunc(byRemainder, func(a, b int) int {
		switch {
		case remainders[a] > remainders[b]:
			return -1
		case remainders[a] < remainders[b]:
			return 1
		}
		return 0
	})
	for _, i := range byRemainder[:left.Int64()] {
		parts[i] = parts[i].AddRaw(1)
	}
	return parts
}
