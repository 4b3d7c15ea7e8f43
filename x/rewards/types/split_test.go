package types_test

import (
	"cmp"
	"slices"
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

func address(n byte) sdk.AccAddress { return append(make([]byte, 19), n) }

func payable(compute, royalty int64, weights ...uint32) types.Payable {
	p := types.Payable{
		Provider: address(1), Compute: math.NewInt(compute), Royalty: math.NewInt(royalty), Acknowledged: true,
		Lineage: []types.Share{{Address: address(2), PPM: types.PPM}}, UnattributedPPM: types.PPM,
	}
	for i, weight := range weights {
		p.Entries = append(p.Entries, types.PayableEntry{
			Rank: uint64(i + 1), Contributor: address(byte(10 + i)), WeightPPM: weight, QualityPPM: types.PPM,
		})
		p.UnattributedPPM -= weight
	}
	return p
}

func TestSplitOfARoundFee(t *testing.T) {
	out, err := types.Split(types.DefaultTerms(), payable(1_000_000, 1_000_000, 500_000, 250_000))
	require.NoError(t, err)
	require.EqualValues(t, 850_000, out.Provider.Int64())
	require.EqualValues(t, 300_000, out.Burned.Int64()) // 15 % of both
	require.EqualValues(t, 150_000, out.Lineage.Int64())
	require.EqualValues(t, 100_000, out.Validators.Int64())
	require.EqualValues(t, 300_000, out.Entries[0].Amount.Int64())
	require.EqualValues(t, 150_000, out.Entries[1].Amount.Int64())
	require.EqualValues(t, 150_000, out.BountyPool.Int64()) // a quarter is unattributed
	require.EqualValues(t, 99_999, out.Entries[0].Bonus.Int64())
	require.EqualValues(t, 49_999, out.Entries[1].Bonus.Int64())
}

func TestSplitOfDustAndOfNothing(t *testing.T) {
	for _, fee := range []int64{0, 1, 2, 3, 19} {
		out, err := types.Split(types.DefaultTerms(), payable(0, fee, 333_333, 333_333))
		require.NoError(t, err)
		require.Equal(t, fee, sum(out).Int64())
	}
}

func TestSplitUnacknowledgedAndPooled(t *testing.T) {
	p := payable(0, 1_000_000, 600_000)
	p.Acknowledged = false
	out, err := types.Split(types.DefaultTerms(), p)
	require.NoError(t, err)
	require.EqualValues(t, 600_000, out.BountyPool.Int64())
	require.True(t, out.Bonus.IsZero())

	p = payable(0, 1_000_000, 600_000)
	p.Entries[0].ToPool = true
	out, err = types.Split(types.DefaultTerms(), p)
	require.NoError(t, err)
	require.EqualValues(t, 600_000, out.BountyPool.Int64())
	require.True(t, out.Bonus.IsZero())
}

func TestCommonsAreBurnedWithoutABonus(t *testing.T) {
	for _, acknowledged := range []bool{true, false} {
		p := payable(1_000_000, 1_000_000, 500_000, 250_000)
		p.Acknowledged = acknowledged
		p.Entries[0].Burn, p.Entries[0].ToPool, p.Entries[0].QualityPPM = true, true, 1
		p.Entries[0].Royalties = []types.Share{{Address: address(3), PPM: types.PPM}}
		out, err := types.Split(types.DefaultTerms(), p)
		require.NoError(t, err)
		require.EqualValues(t, 300_000, out.Retired.Int64()) // half of 60 %
		require.EqualValues(t, 300_000, out.Burned.Int64())
		require.True(
			t, out.Entries[0].Amount.IsZero() && out.Entries[0].OwnerAmount.IsZero() && out.Entries[0].Bonus.IsZero())
		require.Equal(t, out.Fee.String(), sum(out).String())
		if acknowledged {
			require.EqualValues(t, 49_999, out.Bonus.Int64()) // of the second entry, as without commons
			require.EqualValues(t, 150_000, out.BountyPool.Int64())
		}
	}
}

// TestBurnTouchesNobodyElse: with an entry of the commons, everybody else gets the same as without it, and what the
// entry took from others is retired.
func TestBurnTouchesNobodyElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, p := anyTerms(t), anyPayable(t)
		if len(p.Entries) == 0 {
			return
		}
		at := rapid.IntRange(0, len(p.Entries)-1).Draw(t, "at")
		p.Entries[at].Burn = false
		without, err := types.Split(terms, p)
		require.NoError(t, err)
		p.Entries = slices.Clone(p.Entries)
		p.Entries[at].Burn = true
		with, err := types.Split(terms, p)
		require.NoError(t, err)
		for i := range p.Entries {
			if i != at {
				require.Equal(t, without.Entries[i], with.Entries[i])
			}
		}
		require.Equal(t, without.Burned.String(), with.Burned.String())
		require.Equal(t, without.Bonus.Sub(without.Entries[at].Bonus).String(), with.Bonus.String())
		took := without.Entries[at].Amount.Add(without.Entries[at].OwnerAmount).Add(without.BountyPool.Sub(with.BountyPool))
		require.Equal(t, took.String(), with.Retired.Sub(without.Retired).String())
	})
}

