package review

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

var (
	address = sdk.AccAddress("reviewer____________").String()
	other   = sdk.AccAddress("other_______________").String()
	now     = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

func accept(score uint32) datanettypes.Vote { return datanettypes.Vote{Accept: true, Score: score} }

func reject(reason datanettypes.RejectReason) datanettypes.Vote {
	return datanettypes.Vote{Reason: reason}
}

func cohort(phase datanettypes.CohortPhase) datanettypes.Cohort {
	return datanettypes.Cohort{Id: 3, Round: 1, Phase: phase, Items: []uint64{17, 18}}
}

func ballot(t *testing.T, round uint32, after time.Duration, votes ...datanettypes.Vote) Ballot {
	t.Helper()
	c := cohort(datanettypes.COHORT_PHASE_COMMIT)
	c.Round = round
	b, err := NewBallot(c, address, votes, now.Add(after))
	require.NoError(t, err)
	return b
}

func hash(t *testing.T, b Ballot) []byte {
	t.Helper()
	sum, err := b.Hash()
	require.NoError(t, err)
	return sum
}

// TestStoreKeepsEveryBallot: which of them the chain holds is not known here.
func TestStoreKeepsEveryBallot(t *testing.T) {
	s := NewStore(t.TempDir(), "chain-1", address)
	first := ballot(t, 1, 0, accept(800), accept(700))
	second := ballot(t, 1, time.Minute, accept(800), reject(datanettypes.REJECT_REASON_SPAM))
	require.NoError(t, s.SaveBallot(first))
	require.NoError(t, s.SaveBallot(second))
	require.NoError(t, s.SaveBallot(first), "twice is once")
	state, err := s.Load(3)
	require.NoError(t, err)
	require.Equal(t, []Ballot{first, second}, state.Ballots)
	require.NotEqual(t, first.Salt, second.Salt)
	require.Len(t, first.Salt, saltSize)
	found, ok := state.Sealed(hash(t, second))
	require.True(t, ok)
	require.Equal(t, second, found)
	_, ok = state.Sealed(hash(t, ballot(t, 1, 0, accept(1), accept(1))))
	require.False(t, ok)
}

func TestStoreKeepsTheLastDecision(t *testing.T) {
	s := NewStore(t.TempDir(), "chain-1", address)
	require.NoError(t, s.Decide(Decision{Cohort: 3, Rank: 17, Vote: accept(800), At: now}))
	require.NoError(t, s.Decide(Decision{Cohort: 3, Rank: 17, Vote: reject(datanettypes.REJECT_REASON_RIGHTS), At: now}))
	require.NoError(t, s.Decide(Decision{Cohort: 4, Rank: 17, Vote: accept(1), At: now}))
	state, err := s.Load(3)
	require.NoError(t, err)
	require.Equal(t, map[uint64]datanettypes.Vote{17: reject(datanettypes.REJECT_REASON_RIGHTS)}, state.Decisions)
	cohorts, err := s.Cohorts()
	require.NoError(t, err)
	require.Equal(t, []uint64{3, 4}, cohorts)
	require.NoError(t, s.Remove(3))
	cohorts, err = s.Cohorts()
	require.NoError(t, err)
	require.Equal(t, []uint64{4}, cohorts)
}

// TestStoreIsPrivate: who reads a salt reads the sealed ballot, and can copy it.
func TestStoreIsPrivate(t *testing.T) {
	home := t.TempDir()
	s := NewStore(home, "chain-1", address)
	require.NoError(t, s.SaveBallot(ballot(t, 1, 0, accept(800), accept(700))))
	require.NoError(t, s.Decide(Decision{Cohort: 3, Rank: 17, Vote: accept(800), At: now}))
	gold, err := NewGold(3, 17, datanettypes.GOLD_KIND_SOUND, address, now)
	require.NoError(t, err)
	require.NoError(t, s.SaveGold(gold))
	mark, err := NewMark(address, now)
	require.NoError(t, err)
	require.NoError(t, NewMarks(home, "chain-1").Save(mark))
	files := 0
	require.NoError(
		t, filepath.WalkDir(filepath.Join(home, "review"), func(name string, entry fs.DirEntry, err error) error {
			require.NoError(t, err)
			info, err := entry.Info()
			require.NoError(t, err)
			if entry.IsDir() {
				require.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), name)
				return nil
			}
			files++
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), name)
			return nil
		}))
	require.Equal(t, 4, files)
}

