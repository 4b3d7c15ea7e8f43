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

// Mark lets a planter open a contribution as gold. The contribution carries the hash of the mark. The salt of the mark
// seals and opens the gold.
type Mark struct {
	Planter string    `json:"planter"`
	Salt    []byte    `json:"salt"`
	At      time.Time `json:"at"`
}

// NewMark returns a mark with a new salt.
func NewMark(planter string, now time.Time) (Mark, error) {
	salt, err := newSalt()
	return Mark{Planter: planter, Salt: salt, At: now.UTC()}, err
}

// Hash returns the hash that the contribution carries.
func (m Mark) Hash() ([]byte, error) {
	planter, err := sdk.AccAddressFromBech32(m.Planter)
	if err != nil {
		return nil, err
	}
	return datanettypes.GoldMark(planter, m.Salt), nil
}

// Marks keeps the marks of contributions on one chain, in a file each. They are not kept by account, because gold is
// contributed by one account and sealed by another.
type Marks struct{ Dir string }

// NewMarks returns the marks of a chain below a home directory.
func NewMarks(home, chainID string) Marks {
	return Marks{Dir: filepath.Join(home, "review", chainID, marksFolder)}
}

// Path returns the path of the file of a mark.
func (m Marks) Path(hash []byte) string {
	return filepath.Join(m.Dir, fmt.Sprintf("%x%s", hash, suffix))
}

// Save writes a mark so that it survives a crash. It must be called before a contribution with the mark is sent.
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

// Remove removes the mark of gold that can no longer be opened. It is no error if there is none.
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