// TestInfluenceEarnsNoBonus: the part of an entry by influence only changes its bonus, which is that of the rest of its
// weight.
func TestInfluenceEarnsNoBonus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, p := anyTerms(t), anyPayable(t)
		if len(p.Entries) == 0 {
			return
		}
		at := rapid.IntRange(0, len(p.Entries)-1).Draw(t, "at")
		p.Entries = slices.Clone(p.Entries)
		entry := &p.Entries[at]
		entry.LoraPPM = 0
		without, err := types.Split(terms, p)
		require.NoError(t, err)
		entry.LoraPPM = rapid.Uint32Range(0, entry.WeightPPM).Draw(t, "lora")
		with, err := types.Split(terms, p)
		require.NoError(t, err)
		require.LessOrEqual(t, with.Entries[at].Bonus.BigInt().Cmp(without.Entries[at].Bonus.BigInt()), 0)
		if entry.LoraPPM == entry.WeightPPM {
			require.True(t, with.Entries[at].Bonus.IsZero())
		}
		require.Equal(t, without.Bonus.Sub(without.Entries[at].Bonus).String(),
			with.Bonus.Sub(with.Entries[at].Bonus).String(), "nobody else's changes")
		without.Bonus, without.Entries[at].Bonus = with.Bonus, with.Entries[at].Bonus
		require.Equal(t, without, with)
		entry.LoraPPM = entry.WeightPPM + 1
		_, err = types.Split(terms, p)
		require.ErrorIs(t, err, types.ErrInvalidPayable)
	})
}

