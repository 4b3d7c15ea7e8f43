// Package review keeps on disk what a reviewer must not lose between sealing a ballot or gold and opening it. It also
// says what is due.
package review

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/internal/file"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	saltSize = 32

	cohortPrefix   = "cohort-"
	decisionPrefix = "decision-"
	ballotPrefix   = "ballot-"
	goldPrefix     = "gold-"
	suffix         = ".json"
)

// Decision is the vote of a reviewer on an item. It may change until ballots are opened.
type Decision struct {
	Cohort uint64            `json:"cohort"`
	Rank   uint64            `json:"rank"`
	Vote   datanettypes.Vote `json:"vote"`
	At     time.Time         `json:"at"`
}

// Ballot is a ballot with the salt that opens it. It is written before it is sealed on chain, and never changed.
type Ballot struct {
	Cohort  uint64              `json:"cohort"`
	Round   uint32              `json:"round"`
	Address string              `json:"address"`
	Items   []uint64            `json:"items"`
	Votes   []datanettypes.Vote `json:"votes"`
	Salt    []byte              `json:"salt"`
	At      time.Time           `json:"at"`
}

// NewBallot returns a ballot with a new salt.
func NewBallot(cohort datanettypes.Cohort, address string, votes []datanettypes.Vote, now time.Time) (Ballot, error) {
	salt, err := newSalt()
	return Ballot{
		Cohort: cohort.Id, Round: cohort.Round, Address: address, Items: cohort.Items, Votes: votes, Salt: salt,
		At: now.UTC(),
	}, err
}

// Hash returns the hash that seals the ballot. It is computed from the content, not read from the file, so that a
// damaged file is not taken for the ballot that was sealed.
func (b Ballot) Hash() ([]byte, error) {
	address, err := sdk.AccAddressFromBech32(b.Address)
	if err != nil {
		return nil, err
	}
	return datanettypes.BallotHash(b.Cohort, b.Round, address, b.Votes, b.Salt), nil
}

// Gold is gold with the salt that opens it. It is written before it is sealed on chain. A duplicate has its proof, so
// that no text is needed to open it.
type Gold struct {
	Cohort          uint64                     `json:"cohort"`
	Rank            uint64                     `json:"rank"`
	Kind            datanettypes.GoldKind      `json:"kind"`
	Planter         string                     `json:"planter"`
	Salt            []byte                     `json:"salt"`
	Segment         *datanettypes.SegmentProof `json:"segment,omitempty"`
	Original        uint64                     `json:"original,omitempty"`
	OriginalSegment *datanettypes.SegmentProof `json:"original_segment,omitempty"`
	At              time.Time                  `json:"at"`
}

// NewGold returns gold with a new salt, which duplicates keep. Altered and sound gold must get the salt of the mark
// that its contribution carries.
func NewGold(cohort, rank uint64, kind datanettypes.GoldKind, planter string, now time.Time) (Gold, error) {
	salt, err := newSalt()
	return Gold{Cohort: cohort, Rank: rank, Kind: kind, Planter: planter, Salt: salt, At: now.UTC()}, err
}

// Hash returns the hash that seals the gold.
func (g Gold) Hash() ([]byte, error) {
	planter, err := sdk.AccAddressFromBech32(g.Planter)
	if err != nil {
		return nil, err
	}
	return datanettypes.GoldHash(g.Cohort, g.Rank, g.Kind, planter, g.Salt), nil
}

// Open returns the message that opens the gold.
func (g Gold) Open() *datanettypes.MsgOpenGold {
	return &datanettypes.MsgOpenGold{
		Planter: g.Planter, Cohort: g.Cohort, Rank: g.Rank, Salt: g.Salt,
		Segment: g.Segment, Original: g.Original, OriginalSegment: g.OriginalSegment,
	}
}

func newSalt() ([]byte, error) {
	salt := make([]byte, saltSize)
	_, err := rand.Read(salt)
	return salt, err
}

// State is what is kept about a cohort.
type State struct {
	Decisions map[uint64]datanettypes.Vote // by rank
	Ballots   []Ballot                     // oldest first
	Gold      []Gold
	// Damaged files, which are left alone.
	Damaged []error
}

// Store keeps the reviews of one account on one chain. Each cohort has a folder, with a file for each decision, ballot
// and gold item. A ballot never replaces another one, because only a block tells which of them the chain holds. So two
// commands that run at the same time do not lose each other's ballots.
type Store struct{ Dir string }

