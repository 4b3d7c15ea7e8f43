package app_test

import (
	"encoding/binary"
	"testing"
	"time"

	"cosmossdk.io/collections"
	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/testutil/chain"
	"github.com/openledger/openledger/testutil/volume"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// BenchmarkEndBlock makes blocks in which one step of an end-blocker has as much to do as its cap lets it, with the
// default parameters, and reports the processor time of such a block above an empty one:
//
//	go test ./app -run '^$' -bench EndBlock -benchtime 5x
//
// The tables of worst cases in the modules' README come from it. What waits is written into the state as messages would
// have left it, of as many accounts as there are entries.
func BenchmarkEndBlock(b *testing.B) {
	for _, step := range []struct {
		name string
		cap  int // entries of a block, to see that it was reached
		fill func(*atCap, int)
		left func(*atCap) int
	}{
		{"attribution/sessions", 199, (*atCap).sessions, (*atCap).sessionsLeft},
		{"attribution/disputes", 100, (*atCap).disputes, (*atCap).disputesLeft},
		{"attribution/slashes", 2, (*atCap).convictions, (*atCap).convictionsLeft},
		{"attribution/pages", 1_000, (*atCap).pages, (*atCap).pagesLeft},
		{"attribution/headers", 10, (*atCap).headers, (*atCap).headersLeft},
		{"attribution/attestors", attributiontypes.MaxPaidAttestors, (*atCap).attestors, (*atCap).attestorsLeft},
		{"models/unbondings", 100, (*atCap).unbondings, (*atCap).unbondingsLeft},
		{"datanet/commits", 200, (*atCap).commits, (*atCap).commitsLeft},
		{"datanet/held", 10, (*atCap).held, (*atCap).heldLeft},
		{"datanet/decays", 500, (*atCap).decays, (*atCap).decaysLeft},
		{"rewards/payouts", 8, (*atCap).payouts, (*atCap).payoutsLeft},
	} {
		b.Run(step.name, func(b *testing.B) {
			s := &atCap{
				T: b, Scenario: chain.NewScenario(func(accounts []chain.Account) *chain.Chain { return chain.New(b, accounts) })}
			s.SkipInvariants = true
			step.fill(s, step.cap*(b.N+1))
			s.Clock = volume.CPU
			s.Blocks(1) // writes what was filled in, and does the first of it
			before := step.left(s)
			s.Executed = 0
			s.Blocks(b.N)
			full := s.Executed
			require.Equal(b, step.cap*b.N, before-step.left(s), "each block did what its cap lets it")
			s.Blocks(3) // whatever is left
			s.Executed = 0
			s.Blocks(b.N)
			b.ReportMetric(float64((full-s.Executed).Microseconds())/1_000/float64(b.N), "cpu-ms/block")
			b.ReportMetric(float64(step.cap), "entries/block")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// atCap is a chain in whose state more waits than a block may do.
type atCap struct {
	*chain.Scenario
	T testing.TB
}

// somebody is the n-th account that nobody has heard of.
func somebody(n int) sdk.AccAddress {
	address := make([]byte, 20)
	binary.BigEndian.PutUint64(address, uint64(n))
	address[19] = 1
	return address
}

func hashed(n int) []byte {
	out := make([]byte, 32)
	binary.BigEndian.PutUint64(out[8:], uint64(n)*0x9e3779b97f4a7c15) // spread over the tree
	binary.BigEndian.PutUint64(out, uint64(n)*0xc2b2ae3d27d4eb4f)
	return out
}

// give moves what the entries hold into a module's account.
func (s *atCap) give(module string, amount sdkmath.Int) {
	require.NoError(s.T, s.App.BankKeeper.SendCoinsFromAccountToModule(s.Ctx(), s.Payer.Address, module, coins(amount)))
}

func (s *atCap) must(err error) { require.NoError(s.T, err) }

func count[K any, V any](s *atCap, m collections.Map[K, V]) (n int) {
	s.must(m.Walk(s.Ctx(), nil, func(K, V) (bool, error) { n++; return false, nil }))
	return n
}

// sessions whose claim window has ended, and as many whose deadline has moved.
func (s *atCap) sessions(n int) {
	k := s.App.AttributionKeeper
	s.give(attributiontypes.ModuleName, chain.Open(1).MulRaw(int64(n)))
	session := s.Open(chain.Open(1)).Session
	at := s.Time().UTC()
	for i := range n {
		session.Id, session.Payer = binary.BigEndian.AppendUint64(make([]byte, 0, 32), uint64(i)), somebody(i).String()
		session.Id = append(session.Id, make([]byte, 24)...) // in the order of the queue
		session.Status, session.Queued, session.Deadline = attributiontypes.SESSION_STATUS_CLOSING, at, at
		if i%2 == 1 {
			session.Status, session.Deadline = attributiontypes.SESSION_STATUS_OPEN, at.Add(365*24*time.Hour)
		}
		s.must(k.Sessions.Set(s.Ctx(), session.Id, session))
		s.must(k.SessionsByPayer.Set(s.Ctx(), collections.Join(somebody(i), session.Id)))
		s.must(k.Deadlines.Set(s.Ctx(), collections.Join(session.Queued, session.Id)))
	}
}

func (s *atCap) sessionsLeft() (n int) {
	until := new(collections.Range[collections.Pair[time.Time, []byte]]).EndExclusive(
		collections.Join(s.Time().Add(time.Hour), []byte{}))
	s.must(s.App.AttributionKeeper.Deadlines.Walk(s.Ctx(), until,
		func(collections.Pair[time.Time, []byte]) (bool, error) { n++; return false, nil }))
	return n
}

// disputes that nobody has revealed.
func (s *atCap) disputes(n int) {
	k := s.App.AttributionKeeper
	s.give(attributiontypes.ModuleName, chain.Open(10).MulRaw(int64(n)))
	for i := range n {
		dispute := attributiontypes.Dispute{Commitment: hashed(i), Challenger: somebody(i).String(), Bond: chain.Open(10),
			Height: 1, RevealUntil: 2, Number: uint64(i)}
		s.must(k.Disputes.Set(s.Ctx(), dispute.Commitment, dispute))
		s.must(k.DisputeDeadlines.Set(s.Ctx(), collections.Join(dispute.RevealUntil, dispute.Commitment)))
		s.must(k.DisputeOrder.Set(s.Ctx(), dispute.Number, dispute.Commitment))
	}
}

func (s *atCap) disputesLeft() int { return count(s, s.App.AttributionKeeper.Disputes) }

// convictions of as many losses as are kept, each of another contributor.
func (s *atCap) convictions(n int) {
	k := s.App.AttributionKeeper
	s.give(attributiontypes.ModuleName, chain.Open(1_000).MulRaw(int64(n)))
	for i := range n {
		conviction := attributiontypes.Conviction{
			BatchId: uint64(1_000 + i), Provider: s.Provider.String(), Number: uint64(i), Challenger: somebody(i).String(),
			Slashed: chain.Open(1_000),
		}
		for j := range 64 {
			conviction.Losses = append(conviction.Losses, attributiontypes.ProvenLoss{
				Index: uint32(j), Rank: uint64(j + 1), Contributor: somebody(1_000_000 + 64*i + j).String(), Amount: chain.Open(1),
			})
		}
		s.must(k.Convictions.Set(s.Ctx(), conviction.BatchId, conviction))
		s.must(k.ConvictionOrder.Set(s.Ctx(), collections.Join(conviction.Number, conviction.BatchId)))
	}
}

func (s *atCap) convictionsLeft() int { return count(s, s.App.AttributionKeeper.Convictions) }

// batch is one whose dispute window has ended, and which holds nothing.
func (s *atCap) batch(id int) attributiontypes.Batch {
	return attributiontypes.Batch{
		Id: uint64(id), Provider: s.Provider.String(), ProviderSeq: uint64(id), Status: attributiontypes.BATCH_STATUS_FINAL,
		Deadline: s.Time().UTC(),
		Fees:     zero, Liability: zero, AttestShare: zero,
	}
}

func (s *atCap) add(batch attributiontypes.Batch) {
	s.must(s.App.AttributionKeeper.Batches.Set(s.Ctx(), batch.Id, batch))
	s.must(s.App.AttributionKeeper.BatchDeadlines.Set(s.Ctx(), collections.Join(batch.Deadline, batch.Id)))
}

// pages of 4 KiB, of one batch.
func (s *atCap) pages(n int) {
	batch := s.batch(1_000)
	batch.Pages = uint32(n) + 1
	s.add(batch)
	for page := range batch.Pages {
		value := make([]byte, attributiontypes.PageBytes)
		copy(value, hashed(int(page)))
		s.must(s.App.AttributionKeeper.Pages.Set(s.Ctx(), collections.Join(batch.Id, page), value))
	}
}

func (s *atCap) pagesLeft() int { return count(s, s.App.AttributionKeeper.Pages) }

// headers of batches whose pages are gone, each of 99 sessions, which count as much as it does.
func (s *atCap) headers(n int) {
	session := s.Open(chain.Open(1)).Session
	for i := range n {
		batch := s.batch(1_000 + i)
		for j := range 99 {
			session.Id = hashed(100*i + j)
			session.Batches, session.LastBatch = 1, batch.Id
			s.must(s.App.AttributionKeeper.Sessions.Set(s.Ctx(), session.Id, session))
			batch.Sessions = append(batch.Sessions, attributiontypes.SessionRange{SessionId: session.Id, Fees: zero})
		}
		s.add(batch)
	}
}

func (s *atCap) headersLeft() int { return count(s, s.App.AttributionKeeper.Batches) }

// attestors with pay that is due, in every block.
func (s *atCap) attestors(n int) {
	k, ctx := s.App.AttributionKeeper, s.Ctx()
	params, err := k.Params.Get(ctx)
	s.must(err)
	params.AttestPayBlocks = 1
	s.must(k.Params.Set(ctx, params))
	validators, err := s.App.StakingKeeper.GetAllValidators(ctx)
	s.must(err)
	s.give(rewardstypes.ModuleName, chain.Open(1).MulRaw(int64(n)))
	s.must(s.App.RewardsKeeper.AttestEscrow.Set(ctx, chain.Open(1).MulRaw(int64(n))))
	const perPage = 32
	var page attributiontypes.AttestorPage
	for i := range n {
		validator := validators[0]
		validator.OperatorAddress = sdk.ValAddress(somebody(i)).String()
		s.must(s.App.StakingKeeper.SetValidator(ctx, validator))
		page.Attestors = append(page.Attestors, attributiontypes.Attestor{
			Slot: uint32(i), Operator: validator.OperatorAddress, Due: chain.Open(1), Earned: chain.Open(1), Forfeited: zero,
		})
		if len(page.Attestors) == perPage || i == n-1 {
			s.must(k.AttestorPages.Set(ctx, uint32(i/perPage), page))
			page.Attestors = nil
		}
	}
}

func (s *atCap) attestorsLeft() (n int) {
	s.must(s.App.AttributionKeeper.AttestorPages.Walk(s.Ctx(), nil,
		func(_ uint32, page attributiontypes.AttestorPage) (bool, error) {
			for _, a := range page.Attestors {
				if a.Due.IsPositive() {
					n++
				}
			}
			return false, nil
		}))
	return n
}

// unbondings of as many providers.
func (s *atCap) unbondings(n int) {
	k := s.App.ModelsKeeper
	s.give(modelstypes.ModuleName, chain.Open(1).MulRaw(int64(n)))
	provider, err := k.GetProvider(s.Ctx(), s.Provider.Address)
	s.must(err)
	for i := range n {
		provider.Address, provider.Unbonding = somebody(i).String(), chain.Open(1)
		s.must(k.Providers.Set(s.Ctx(), somebody(i), provider))
		entry := modelstypes.UnbondingEntry{Id: uint64(i), Provider: provider.Address, Amount: chain.Coin(chain.Open(1)),
			CompletionTime: s.Time().UTC()}
		s.must(k.Unbondings.Set(s.Ctx(), collections.Join(entry.CompletionTime, entry.Id), entry))
		s.must(k.UnbondingsBy.Set(s.Ctx(), collections.Join(somebody(i), entry.Id), entry.CompletionTime))
	}
}

func (s *atCap) unbondingsLeft() int { return count(s, s.App.ModelsKeeper.Unbondings) }

// commits that nobody has revealed.
func (s *atCap) commits(n int) {
	k := s.App.DatanetKeeper
	s.give(datanettypes.ModuleName, chain.Open(1).MulRaw(int64(n)))
	for i := range n {
		commit := datanettypes.Commit{
			Rank: uint64(1_000 + i), Contributor: somebody(i).String(), Hash: hashed(i), Deposit: chain.Coin(chain.Open(1)),
			Height: 1, RevealFrom: 2, RevealUntil: 3,
		}
		s.must(k.Commits.Set(s.Ctx(), commit.Rank, commit))
		s.must(k.CommitsBy.Set(s.Ctx(), collections.Join(somebody(i), commit.Rank)))
		s.must(k.Expiries.Set(s.Ctx(), collections.Join(commit.RevealUntil, commit.Rank)))
	}
}

func (s *atCap) commitsLeft() int { return count(s, s.App.DatanetKeeper.Commits) }

// held are DataNets of which as many contributions wait as are asked about at once, with as many derivations as these
// may have.
func (s *atCap) held(n int) {
	k := s.App.DatanetKeeper
	datanet, err := k.GetDataNet(s.Ctx(), s.DatanetID)
	s.must(err)
	contribution, err := k.GetContribution(s.Ctx(), s.Contributions[0].Rank)
	s.must(err)
	ranges, err := k.ContributionsRange.Get(s.Ctx(), s.DatanetID)
	s.must(err)
	statistics, err := k.StatisticsRange.Get(s.Ctx(), s.DatanetID)
	s.must(err)
	for i := range n {
		datanet.Id, datanet.Version, datanet.HeldVersion, datanet.AskHeight = uint64(1_000+i), 1, 0, 1
		s.must(k.DataNets.Set(s.Ctx(), datanet.Id, datanet))
		s.must(k.Versions.Set(s.Ctx(), collections.Join(datanet.Id, uint64(1)),
			datanettypes.Version{DatanetId: datanet.Id, Version: 1}))
		ranges.Count, ranges.Peaks, statistics.Count, statistics.Peaks = 0, nil, 0, nil
		s.must(k.ContributionsRange.Set(s.Ctx(), datanet.Id, ranges))
		s.must(k.StatisticsRange.Set(s.Ctx(), datanet.Id, statistics))
		for j := range datanettypes.MaxAsked {
			c := contribution
			c.Rank, c.DatanetId, c.AcceptedVersion, c.HeldHeight = uint64(1_000+datanettypes.MaxAsked*i+j), datanet.Id, 1, 0
			for d := range min(8, j) {
				c.Derivations = append(
					c.Derivations, datanettypes.Derivation{Segment: 0, Rank: c.Rank - uint64(min(8, j)-d), Ppm: 1})
			}
			c.Contributor = somebody(int(c.Rank)).String()
			s.must(k.Contributions.Set(s.Ctx(), c.Rank, c))
			s.must(k.Waiting.Set(s.Ctx(), collections.Join3(datanet.Id, c.AcceptedVersion, c.Rank)))
		}
		s.must(k.CustodyDue.Set(s.Ctx(), collections.Join(datanet.AskHeight, datanet.Id)))
	}
}

func (s *atCap) heldLeft() (n int) {
	s.must(s.App.DatanetKeeper.CustodyDue.Walk(s.Ctx(), nil,
		func(collections.Pair[int64, uint64]) (bool, error) { n++; return false, nil }))
	return n
}

// decayTimer is the kind of timer by which deposits decay.
const decayTimer = 6

// decays of the deposits of as many accepted contributions.
func (s *atCap) decays(n int) {
	k := s.App.DatanetKeeper
	s.give(datanettypes.ModuleName, chain.Open(1).MulRaw(int64(n)))
	contribution, err := k.GetContribution(s.Ctx(), s.Contributions[0].Rank)
	s.must(err)
	at := s.Time().UTC()
	for i := range n {
		contribution.Rank, contribution.Contributor, contribution.DecayAt, contribution.Deposit = uint64(1_000+i),
			somebody(i).String(), at, chain.Coin(chain.Open(1))
		s.must(k.Contributions.Set(s.Ctx(), contribution.Rank, contribution))
		s.must(k.Timers.Set(s.Ctx(), decayTimer, contribution.Rank, at))
	}
}

func (s *atCap) decaysLeft() (n int) {
	now := s.Time().Add(time.Hour).UnixNano()
	s.must(s.App.DatanetKeeper.Timers.Pending.Walk(s.Ctx(), nil,
		func(key collections.Triple[int64, uint64, uint64]) (bool, error) {
			if key.K1() < now && key.K2() == decayTimer {
				n++
			}
			return false, nil
		}))
	return n
}

// payouts of accounts that lie as far apart as the ledger lets them: each is the only one of its page that is due.
func (s *atCap) payouts(n int) {
	const perPage = 64
	for i := range n * perPage {
		amount := sdkmath.OneInt()
		if i%perPage == 0 {
			amount = chain.Open(1)
		}
		s.give(attributiontypes.ModuleName, amount)
		s.must(s.App.RewardsKeeper.Credit(s.Ctx(), attributiontypes.ModuleName, somebody(i), amount))
	}
}

func (s *atCap) payoutsLeft() (n int) {
	s.must(s.App.RewardsKeeper.DuePages.Walk(s.Ctx(), nil, func(uint64) (bool, error) { n++; return false, nil }))
	return n
}