// byTheBook is Split in big integers, directly by the formulas.
func byTheBook(terms types.Terms, p types.Payable) types.Payout {
	part := func(a math.Int, ppm uint32) math.Int { return a.MulRaw(int64(ppm)).QuoRaw(types.PPM) }
	zero := math.ZeroInt()
	roundedUp := func(a math.Int, ppm uint32) math.Int {
		return a.MulRaw(int64(ppm)).AddRaw(types.PPM - 1).QuoRaw(types.PPM)
	}
	royalty := burnFirst(p.Royalty, terms, roundedUp(p.Royalty, terms.BurnPpm))
	burned := roundedUp(p.Compute, terms.BurnPpm)
	out := types.Payout{
		Fee: p.Compute.Add(p.Royalty), Compute: p.Compute, Royalty: p.Royalty, Provider: p.Compute.Sub(burned),
		Burned:  burned.Add(royalty[3]),
		Lineage: royalty[1], Validators: royalty[2], BountyPool: zero, Retired: zero, Bonus: zero,
	}
	var weights []uint32
	var ranks []uint64
	for _, entry := range p.Entries {
		weights, ranks = append(weights, entry.WeightPPM), append(ranks, entry.Rank)
	}
	shares := largestRemainder(royalty[0], append(weights, p.UnattributedPPM), ranks)
	out.Unattributed = shares[len(p.Entries)]
	out.BountyPool = out.Unattributed
	for i, entry := range p.Entries {
		paid := types.EntryPayout{Rank: entry.Rank, Contributor: entry.Contributor.String(), WeightPpm: entry.WeightPPM,
			Amount: zero, OwnerAmount: zero, Bonus: zero}
		left := shares[i]
		if p.Acknowledged && !entry.ToPool && !entry.Burn {
			earned := part(shares[i], entry.QualityPPM)
			for _, share := range entry.Royalties {
				paid.OwnerAmount = paid.OwnerAmount.Add(part(earned, share.PPM))
			}
			paid.Amount = earned.Sub(paid.OwnerAmount)
			paid.Bonus = part(part(part(out.Burned, terms.BonusPpm), entry.WeightPPM-entry.LoraPPM), entry.QualityPPM)
			left = left.Sub(earned)
		}
		if entry.Burn {
			out.Retired = out.Retired.Add(left)
		} else {
			out.BountyPool = out.BountyPool.Add(left)
		}
		out.Bonus = out.Bonus.Add(paid.Bonus)
		out.Entries = append(out.Entries, paid)
	}
	return out
}

// burnFirst divides a royalty of which burn is burned: the rest of what rounding left goes by largest remainder.
func burnFirst(royalty math.Int, terms types.Terms, burn math.Int) []math.Int {
	weights := []uint32{terms.DataPpm, terms.LineagePpm, terms.ValidatorsPpm}
	var parts []math.Int
	order := []int{0, 1, 2}
	left := royalty.Sub(burn)
	for _, weight := range weights {
		parts = append(parts, royalty.MulRaw(int64(weight)).QuoRaw(types.PPM))
		left = left.Sub(parts[len(parts)-1])
	}
	remainder := func(i int) int64 { return royalty.MulRaw(int64(weights[i])).ModRaw(types.PPM).Int64() }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(remainder(b), remainder(a)) })
	for _, i := range order[:left.Int64()] {
		parts[i] = parts[i].AddRaw(1)
	}
	return append(parts, burn)
}

// largestRemainder divides total; of equal remainders the lower rank comes first, and what has no rank last.
func largestRemainder(total math.Int, weights []uint32, ranks []uint64) []math.Int {
	parts, order := make([]math.Int, len(weights)), make([]int, len(weights))
	left := total
	for i, weight := range weights {
		order[i] = i
		parts[i] = total.MulRaw(int64(weight)).QuoRaw(types.PPM)
		left = left.Sub(parts[i])
	}
	remainder := func(i int) int64 { return total.MulRaw(int64(weights[i])).ModRaw(types.PPM).Int64() }
	slices.SortStableFunc(order, func(a, b int) int {
		if by := cmp.Compare(remainder(b), remainder(a)); by != 0 || ranks == nil || a >= len(ranks) || b >= len(ranks) {
			return by
		}
		return cmp.Compare(ranks[a], ranks[b])
	})
	for _, i := range order[:left.Int64()] {
		parts[i] = parts[i].AddRaw(1)
	}
	return parts
}

func TestSplitFollowsTheBook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, p := anyTerms(t), anyPayable(t)
		out, err := types.Split(terms, p)
		require.NoError(t, err)
		want := byTheBook(terms, p)
		require.Equal(t, want.String(), out.String())
	})
}

func sum(out types.Payout) math.Int {
	total := out.Provider.Add(out.Burned).Add(out.Lineage).Add(out.Validators).Add(out.BountyPool).Add(out.Retired)
	for _, entry := range out.Entries {
		total = total.Add(entry.Amount).Add(entry.OwnerAmount)
	}
	return total
}

