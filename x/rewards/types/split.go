package types

import (
	"cmp"
	"slices"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/poa"
)

// Division is how the fee of one receipt is divided, in aopen. Its parts sum to
// the fee; the bonus is at most BonusPpm of what is burned.
type Division struct {
	Fee, Compute, Royalty, Provider, Burned, Lineage, Validators, BountyPool, Retired, Bonus poa.Amount

	Unattributed poa.Amount // part of BountyPool
	Entries      []EntryDivision
}

// EntryDivision is what one entry of a receipt pays.
type EntryDivision struct {
	Amount, OwnerAmount, Bonus poa.Amount
}

// Divider divides receipts by the same terms.
type Divider struct {
	terms  Terms
	parts  apportionment
	owners apportionment
	out    Division
}

// NewDivider fails for terms that do not sum up.
func NewDivider(terms Terms) (*Divider, error) {
	if err := terms.Validate(); err != nil {
		return nil, err
	}
	return &Divider{terms: terms}, nil
}

// Divide divides the fee of one receipt. What it returns is valid until the
// next call.
func (d *Divider) Divide(p *Payable) (*Division, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	compute, err := AmountOf(p.Compute)
	if err != nil {
		return nil, err
	}
	royalty, err := AmountOf(p.Royalty)
	if err != nil {
		return nil, err
	}
	// The burn rounds up, so that no fee is too small to burn anything: the
	// bound on what comes back holds to the last aopen.
	burnedCompute, remainder := partRoundedDown(compute, d.terms.BurnPpm)
	if remainder > 0 {
		burnedCompute = plus(burnedCompute, poa.NewAmount(1))
	}
	d.parts.reset(royalty, 4)
	for _, ppm := range [...]uint32{d.terms.DataPpm, d.terms.LineagePpm, d.terms.ValidatorsPpm, d.terms.BurnPpm} {
		d.parts.add(ppm, 0)
	}
	d.parts.roundUp(3)
	shares := d.parts.divide()
	data, lineage, validators, burnedRoyalty := shares[0], shares[1], shares[2], shares[3]
	// Amounts have at most 127 bits, so that no sum of two is above 128.
	d.out = Division{
		Fee: plus(compute, royalty), Compute: compute, Royalty: royalty,
		Provider: minus(compute, burnedCompute), Burned: plus(burnedCompute, burnedRoyalty),
		Lineage: lineage, Validators: validators, Entries: d.out.Entries[:0],
	}
	d.divideData(p, data)
	return &d.out, nil
}

// divideData divides the data share and the bonus by weight and quality. What
// no contributor earns goes to the bounty pool, or is not minted. What commons
// would have earned is burned whatever their quality, and whether the answer
// was acknowledged or not. The bonus follows from the burn of the terms alone:
// data that earns nothing must not raise what other data earns. What an entry
// has by influence (method LORA) earns no bonus: the provider says what an
// answer asks an adapter's training, so that it could farm what is minted.
func (d *Divider) divideData(p *Payable, data poa.Amount) {
	d.parts.reset(data, len(p.Entries)+1)
	for i := range p.Entries {
		d.parts.add(p.Entries[i].WeightPPM, p.Entries[i].Rank)
	}
	// Ties go to the lower rank, and to what is unattributed last.
	d.parts.add(p.UnattributedPPM, ^uint64(0))
	shares := d.parts.divide()
	out := &d.out
	bonus, _ := partRoundedDown(out.Burned, d.terms.BonusPpm)
	out.Unattributed = shares[len(p.Entries)]
	out.BountyPool = out.Unattributed
	for i := range p.Entries {
		entry := &p.Entries[i]
		var part EntryDivision
		if p.Acknowledged && !entry.ToPool && !entry.Burn {
			earned, _ := partRoundedDown(shares[i], entry.QualityPPM)
			part.Amount = earned
			for _, royalty := range entry.Royalties {
				amount := RoyaltyAmount(earned, royalty)
				part.OwnerAmount = plus(part.OwnerAmount, amount)
				part.Amount = minus(part.Amount, amount)
			}
			weighted, _ := partRoundedDown(bonus, entry.WeightPPM-entry.LoraPPM)
			part.Bonus, _ = partRoundedDown(weighted, entry.QualityPPM)
		}
		if rest := minus(minus(shares[i], part.Amount), part.OwnerAmount); entry.Burn {
			out.Retired = plus(out.Retired, rest)
		} else {
			out.BountyPool = plus(out.BountyPool, rest)
		}
		out.Bonus = plus(out.Bonus, part.Bonus)
		out.Entries = append(out.Entries, part)
	}
}

