package types_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/x/datanet/types"
)

func TestGoldScore(t *testing.T) {
	for name, test := range map[string]struct {
		answers       types.GoldAnswers
		score, failed int64
	}{
		"perfect":            {types.GoldAnswers{BadRight: 2, SoundRight: 2, CheckedRight: 1}, 1_000_000, 0},
		"accepts everything": {types.GoldAnswers{BadWrong: 2, SoundRight: 2, CheckedWrong: 1}, 0, 1_000_000},
		"rejects everything": {types.GoldAnswers{BadRight: 2, SoundWrong: 2, CheckedRight: 1}, 0, 0},
		"inverted":           {types.GoldAnswers{BadWrong: 2, SoundWrong: 2, CheckedWrong: 2}, -1_000_000, 1_000_000},
		"one of each wrong": {types.GoldAnswers{BadRight: 1, BadWrong: 1, SoundRight: 1, SoundWrong: 1, CheckedRight: 1,
			CheckedWrong: 1}, 0, 0},
		"unequal": {types.GoldAnswers{BadRight: 3, BadWrong: 1, SoundRight: 1, CheckedRight: 1,
			CheckedWrong: 2}, 750_000, 333_333},
		"one kind only": {types.GoldAnswers{BadRight: 4}, 0, 0},
		"nothing":       {},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.score, test.answers.Score())
			require.Equal(t, test.failed, test.answers.Failed())
		})
	}
}

func TestMedian(t *testing.T) {
	require.Zero(t, types.Median(nil))
	require.EqualValues(t, 7, types.Median([]uint32{7}))
	require.EqualValues(t, 3, types.Median([]uint32{9, 3}), "the lower of two")
	require.EqualValues(t, 500, types.Median([]uint32{1000, 0, 500}))
}

func TestAcceptNeeded(t *testing.T) {
	p := types.DefaultReviewParams()
	for drawn, want := range []int{0, 1, 2, 3, 3, 4, 5, 5} {
		require.Equal(t, want, p.AcceptNeeded(drawn), "%d seats", drawn)
	}
}

func TestGoldNeeded(t *testing.T) {
	for items, want := range map[int]int{1: 2, 3: 2, 10: 2, 11: 3, 15: 3, 16: 4, 20: 4, 21: 5, 25: 5} {
		require.Equal(t, want, types.GoldNeeded(items, 200_000), "%d items", items)
	}
}

func TestEnoughGold(t *testing.T) {
	p := types.DefaultReviewParams()
	cohort := func(items, bad, sound int) types.Cohort {
		c := types.Cohort{Items: make([]uint64, items)}
		for range bad {
			c.Gold = append(c.Gold, types.Gold{Kind: types.GOLD_KIND_ALTERED})
		}
		for range sound {
			c.Gold = append(c.Gold, types.Gold{Kind: types.GOLD_KIND_SOUND})
		}
		return c
	}
	for name, test := range map[string]struct {
		cohort types.Cohort
		want   bool
	}{
		"full":                {cohort(20, 2, 2), true},
		"too little":          {cohort(20, 2, 1), false},
		"mostly sound":        {cohort(20, 1, 3), false},
		"no sound":            {cohort(20, 4, 0), false},
		"one sound is enough": {cohort(20, 3, 1), true},
		"grown":               {cohort(25, 2, 2), false},
		"smallest":            {cohort(3, 1, 1), true},
		"more gold than all":  {cohort(1, 1, 1), false},
		"nothing":             {cohort(0, 0, 0), false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, test.cohort.EnoughGold(p)) })
	}
}