// TestInfluenceMintsNothing: for all terms, the part of a weight by influence is paid like any other and mints nothing.
// Sum in is sum out, and the bonus is that of an entry without the part.
func TestInfluenceMintsNothing(t *testing.T) {
	p := payable(1_000_000, 1_000_000, 500_000, 250_000)
	before, err := types.Split(types.DefaultTerms(), p)
	require.NoError(t, err)
	p.Entries[0].LoraPPM, p.Entries[1].LoraPPM = 300_000, 250_000
	after, err := types.Split(types.DefaultTerms(), p)
	require.NoError(t, err)
	require.Equal(t, before.Entries[0].Amount, after.Entries[0].Amount)
	require.EqualValues(t, 39_999, after.Entries[0].Bonus.Int64(), "of 200,000 ppm by words")
	require.True(t, after.Entries[1].Bonus.IsZero(), "all by influence")
	rapid.Check(t, func(t *rapid.T) {
		terms, p := anyTerms(t), anyPayable(t)
		for i := range p.Entries {
			p.Entries[i].LoraPPM = 0
		}
		without, err := types.Split(terms, p)
		require.NoError(t, err)
		for i := range p.Entries {
			p.Entries[i].LoraPPM = p.Entries[i].WeightPPM
		}
		with, err := types.Split(terms, p)
		require.NoError(t, err)
		require.True(t, with.Bonus.IsZero())
		require.Equal(t, with.Fee.String(), sum(with).String())
		for i := range with.Entries {
			require.True(t, with.Entries[i].Bonus.IsZero())
			require.Equal(t, without.Entries[i].Amount, with.Entries[i].Amount)
			require.Equal(t, without.Entries[i].OwnerAmount, with.Entries[i].OwnerAmount)
		}
	})
}

// anyTerms draws terms that Validate accepts.
func anyTerms(t *rapid.T) types.Terms {
	burn := rapid.Uint32Range(30_000, types.PPM).Draw(t, "burn")
	left := types.PPM - burn
	data := rapid.Uint32Range(0, left).Draw(t, "data")
	lineage := rapid.Uint32Range(0, left-data).Draw(t, "lineage")
	terms := types.Terms{DataPpm: data, LineagePpm: lineage, ValidatorsPpm: left - data - lineage, BurnPpm: burn}
	terms.BonusPpm = rapid.Uint32Range(0, types.PPM-1).Draw(t, "bonus")
	if terms.Validate() != nil {
		terms.BonusPpm = 0
	}
	return terms
}

func anyAmount(t *rapid.T, name string) math.Int {
	amount := math.NewIntFromUint64(rapid.Uint64().Draw(t, name))
	return amount.Mul(math.NewIntWithDecimal(1, rapid.IntRange(0, 18).Draw(t, name+" decimals")))
}

// anyRoyalties draws shares that sum to at most a whole, some of them for the same account.
func anyRoyalties(t *rapid.T) []types.Share {
	var shares []types.Share
	left := uint32(types.PPM)
	for range rapid.IntRange(0, 5).Draw(t, "royalties") {
		ppm := rapid.Uint32Range(0, left).Draw(t, "royalty")
		left -= ppm
		shares = append(shares, types.Share{Address: address(rapid.ByteRange(4, 8).Draw(t, "to")), PPM: ppm})
	}
	return shares
}

