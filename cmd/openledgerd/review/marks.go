package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const marksFolder = "marks"

// Mark lets a planter open a contribution as gold: the contribution carries its
// hash, and the salt seals and opens the gold.
type Mark struct {
	Planter string    `json:"planter"`
	Salt    []byte    `json:"salt"`
	At      time.Time `json:"at"`
}

// NewMark makes a mark with a salt of its own.
func NewMark(planter string, now time.Time) (Mark, error) {
	salt, err := newSalt()
	return Mark{Planter: planter, Salt: salt, At: now.UTC()}, err
}

// Hash is what the contribution carries.
func (m Mark) Hash() ([]byte, error) {
	planter, err := sdk.AccAddressFromBech32(m.Planter)
	if err != nil {
		return nil, err
	}
	return datanettypes.GoldMark(planter, m.Salt), nil
}

// Marks keeps marks of contributions on one chain, a file for each. They are
// not kept by account: who contributes gold is not who seals it.
type Marks struct{ Dir string }

// NewMarks returns the marks of a chain below a home directory.
func NewMarks(home, chainID string) Marks {
	return Marks{Dir: filepath.Join(home, "review", chainID, marksFolder)}
}

// Path of the file of a mark.
func (m Marks) Path(hash []byte) string {
	return filepath.Join(m.Dir, fmt.Sprintf("%x%s", hash, suffix))
}

// Save writes a mark as ballots are written: before anything is sent that carries it.
func (m Marks) Save(mark Mark) error {
	hash, err := mark.Hash()
	if err != nil {
		return err
	}
	return write(m.Dir, filepath.Base(m.Path(hash)), mark)
}

// Load returns the mark with a hash, and false if there is none.
func (m Marks) Load(hash []byte) (Mark, bool, error) {
	content, err := os.ReadFile(m.Path(hash))
	if errors.Is(err, os.ErrNotExist) {
		return Mark{}, false, nil
	}
	if err != nil {
		return Mark{}, false, err
	}
	var mark Mark
	if err := json.Unmarshal(content, &mark); err != nil {
		return Mark{}, false, fmt.Errorf("%s: %w: %w", m.Path(hash), errDamaged, err)
	}
	if own, err := mark.Hash(); err != nil || !bytes.Equal(own, hash) {
		return Mark{}, false, fmt.Errorf("%s: %w", m.Path(hash), errDamaged)
	}
	return mark, true, nil
}

// Remove forgets the mark of gold that cannot be opened any more; none is no error.
func (m Marks) Remove(gold Gold) error {
	hash, err := Mark{Planter: gold.Planter, Salt: gold.Salt}.Hash()
	if err != nil {
		return err
	}
	if err := os.Remove(m.Path(hash)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