// TestReviewParamsKeepReviewersLiable: sets under which reviewers could leave
// before they answer, or gain by failing, are refused.
func TestReviewParamsKeepReviewersLiable(t *testing.T) {
	require.NoError(t, types.DefaultReviewParams().Validate())
	for name, change := range map[string]func(*types.ReviewParams){
		"leave in time":      func(p *types.ReviewParams) { p.Unbonding = 20 * 24 * time.Hour },
		"appeal too late":    func(p *types.ReviewParams) { p.LiabilityWindow = 10 * 24 * time.Hour },
		"cheap failure":      func(p *types.ReviewParams) { p.GoldSlashPpm = 1_000 },
		"small bonds":        func(p *types.ReviewParams) { p.BondPerFee = 100 },
		"no gold":            func(p *types.ReviewParams) { p.GoldPpm = 0 },
		"gold does not fit":  func(p *types.ReviewParams) { p.MaxGold = 4 },
		"minority accepts":   func(p *types.ReviewParams) { p.AcceptSeats = 3 },
		"more than all":      func(p *types.ReviewParams) { p.AcceptSeats = 8 },
		"small appeals":      func(p *types.ReviewParams) { p.AppealSeats = 5 },
		"large panels":       func(p *types.ReviewParams) { p.AppealSeats = 33 },
		"decisive minority":  func(p *types.ReviewParams) { p.DecisivePpm = 500_000 },
		"no bond":            func(p *types.ReviewParams) { p.MinBond = math.ZeroInt() },
		"nil fee":            func(p *types.ReviewParams) { p.MinFee = math.Int{} },
		"no time":            func(p *types.ReviewParams) { p.CommitWindow = 0 },
		"shrinking":          func(p *types.ReviewParams) { p.MaxCohortItems = 19 },
		"slash above all":    func(p *types.ReviewParams) { p.OverturnedPpm = 1_000_001 },
		"one decides":        func(p *types.ReviewParams) { p.MinSeats = 1 },
		"more than a panel":  func(p *types.ReviewParams) { p.MinSeats = 8 },
		"panels of two":      func(p *types.ReviewParams) { p.Seats, p.AcceptSeats, p.MinSeats = 2, 2, 2 },
		"nil fee for tokens": func(p *types.ReviewParams) { p.MinFeePerThousand = math.Int{} },
		"no tokens":          func(p *types.ReviewParams) { p.CohortTokens = 1_000 },
		"too much to read": func(p *types.ReviewParams) {
			p.CohortTokens, p.MaxCohortTokens = 10_000_001,
				20_000_000
		},
		"no room for gold":    func(p *types.ReviewParams) { p.MaxCohortTokens = p.CohortTokens },
		"one fills a cohort":  func(p *types.ReviewParams) { p.MaxCohortTokens = 2*p.CohortTokens + 1 },
		"a minority slashes":  func(p *types.ReviewParams) { p.FallenPpm = 500_000 },
		"nobody may have any": func(p *types.ReviewParams) { p.MaxOpenPerContributor = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			p := types.DefaultReviewParams()
			change(&p)
			require.ErrorIs(t, p.Validate(), types.ErrInvalidParams)
		})
	}
	s := types.DefaultStandingParams()
	require.NoError(t, s.Validate())
	s.PoolBountyPpm = 100_001
	require.ErrorIs(t, s.Validate(), types.ErrInvalidParams)
	s = types.DefaultStandingParams()
	s.MaxPriceFees = 0
	require.ErrorIs(t, s.Validate(), types.ErrInvalidParams)
}

// TestHashesBindEverything: another cohort, round, address, vote or salt gives
// another hash.
func TestHashesBindEverything(t *testing.T) {
	who, other := []byte("aaaaaaaaaaaaaaaaaaaa"), []byte("bbbbbbbbbbbbbbbbbbbb")
	votes := []types.Vote{{Accept: true, Score: 9}, {Reason: types.REJECT_REASON_SPAM}}
	seen := make(map[string]bool)
	for _, hash := range [][]byte{
		types.BallotHash(1, 1, who, votes, []byte("salt")), types.BallotHash(2, 1, who, votes, []byte("salt")),
		types.BallotHash(1, 2, who, votes, []byte("salt")), types.BallotHash(1, 1, other, votes, []byte("salt")),
		types.BallotHash(1, 1, who, votes[:1], []byte("salt")), types.BallotHash(1, 1, who, votes, []byte("tlas")),
		types.GoldHash(1, 1, types.GOLD_KIND_SOUND, who, []byte("salt")), types.GoldHash(1, 2, types.GOLD_KIND_SOUND,
			who, []byte("salt")),
		types.GoldHash(1, 1, types.GOLD_KIND_ALTERED, who, []byte("salt")), types.GoldMark(who,
			[]byte("salt")), types.GoldMark(other, []byte("salt")),
		types.SeatHash([]byte("block"), 1, 1, 0, 0), types.SeatHash([]byte("block"), 1, 1, 1,
			0), types.SeatHash([]byte("block"), 1, 1, 0, 1),
	} {
		require.Len(t, hash, 32)
		require.False(t, seen[string(hash)])
		seen[string(hash)] = true
	}
}