// LineageAmounts divides the lineage part of a fee among the owners of models.
// What it returns is valid until the next call.
func (d *Divider) LineageAmounts(lineage poa.Amount, table []Share) []poa.Amount {
	d.owners.reset(lineage, len(table))
	for _, share := range table {
		d.owners.add(share.PPM, 0)
	}
	return d.owners.divide()
}

// RoyaltyAmount returns what a royalty takes of what an entry earned, rounded
// down. What is left, dust included, is the contributor's.
func RoyaltyAmount(earned poa.Amount, royalty Share) poa.Amount {
	amount, _ := partRoundedDown(earned, royalty.PPM)
	return amount
}

// LineageAmounts divides the lineage part of a payout among the owners of models.
func LineageAmounts(lineage math.Int, table []Share) ([]math.Int, error) {
	packed, err := AmountOf(lineage)
	if err != nil {
		return nil, err
	}
	var divider Divider
	amounts := make([]math.Int, len(table))
	for i, amount := range divider.LineageAmounts(packed, table) {
		amounts[i] = IntOf(amount)
	}
	return amounts, nil
}

// Split divides the fee of one receipt as an answer to a query shows it.
func Split(terms Terms, p Payable) (Payout, error) {
	divider, err := NewDivider(terms)
	if err != nil {
		return Payout{}, err
	}
	division, err := divider.Divide(&p)
	if err != nil {
		return Payout{}, err
	}
	out := Payout{
		Fee: IntOf(division.Fee), Compute: IntOf(division.Compute), Royalty: IntOf(division.Royalty),
		Provider: IntOf(division.Provider),
		Burned:   IntOf(division.Burned), Lineage: IntOf(division.Lineage), Validators: IntOf(division.Validators),
		BountyPool: IntOf(division.BountyPool), Retired: IntOf(division.Retired), Bonus: IntOf(division.Bonus),
		Unattributed: IntOf(division.Unattributed), Entries: make([]EntryPayout, len(p.Entries)),
	}
	for i, part := range division.Entries {
		entry := p.Entries[i]
		out.Entries[i] = EntryPayout{
			Rank: entry.Rank, Contributor: entry.Contributor.String(), WeightPpm: entry.WeightPPM,
			Amount: IntOf(part.Amount), OwnerAmount: IntOf(part.OwnerAmount), Bonus: IntOf(part.Bonus),
		}
	}
	return out, nil
}

// apportionment divides a total by weights that sum to PPM, by largest
// remainder; ties go to the lower rank, then to the earlier weight. Its memory
// is used again for the next total.
type apportionment struct {
	total  poa.Amount
	left   poa.Amount // of total, after rounding down
	parts  []poa.Amount
	places []place
}

// place is where a part stands when what rounding left is given out.
type place struct {
	index     int
	remainder uint32
	rank      uint64
}

func (a *apportionment) reset(total poa.Amount, weights int) {
	a.total, a.left = total, total
	a.parts, a.places = slices.Grow(a.parts[:0], weights), slices.Grow(a.places[:0], weights)
}

func (a *apportionment) add(ppm uint32, rank uint64) {
	part, remainder := partRoundedDown(a.total, ppm)
	a.left = minus(a.left, part)
	a.places = append(a.places, place{index: len(a.parts), remainder: remainder, rank: rank})
	a.parts = append(a.parts, part)
}

// roundUp gives a part the first aopen of what rounding left, if it has a remainder.
func (a *apportionment) roundUp(index int) {
	if a.places[index].remainder > 0 {
		a.places[index].remainder = PPM
	}
}

// divide gives one aopen more to the parts with the largest remainders, until
// nothing is left: fewer than there are parts.
func (a *apportionment) divide() []poa.Amount {
	if a.left.IsZero() {
		return a.parts
	}
	slices.SortFunc(a.places, func(x, y place) int {
		return cmp.Or(cmp.Compare(y.remainder, x.remainder), cmp.Compare(x.rank, y.rank), cmp.Compare(x.index, y.index))
	})
	for _, place := range a.places[:a.left.Lo] {
		a.parts[place.index] = plus(a.parts[place.index], poa.NewAmount(1))
	}
	return a.parts
}