// TestStoreAfterCrash: a file that was not finished is not there; a damaged one
// is named and does not hide the others.
func TestStoreAfterCrash(t *testing.T) {
	s := NewStore(t.TempDir(), "chain-1", address)
	good := ballot(t, 1, 0, accept(800), accept(700))
	require.NoError(t, s.SaveBallot(good))
	require.NoError(t, os.WriteFile(filepath.Join(s.folder(3), ".new-123"), []byte(`{"coh`), 0o600))
	state, err := s.Load(3)
	require.NoError(t, err)
	require.Empty(t, state.Damaged)

	bad := ballot(t, 1, time.Minute, accept(1), accept(1))
	require.NoError(t, s.SaveBallot(bad))
	name := filepath.Join(s.folder(3), ballotName(t, bad))
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, content[:len(content)/2], 0o600))
	// A vote changed by hand no longer has the hash it is called by.
	third := ballot(t, 1, time.Hour, accept(2), accept(2))
	third.Votes[0] = accept(3)
	name = filepath.Join(s.folder(3), ballotName(t, third))
	third.Votes[0] = accept(2)
	require.NoError(t, s.SaveBallot(third))
	require.NoError(t, os.Rename(filepath.Join(s.folder(3), ballotName(t, third)), name))

	state, err = s.Load(3)
	require.NoError(t, err)
	require.Equal(t, []Ballot{good}, state.Ballots)
	require.Len(t, state.Damaged, 2)
	require.ErrorContains(t, state.Damaged[0], "damaged")
}

func ballotName(t *testing.T, b Ballot) string {
	t.Helper()
	s := NewStore(t.TempDir(), "x", address)
	require.NoError(t, s.SaveBallot(b))
	entries, err := os.ReadDir(s.folder(b.Cohort))
	require.NoError(t, err)
	return entries[0].Name()
}

// TestStoreSaysWhatCannotBeWritten: nothing may be sent then.
func TestStoreSaysWhatCannotBeWritten(t *testing.T) {
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, "review"), nil, 0o600))
	s := NewStore(home, "chain-1", address)
	require.Error(t, s.SaveBallot(ballot(t, 1, 0, accept(800), accept(700))))
}

// TestMarks: a file that does not hold the mark it is called by opens nothing.
func TestMarks(t *testing.T) {
	m := NewMarks(t.TempDir(), "chain-1")
	mark, err := NewMark(address, now)
	require.NoError(t, err)
	sum, err := mark.Hash()
	require.NoError(t, err)
	_, found, err := m.Load(sum)
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, m.Save(mark))
	loaded, found, err := m.Load(sum)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, mark, loaded)

	other, err := NewMark(other, now)
	require.NoError(t, err)
	otherSum, err := other.Hash()
	require.NoError(t, err)
	require.NotEqual(t, mark.Salt, other.Salt)
	require.NoError(t, os.Rename(m.Path(sum), m.Path(otherSum)))
	_, _, err = m.Load(otherSum)
	require.ErrorContains(t, err, "damaged")
	require.NoError(t, os.WriteFile(m.Path(sum), []byte("{"), 0o600))
	_, _, err = m.Load(sum)
	require.ErrorContains(t, err, "damaged")

	require.NoError(t, m.Remove(Gold{Planter: mark.Planter, Salt: mark.Salt}))
	require.NoFileExists(t, m.Path(sum))
	require.NoError(t, m.Remove(Gold{Planter: mark.Planter, Salt: mark.Salt}), "duplicates have none")
}