func anyPayable(t *rapid.T) types.Payable {
	p := types.Payable{
		Provider: address(1), Compute: anyAmount(t, "compute"), Royalty: anyAmount(t, "royalty"),
		Acknowledged:    rapid.Bool().Draw(t, "acknowledged"),
		UnattributedPPM: types.PPM,
	}
	parent := rapid.Uint32Range(0, types.PPM).Draw(t, "parent")
	p.Lineage = []types.Share{{Address: address(2), PPM: types.PPM - parent}, {Address: address(3), PPM: parent}}
	for i := range rapid.IntRange(0, 16).Draw(t, "entries") {
		weight := rapid.Uint32Range(0, p.UnattributedPPM).Draw(t, "weight")
		p.UnattributedPPM -= weight
		p.Entries = append(p.Entries, types.PayableEntry{
			Rank: rapid.Uint64().Draw(t, "rank"), Contributor: address(byte(10 + i)), WeightPPM: weight,
			Royalties: anyRoyalties(t), QualityPPM: rapid.Uint32Range(0, types.PPM).Draw(t, "quality"),
			ToPool: rapid.Bool().Draw(t, "pool"), Burn: rapid.Bool().Draw(t, "burned"),
			LoraPPM: rapid.Uint32Range(0, weight).Draw(t, "lora"),
		})
	}
	return p
}

// TestSplitConservesMoney: the parts are the fee, to the last aopen, and the
// bonus is never more than its share of what was burned.
func TestSplitConservesMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, p := anyTerms(t), anyPayable(t)
		out, err := types.Split(terms, p)
		require.NoError(t, err)
		require.Equal(t, out.Fee.String(), sum(out).String())
		require.Equal(t, p.Compute.Add(p.Royalty).String(), out.Fee.String())
		require.True(t, out.Bonus.LTE(out.Burned.MulRaw(int64(terms.BonusPpm)).QuoRaw(types.PPM)))
		require.True(t, !out.Unattributed.IsNegative() && out.Unattributed.LTE(out.BountyPool))
		divider, err := types.NewDivider(terms)
		require.NoError(t, err)
		division, err := divider.Divide(&p)
		require.NoError(t, err)
		lineage := math.ZeroInt()
		for _, amount := range divider.LineageAmounts(division.Lineage, p.Lineage) {
			lineage = lineage.Add(types.IntOf(amount))
		}
		require.Equal(t, out.Lineage.String(), lineage.String())
		for i, entry := range out.Entries {
			require.False(t, entry.Amount.IsNegative() || entry.OwnerAmount.IsNegative() || entry.Bonus.IsNegative())
			earned, err := types.AmountOf(entry.Amount.Add(entry.OwnerAmount))
			require.NoError(t, err)
			royalties := math.ZeroInt()
			for _, royalty := range p.Entries[i].Royalties {
				royalties = royalties.Add(types.IntOf(types.RoyaltyAmount(earned, royalty)))
			}
			require.Equal(t, entry.OwnerAmount.String(), royalties.String())
		}
	})
}

// TestRoyaltiesAreRoundedDownEach: no royalty depends on the others, and the
// contributor has the exact rest.
func TestRoyaltiesAreRoundedDownEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		earned, shares := anyAmount(t, "earned"), anyRoyalties(t)
		packed, err := types.AmountOf(earned)
		require.NoError(t, err)
		left := earned
		for _, share := range shares {
			amount := types.IntOf(types.RoyaltyAmount(packed, share))
			require.Equal(t, earned.MulRaw(int64(share.PPM)).QuoRaw(types.PPM).String(), amount.String())
			left = left.Sub(amount)
		}
		require.False(t, left.IsNegative())
	})

	p := payable(0, 1_000_002, 1_000_000) // 600,001 earned
	p.Entries[0].Royalties = []types.Share{{Address: address(3), PPM: 333_333}, {Address: address(4), PPM: 333_333},
		{Address: address(3), PPM: 1}}
	out, err := types.Split(types.DefaultTerms(), p)
	require.NoError(t, err)
	require.EqualValues(t, 2*200_000, out.Entries[0].OwnerAmount.Int64())
	require.EqualValues(t, 200_001, out.Entries[0].Amount.Int64())
}