// NewStore returns the store of an account on a chain below a home directory.
func NewStore(home, chainID, address string) Store {
	return Store{Dir: filepath.Join(home, "review", chainID, address)}
}

func (s Store) folder(cohort uint64) string {
	return filepath.Join(s.Dir, cohortPrefix+strconv.FormatUint(cohort, 10))
}

// Decide writes a decision, which replaces an earlier one.
func (s Store) Decide(d Decision) error {
	return write(s.folder(d.Cohort), decisionPrefix+strconv.FormatUint(d.Rank, 10)+suffix, d)
}

// SaveBallot writes a ballot. It keeps the other ballots of the cohort.
func (s Store) SaveBallot(b Ballot) error {
	hash, err := b.Hash()
	if err != nil {
		return err
	}
	return write(s.folder(b.Cohort), fmt.Sprintf("%s%d-%x%s", ballotPrefix, b.Round, hash, suffix), b)
}

// SaveGold writes gold. An item has one.
func (s Store) SaveGold(g Gold) error {
	return write(s.folder(g.Cohort), goldPrefix+strconv.FormatUint(g.Rank, 10)+suffix, g)
}

// write writes a file so that it survives a crash.
func write(folder, name string, value any) error {
	if err := file.MakeFolder(folder, 0o700); err != nil {
		return err
	}
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return file.Write(filepath.Join(folder, name), append(content, '\n'), 0o600)
}

// Load returns what is kept about a cohort. It is no error if nothing is.
func (s Store) Load(cohort uint64) (State, error) {
	state := State{Decisions: make(map[uint64]datanettypes.Vote)}
	folder := s.folder(cohort)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return state, err
	}
	for _, entry := range entries {
		name := filepath.Join(folder, entry.Name())
		if !strings.HasSuffix(name, suffix) {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return state, err
		}
		if err := state.add(cohort, entry.Name(), content); err != nil {
			state.Damaged = append(state.Damaged, fmt.Errorf("%s: %w", name, err))
		}
	}
	slices.SortStableFunc(state.Ballots, func(a, b Ballot) int { return a.At.Compare(b.At) })
	slices.SortFunc(state.Gold, func(a, b Gold) int { return cmp.Compare(a.Rank, b.Rank) })
	return state, nil
}

var errDamaged = errors.New("the file is damaged: restore it from a copy, or remove it if you have none")

// add adds the content of a file, whose name must match it.
func (s *State) add(cohort uint64, name string, content []byte) error {
	switch {
	case strings.HasPrefix(name, decisionPrefix):
		var d Decision
		if err := json.Unmarshal(content, &d); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		if d.Cohort != cohort || name != decisionPrefix+strconv.FormatUint(d.Rank, 10)+suffix ||
			datanettypes.ValidateVotes([]datanettypes.Vote{d.Vote}) != nil {
			return errDamaged
		}
		s.Decisions[d.Rank] = d.Vote
	case strings.HasPrefix(name, ballotPrefix):
		var b Ballot
		if err := json.Unmarshal(content, &b); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		hash, err := b.Hash()
		if err != nil || b.Cohort != cohort || name != fmt.Sprintf("%s%d-%x%s", ballotPrefix, b.Round, hash, suffix) {
			return errDamaged
		}
		s.Ballots = append(s.Ballots, b)
	case strings.HasPrefix(name, goldPrefix):
		var g Gold
		if err := json.Unmarshal(content, &g); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		if g.Cohort != cohort || name != goldPrefix+strconv.FormatUint(g.Rank, 10)+suffix {
			return errDamaged
		}
		s.Gold = append(s.Gold, g)
	}
	return nil
}

// Cohorts returns the cohorts about which something is kept, in ascending order.
func (s Store) Cohorts() ([]uint64, error) {
	entries, err := os.ReadDir(s.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var cohorts []uint64
	for _, entry := range entries {
		number, found := strings.CutPrefix(entry.Name(), cohortPrefix)
		if id, err := strconv.ParseUint(number, 10, 64); found && err == nil {
			cohorts = append(cohorts, id)
		}
	}
	slices.Sort(cohorts)
	return cohorts, nil
}

// Remove removes a cohort that is decided: nothing of it can be opened any more.
func (s Store) Remove(cohort uint64) error { return os.RemoveAll(s.folder(cohort)) }

// Sealed returns the ballot with a hash.
func (s State) Sealed(hash []byte) (Ballot, bool) {
	for _, b := range s.Ballots {
		if own, err := b.Hash(); err == nil && bytes.Equal(own, hash) {
			return b, true
		}
	}
	return Ballot{}, false
}