func TestNext(t *testing.T) {
	both := map[uint64]datanettypes.Vote{17: accept(800), 18: reject(datanettypes.REJECT_REASON_SPAM)}
	old := ballot(t, 1, 0, accept(800), accept(700))
	current := ballot(t, 1, time.Minute, accept(800), reject(datanettypes.REJECT_REASON_SPAM))
	foreign := ballot(t, 1, 0, accept(800), accept(700))
	sealed := func(b Ballot) *datanettypes.Ballot {
		return &datanettypes.Ballot{Cohort: 3, Address: address, Hash: hash(t, b)}
	}
	opened := func(b Ballot) *datanettypes.Ballot { s := sealed(b); s.Votes = b.Votes; return s }
	const (
		drawing = datanettypes.COHORT_PHASE_DRAWING
		commit  = datanettypes.COHORT_PHASE_COMMIT
		reveal  = datanettypes.COHORT_PHASE_REVEAL
		gold    = datanettypes.COHORT_PHASE_GOLD
	)
	for _, test := range []struct {
		name  string
		phase datanettypes.CohortPhase
		round uint32
		chain *datanettypes.Ballot
		state State
		step  Step
		// ballot that is named, none if nil.
		ballot  *Ballot
		foreign bool
	}{
		{"drawing", drawing, 1, nil, State{Decisions: both}, Wait, nil, false},
		{"nothing decided", commit, 1, nil, State{}, Decide, nil, false},
		{"one decided", commit, 1, nil, State{Decisions: map[uint64]datanettypes.Vote{18: accept(1)}}, Decide, nil, false},
		{"all decided", commit, 1, nil, State{Decisions: both}, Seal, nil, false},
		{"written, not sent", commit, 1, nil, State{Decisions: both, Ballots: []Ballot{current}}, Seal, &current, false},
		{"sent, not recorded", commit, 1, sealed(current), State{Decisions: both, Ballots: []Ballot{current}}, Sealed,
			&current, false},
		{"changed since", commit, 1, sealed(old), State{Decisions: both, Ballots: []Ballot{old}}, Seal, nil, false},
		{"changed, not sent", commit, 1, sealed(old), State{Decisions: both, Ballots: []Ballot{old, current}}, Seal, &current,
			false},
		{"changed and sent", commit, 1, sealed(current), State{Decisions: both, Ballots: []Ballot{old, current}}, Sealed,
			&current, false},
		{"second panel", commit, 2, nil, State{Decisions: both, Ballots: []Ballot{old, current}}, Seal, nil, false},
		{"sealed elsewhere, undecided here", commit, 1, sealed(foreign), State{}, Decide, nil, true},
		{"sealed elsewhere, decided here", commit, 1, sealed(foreign), State{Decisions: both}, Seal, nil, true},
		{"decisions lost", commit, 1, sealed(current), State{Ballots: []Ballot{current}}, Sealed, &current, false},
		{"to open", reveal, 1, sealed(current), State{Decisions: both, Ballots: []Ballot{old, current}}, Reveal, &current,
			false},
		{"the change came too late", reveal, 1, sealed(old), State{Decisions: both, Ballots: []Ballot{old, current}}, Reveal,
			&old, false},
		{"opened, not recorded", reveal, 1, opened(current), State{Decisions: both, Ballots: []Ballot{current}}, Revealed,
			&current, false},
		{"not sealed in time", reveal, 1, nil, State{Decisions: both, Ballots: []Ballot{current}}, Missed, nil, false},
		{"salt lost", reveal, 1, sealed(foreign), State{Decisions: both, Ballots: []Ballot{old, current}}, Lost, nil, true},
		{"gold", gold, 1, opened(current), State{Ballots: []Ballot{current}}, Revealed, &current, false},
		{"gold, not opened", gold, 1, sealed(current), State{Ballots: []Ballot{current}}, Missed, &current, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := cohort(test.phase)
			c.Round = test.round
			plan := Next(datanettypes.Assignment{Cohort: c, Ballot: test.chain, Seats: 1}, address, test.state)
			require.Equal(t, test.step, plan.Step)
			require.Equal(t, test.ballot, plan.Ballot)
			if plan.Step == Seal {
				require.Equal(t, []datanettypes.Vote{both[17], both[18]}, plan.Votes, "in the order of the cohort")
			}
			require.Equal(t, test.foreign, plan.Foreign)
		})
	}
}

// TestNextTakesNoBallotOfAnother account that shares the machine.
func TestNextTakesNoBallotOfAnother(t *testing.T) {
	votes := []datanettypes.Vote{accept(1), accept(2)}
	theirs, err := NewBallot(cohort(datanettypes.COHORT_PHASE_COMMIT), other, votes, now)
	require.NoError(t, err)
	plan := Next(datanettypes.Assignment{Cohort: cohort(datanettypes.COHORT_PHASE_COMMIT)}, address, State{
		Decisions: map[uint64]datanettypes.Vote{17: votes[0], 18: votes[1]}, Ballots: []Ballot{theirs},
	})
	require.Equal(t, Seal, plan.Step)
	require.Nil(t, plan.Ballot)
}

func TestNextGold(t *testing.T) {
	gold, err := NewGold(3, 17, datanettypes.GOLD_KIND_SOUND, address, now)
	require.NoError(t, err)
	sum, err := gold.Hash()
	require.NoError(t, err)
	own := datanettypes.Gold{Planter: address, Kind: gold.Kind, Hash: sum}
	openOwn, openOther := own, datanettypes.Gold{Planter: other, Kind: datanettypes.GOLD_KIND_DUPLICATE, Hash: []byte("x"),
		Rank: 17}
	openOwn.Rank = 17
	for _, test := range []struct {
		phase datanettypes.CohortPhase
		gold  []datanettypes.Gold
		want  GoldStep
	}{
		{datanettypes.COHORT_PHASE_FILLING, nil, GoldUnsealed},
		{datanettypes.COHORT_PHASE_GOLD, []datanettypes.Gold{{Planter: other, Kind: gold.Kind, Hash: sum}}, GoldUnsealed},
		{datanettypes.COHORT_PHASE_FILLING, []datanettypes.Gold{own}, GoldWait},
		{datanettypes.COHORT_PHASE_REVEAL, []datanettypes.Gold{own}, GoldWait},
		{datanettypes.COHORT_PHASE_GOLD, []datanettypes.Gold{own}, GoldOpen},
		{datanettypes.COHORT_PHASE_GOLD, []datanettypes.Gold{openOther, own}, GoldTaken},
		{datanettypes.COHORT_PHASE_GOLD, []datanettypes.Gold{openOwn}, GoldOpened},
		{datanettypes.COHORT_PHASE_DECIDED, []datanettypes.Gold{openOwn}, GoldOpened},
		{datanettypes.COHORT_PHASE_DECIDED, []datanettypes.Gold{own}, GoldOver},
	} {
		c := cohort(test.phase)
		c.Gold = test.gold
		require.Equal(t, test.want, NextGold(c, gold), "%s %v", test.phase, test.gold)
	}
}