// TestWashTradingLosesMoney: an account that holds every role and all stake
// gets back 1 − burn · (1 − bonus) of the fee at most, down to a fee of one
// aopen, for every set of terms that is accepted, commons or not.
func TestWashTradingLosesMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, p := anyTerms(t), anyPayable(t)
		if rapid.Bool().Draw(t, "dust") {
			p.Compute, p.Royalty = math.NewInt(rapid.Int64Range(0, 100).Draw(t, "compute")),
				math.NewInt(rapid.Int64Range(0, 100).Draw(t, "royalty"))
		}
		checkMargin(t, terms, p)
	})
	// Every fee of dust at the least margin, with and without a bonus.
	for _, terms := range []types.Terms{
		{ValidatorsPpm: 970_000, BurnPpm: types.MinMarginPPM}, {LineagePpm: 900_000, BurnPpm: 100_000, BonusPpm: 700_000},
		{DataPpm: 500_000, ValidatorsPpm: 350_000, BurnPpm: 150_000, BonusPpm: 800_000},
	} {
		for compute := range int64(100) {
			for royalty := range int64(100) {
				checkMargin(t, terms, payable(compute, royalty, 500_000, 500_000))
			}
		}
	}
}

func checkMargin(t require.TestingT, terms types.Terms, p types.Payable) {
	out, err := types.Split(terms, p)
	require.NoError(t, err)
	back := sum(out).Sub(out.Burned).Sub(out.Retired).Add(out.Bonus)
	const whole = types.PPM * types.PPM
	margin := int64(terms.BurnPpm) * int64(types.PPM-terms.BonusPpm)
	require.True(t, back.MulRaw(whole).LTE(out.Fee.MulRaw(whole-margin)), "%s of %s comes back under %s", back, out.Fee,
		terms)
	require.True(t, out.Fee.IsZero() || back.LT(out.Fee))
}

func TestTermsThatCanBeFarmedAreRefused(t *testing.T) {
	for _, change := range []func(*types.Terms){
		func(t *types.Terms) { t.DataPpm++ },
		func(t *types.Terms) { t.BonusPpm = types.PPM },
		func(t *types.Terms) { t.BonusPpm = 900_000 }, // 15 % · 10 % = 1.5 %
		func(t *types.Terms) { t.BurnPpm, t.DataPpm, t.BonusPpm = 20_000, 730_000, 0 },
	} {
		terms := types.DefaultTerms()
		change(&terms)
		require.ErrorIs(t, terms.Validate(), types.ErrInvalidParams)
	}
}

func TestSplitRefusesWhatDoesNotAddUp(t *testing.T) {
	for name, change := range map[string]func(*types.Payable){
		"weights":  func(p *types.Payable) { p.UnattributedPPM++ },
		"lineage":  func(p *types.Payable) { p.Lineage[0].PPM-- },
		"negative": func(p *types.Payable) { p.Compute = math.NewInt(-1) },
		"nil":      func(p *types.Payable) { p.Royalty = math.Int{} },
		"huge":     func(p *types.Payable) { p.Royalty = math.NewIntWithDecimal(1, 60) },
		"nobody":   func(p *types.Payable) { p.Entries[0].Contributor = nil },
		"influence above the weight": func(p *types.Payable) {
			p.Entries[0].LoraPPM = p.Entries[0].WeightPPM + 1
		},
		"quality": func(p *types.Payable) { p.Entries[0].QualityPPM = types.PPM + 1 },
		"royalties": func(p *types.Payable) {
			p.Entries[0].Royalties = []types.Share{{Address: address(3), PPM: types.PPM}, {Address: address(4), PPM: 1}}
		},
		"many royalties": func(p *types.Payable) {
			p.Entries[0].Royalties = []types.Share{{Address: address(3), PPM: 1 << 31}, {Address: address(4), PPM: 1 << 31}}
		},
		"royalty for nobody": func(p *types.Payable) { p.Entries[0].Royalties = []types.Share{{PPM: 1}} },
		"no provider":        func(p *types.Payable) { p.Provider = nil },
	} {
		t.Run(name, func(t *testing.T) {
			p := payable(1, 1, 500_000)
			change(&p)
			_, err := types.Split(types.DefaultTerms(), p)
			require.Error(t, err)
		})
	}
}
