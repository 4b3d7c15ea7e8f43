package types_test

import (
	"testing"

	"cosmossdk.io/math"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

func anyCredits(t *rapid.T) []types.AccountCredit {
	var credits []types.AccountCredit
	id := rapid.Uint64Range(0, 1<<40).Draw(t, "first")
	for range rapid.IntRange(0, 3*types.CreditsPerChunk).Draw(t, "credits") {
		credit := types.AccountCredit{LedgerID: id, Amount: packedAmount(t, "amount")}
		switch rapid.IntRange(0, 2).Draw(t, "contributed") {
		case 1:
			credit.Contributed = credit.Amount
		case 2:
			credit.Contributed = packedAmount(t, "part")
		}
		if rapid.Bool().Draw(t, "bonus?") {
			credit.Bonus = packedAmount(t, "bonus")
		}
		credits = append(credits, credit)
		id += rapid.Uint64Range(1, 40).Draw(t, "gap")
	}
	return credits
}

func TestChunksHoldCreditsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		credits := anyCredits(t)
		chunks, firsts := types.PackCredits(credits)
		require.Len(t, firsts, len(chunks))
		var read []types.AccountCredit
		last := uint64(0)
		for n, chunk := range chunks {
			part, err := chunk.Credits()
			require.NoError(t, err)
			require.Equal(t, firsts[n], part[0].LedgerID)
			page, _ := types.PageOf(part[0].LedgerID)
			require.True(t, n == 0 || page > last, "page %d is in two chunks", page)
			last, _ = types.PageOf(part[len(part)-1].LedgerID)
			read = append(read, part...)
		}
		require.Equal(t, credits, read)
		if len(credits) == 0 {
			return
		}
		// The chunk of a page holds its first credit, unless that is the first of a later one.
		page, _ := types.PageOf(credits[rapid.IntRange(0, len(credits)-1).Draw(t, "at")].LedgerID)
		n := types.ChunkOf(firsts, page)
		from, _ := types.PageOf(firsts[n])
		require.True(t, from <= page)
		if n+1 < len(firsts) {
			next, _ := types.PageOf(firsts[n+1])
			require.Greater(t, next, page)
		}
	})
	require.Zero(t, types.ChunkOf(nil, 5))
	require.Zero(t, types.ChunkOf([]uint64{100 * types.AccountsPerPage}, 5))
}

func TestBrokenChunksAreErrors(t *testing.T) {
	chunks, _ := types.PackCredits(
		[]types.AccountCredit{{LedgerID: 300, Amount: poa.NewAmount(1 << 20), Bonus: poa.NewAmount(7)}})
	for cut := 1; cut < len(chunks[0]); cut++ {
		_, err := chunks[0][:cut].Credits()
		require.Error(t, err, "cut at %d", cut)
	}
	_, err := types.Chunk{0x80}.Credits()
	require.Error(t, err)
}

// FuzzChunk: what decodes encodes back. A writer has one encoding of a credit, a reader takes longer ones too (leading
// zeros, a part that is all); so credits that were read are compared after they were written and read again, and bytes
// that a writer has made must come out as they were.
func FuzzChunk(f *testing.F) {
	chunks, _ := types.PackCredits([]types.AccountCredit{
		{LedgerID: 3, Amount: poa.NewAmount(1)},
		{LedgerID: 9, Amount: poa.NewAmount(1 << 40), Bonus: poa.NewAmount(5)},
		{LedgerID: 10, Amount: poa.NewAmount(7), Contributed: poa.NewAmount(7)},
		{LedgerID: 11, Amount: poa.Amount{Hi: 1, Lo: 2}, Contributed: poa.NewAmount(3), Bonus: poa.Amount{Hi: 9}},
	})
	f.Add([]byte(chunks[0]))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		credits, err := types.Chunk(b).Credits()
		if err != nil {
			return
		}
		packed, firsts := types.PackCredits(credits)
		require.Len(t, firsts, len(packed))
		var again []types.AccountCredit
		var written []byte
		for i, chunk := range packed {
			read, err := chunk.Credits()
			require.NoError(t, err)
			require.Equal(t, firsts[i], read[0].LedgerID)
			again, written = append(again, read...), append(written, chunk...)
		}
		require.Equal(t, credits, again)
		require.LessOrEqual(t, len(written), len(b)+10*max(0, len(packed)-1), "a writer needs no more bytes than any other")
		repacked, _ := types.PackCredits(again)
		require.Equal(t, packed, repacked)
	})
}

// TestScaleFitsTheBudget: what is scaled is within the budget, loses less than
// an aopen for each amount and a part in 2^63, and agrees with big integers.
func TestScaleFitsTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := types.IntOf(packedAmount(t, "budget"))
		asked := math.ZeroInt()
		var amounts []poa.Amount
		for range rapid.IntRange(1, 20).Draw(t, "amounts") {
			amount := packedAmount(t, "amount")
			amount.Hi >>= 8
			amounts, asked = append(amounts, amount), asked.Add(types.IntOf(amount))
		}
		scale, granted := types.ScaleOf(budget, asked), math.ZeroInt()
		require.LessOrEqual(t, scale, types.FullScale)
		for _, amount := range amounts {
			scaled := types.IntOf(types.Scale(amount, scale))
			require.Equal(
				t, types.IntOf(amount).Mul(math.NewIntFromUint64(scale)).Quo(math.NewIntFromUint64(types.FullScale)).String(),
				scaled.String())
			granted = granted.Add(scaled)
		}
		require.True(t, granted.LTE(budget) && granted.LTE(asked))
		least := math.MinInt(budget, asked)
		lost := least.Sub(granted)
		require.True(t, lost.LTE(asked.Quo(math.NewIntFromUint64(types.FullScale)).AddRaw(int64(len(amounts))+1)),
			"lost %s of %s", lost, least)
	})
}
