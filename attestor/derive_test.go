package attestor_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// prose returns random text that keeps the rules of segments.
func prose(rng *rand.Rand) string {
	common := strings.Fields("the of and to in is that for it with as on be by this")
	words := make([]string, 120)
	for i := range words {
		if words[i] = fmt.Sprintf("w%d", rng.Intn(20_000)); rng.Intn(5) < 2 {
			words[i] = common[rng.Intn(len(common))]
		}
	}
	return strings.Join(words, " ")
}

// rewritten turns round every four words: no passage is copied, and the sense stands where it stood.
func rewritten(text string) string {
	words := strings.Fields(text)
	for four := range slices.Chunk(words, 4) {
		slices.Reverse(four)
	}
	return strings.Join(words, " ")
}

// contribution of the chain.
func contribution(t *testing.T, s *chain.Scenario, rank uint64) datanettypes.Contribution {
	t.Helper()
	found, err := s.App.DatanetKeeper.GetContribution(s.Ctx(), rank)
	require.NoError(t, err)
	return found
}

// TestAThiefDoesNotDeclareForHimself: who rewrites the text of others and declares nothing, or somebody else, is in no
// version until somebody has sent the derivations that the text gives. Later contributions enter meanwhile.
func TestAThiefDoesNotDeclareForHimself(t *testing.T) {
	for name, declared := range map[string]func(victim, other uint64) []datanettypes.Derivation{
		"nothing": func(_, _ uint64) []datanettypes.Derivation { return nil },
		"another": func(_, other uint64) []datanettypes.Derivation {
			return []datanettypes.Derivation{{Rank: other, Ppm: 900_000}}
		},
		"too little": func(victim, _ uint64) []datanettypes.Derivation {
			return []datanettypes.Derivation{{Rank: victim, Ppm: 300_000}}
		},
		"nobody there": func(_, _ uint64) []datanettypes.Derivation {
			return []datanettypes.Derivation{{Rank: 3, Ppm: 900_000}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := scenario(t)
			a := start(t, s, t.TempDir(), nil)
			s.Voter = func(_ int, base, next uint64) ([]attributiontypes.Verdict, bool) { return a.Verdicts(base, next) }
			rng := rand.New(rand.NewSource(1))
			if name == "nobody there" { // rank 3 is sealed and never opened
				s.Send(s.Bob, &datanettypes.MsgCommitContributions{Contributor: s.Bob.String(),
					Items: []datanettypes.CommitItem{{Hash: make([]byte, 32), Deposit: chain.Coin(chain.Open(1))}}})
			}
			victim := s.Contribute(s.Alice, prose(rng))
			a.holdTexts(t, s)
			s.Accept()
			a.settle(t, s)

			thief := s.ContributeDerived(s.Stranger, declared(victim.Rank, s.Contributions[0].Rank),
				rewritten(string(victim.File.Segments[0])))
			behind := s.Contribute(s.Bob, prose(rng))
			a.holdTexts(t, s)
			s.Accept()
			a.settle(t, s)
			stolen := contribution(t, s, thief.Rank)
			require.NotNil(t, stolen.Hold, "%+v", a.Status())
			require.Equal(t, datanettypes.HOLD_VERDICT_DERIVATIONS, stolen.Hold.Reason)
			require.Zero(t, stolen.Version())
			require.Equal(t, s.Version, contribution(t, s, behind.Rank).Version())

			// A stranger's wrong table is no better, and costs its deposit; the right one enters and costs nothing.
			propose := func(table []datanettypes.Derivation) {
				s.Send(s.Alice, &datanettypes.MsgProposeDerivations{
					Proposer: s.Alice.String(), Rank: thief.Rank, Sources: stolen.Hold.Sources, Derivations: table,
				})
				a.settle(t, s)
			}
			before := s.Balance(s.Alice.Address)
			propose([]datanettypes.Derivation{{Rank: victim.Rank, Ppm: 123_456}})
			c := contribution(t, s, thief.Rank)
			require.Zero(t, c.HeldHeight)
			require.EqualValues(t, 1, c.Hold.Wrong)
			burned := before.Sub(s.Balance(s.Alice.Address))
			params, err := s.App.DatanetKeeper.Params.Get(s.Ctx())
			require.NoError(t, err)
			p := poa.NewProvenance()
			for _, earlier := range s.Contributions[:len(s.Contributions)-2] {
				require.NoError(t, p.AddFile(earlier.Rank, earlier.File, nil))
			}
			table, err := manifest.Derivations(p, thief.Rank, thief.File, p.Len(), t.Context().Err)
			require.NoError(t, err)
			require.Len(t, table, 1)
			require.Equal(t, victim.Rank, table[0].Rank)
			require.Greater(t, table[0].Ppm, uint32(800_000))
			before = s.Balance(s.Alice.Address)
			propose(table)
			fee := before.Sub(s.Balance(s.Alice.Address))
			require.Equal(t, params.DerivationDeposit, burned.Sub(fee),
				"the deposit of the wrong table is burned, that of the right one is back")
			entered := contribution(t, s, thief.Rank)
			require.NotZero(t, entered.HeldHeight, "%+v", a.Status())
			require.Equal(t, table, entered.Derivations)
			require.Greater(t, entered.Version(), contribution(t, s, behind.Rank).Version())
		})
	}
}

// TestDerivationsInOneQuestion: contributions that are accepted together are computed from each other in the order of
// entering, by a lower rank only, and the same after a restart.
func TestDerivationsInOneQuestion(t *testing.T) {
	s := scenario(t)
	home := t.TempDir()
	a := start(t, s, home, nil)
	s.Voter = func(_ int, base, next uint64) ([]attributiontypes.Verdict, bool) { return a.Verdicts(base, next) }
	rng := rand.New(rand.NewSource(2))
	original := prose(rng)
	first := s.Contribute(s.Alice, original)
	p := poa.NewProvenance()
	for _, c := range s.Contributions {
		require.NoError(t, p.AddFile(c.Rank, c.File, nil))
	}
	text := rewritten(original)
	table, err := manifest.Derivations(p, first.Rank+1, poa.SegmentFile{Segments: [][]byte{[]byte(text)}}, p.Len(),
		t.Context().Err)
	require.NoError(t, err)
	require.NotEmpty(t, table)
	second := s.ContributeDerived(s.Bob, table, text)
	a.holdTexts(t, s)
	s.Accept()
	a.settle(t, s)
	require.NotZero(t, contribution(t, s, first.Rank).Version())
	require.Equal(t, contribution(t, s, first.Rank).Version(), contribution(t, s, second.Rank).Version())

	a.stop()
	a = start(t, s, home, nil)
	third := s.ContributeDerived(s.Stranger, nil, rewritten(text[:len(text)/2])+" "+prose(rng)[:200])
	a.holdTexts(t, s)
	s.Accept()
	a.settle(t, s)
	require.Equal(t, datanettypes.HOLD_VERDICT_DERIVATIONS, contribution(t, s, third.Rank).Hold.Reason,
		"what entered before the restart is known")
}