func TestVotesAreChecked(t *testing.T) {
	for _, vote := range []types.Vote{
		{Accept: true}, {Accept: true, Score: 1001}, {Accept: true, Score: 5,
			Reason: types.REJECT_REASON_SPAM}, {}, {Reason: 99}, {Score: 2000, Reason: types.REJECT_REASON_SPAM},
	} {
		require.ErrorIs(t, types.ValidateVotes([]types.Vote{vote}), types.ErrBallot, "%+v", vote)
	}
}

func TestStakeNodeCodec(t *testing.T) {
	var codec types.StakeNodeCodec
	rapid.Check(t, func(t *rapid.T) {
		node := types.EmptyStakeNode()
		for i := range node {
			node[i] = math.NewIntFromUint64(rapid.Uint64().Draw(t, "stake")).MulRaw(rapid.Int64Range(0, 1<<62).Draw(t,
				"factor"))
		}
		encoded, err := codec.Encode(node)
		require.NoError(t, err)
		decoded, err := codec.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, node.Total(), decoded.Total())
		text, err := codec.EncodeJSON(node)
		require.NoError(t, err)
		again, err := codec.DecodeJSON(text)
		require.NoError(t, err)
		require.Equal(t, codec.Stringify(node), codec.Stringify(again))
	})
	_, err := codec.Decode([]byte{1})
	require.Error(t, err)
	negative := types.EmptyStakeNode()
	negative[3] = math.NewInt(-1)
	_, err = codec.Encode(negative)
	require.Error(t, err)
}

// TestReviewFeeByTokens: one segment is covered, each token above is paid for and rounded up.
func TestReviewFeeByTokens(t *testing.T) {
	fee := types.ReviewFee{Base: math.NewInt(512), PerThousand: types.PerThousandOf(math.NewInt(512))}
	require.Equal(t, math.NewInt(1_000), fee.PerThousand, "as much a token as the first segment")
	for tokens, want := range map[uint64]int64{0: 512, 1: 512, 512: 512, 513: 513, 1_024: 1_024, 16_384: 16_384} {
		require.Equal(t, math.NewInt(want), fee.Of(tokens), "%d tokens", tokens)
	}
	fee.PerThousand = math.NewInt(1)
	require.Equal(t, math.NewInt(513), fee.Of(513), "rounded up")
	now := time.Unix(1_000, 0)
	d := types.DataNet{
		ReviewFee: math.NewInt(5), ReviewFeePerThousand: math.NewInt(7_000),
		NextReviewFee: math.NewInt(50), NextReviewFeePerThousand: math.NewInt(1_000), FeeFrom: now,
	}
	require.Equal(t, math.NewInt(12), d.FeesAt(now.Add(-time.Second)).Of(513))
	require.Equal(t, math.NewInt(51), d.FeesAt(now).Of(513))
	require.Equal(t, math.NewInt(51), d.HighestFee(513), "what takes effect before the reveal is provided for")
	d.FeeFrom = time.Time{}
	require.Equal(t, math.NewInt(12), d.HighestFee(513))
}

// TestFewestSeats that may decide.
func TestFewestSeats(t *testing.T) {
	p := types.DefaultReviewParams()
	for wanted, want := range map[uint32]uint32{0: 3, 1: 3, 2: 3, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5} {
		require.Equal(t, want,
			p.FewestSeats(types.Cohort{Kind: types.COHORT_KIND_REVIEW, Wanted: wanted, Pledge: math.ZeroInt()}),
			"%d wanted", wanted)
	}
	require.EqualValues(t, 7,
		p.FewestSeats(types.Cohort{Kind: types.COHORT_KIND_REVIEW, Wanted: 5, Pledge: math.OneInt()}),
		"the pool pays by full panels")
	require.EqualValues(t, 9, p.FewestSeats(types.Cohort{Kind: types.COHORT_KIND_APPEAL, Wanted: 15, Needed: 9}))
}
