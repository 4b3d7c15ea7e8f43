package outbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/openledger/openledger/internal/follow"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

var fenceKey = []byte("fence") // of the metaBucket

const (
	// sureFor is how long an answer of the chain about the fence is valid. Another holder that signs in the same sessions
	// waits longer before it begins.
	sureFor = time.Second
	// TakeoverWait is how long an outbox waits after its claim has replaced another holder, because that holder may still
	// sign if it has just read that it holds the fence.
	TakeoverWait = 3 * sureFor / 2
)

// ErrFenced says that this outbox may not answer in a session: another memory of the provider's calls may have, or may
// do so.
var ErrFenced = errors.New("this gateway does not answer in the session")

const (
	fenceSize = 32
	// maxHolders is the number of holders that the file remembers. A gateway that starts more often before a claim reaches
	// the chain may have to take another fence.
	maxHolders = 8
	// claimAttempts bounds how often a fence is claimed anew when something else has claimed one in between.
	claimAttempts = 4
)

// fence is what an outbox remembers of its place on chain.
type fence struct {
	ID []byte `json:"id"`
	// Holders that were drawn by this file, the newest last. Which of them reached the chain is not known after a crash.
	Holders [][]byte `json:"holders"`
	// File is what the file looked like when it drew the fence.
	File string `json:"file"`
}

func (f fence) drew(holder []byte) bool {
	for _, drawn := range f.Holders {
		if bytes.Equal(drawn, holder) {
			return true
		}
	}
	return false
}

// FenceNode is what a fence needs of the chain.
type FenceNode interface {
	// Provider reads the provider's record.
	Provider(ctx context.Context) (modelstypes.Provider, error)
	// ClaimFence sends a claim and returns when a block holds it.
	ClaimFence(ctx context.Context, msg *modelstypes.MsgClaimFence) error
}

// Holder is an outbox that holds its provider's fence.
type Holder struct {
	node   FenceNode
	id     []byte
	holder []byte

	heard  atomic.Pointer[time.Time] // when the chain was last asked that named this holder
	asking atomic.Bool               // Renew asks
}

// Claim has the chain name this outbox as the one that answers from now on. With its own fence it goes on in the
// sessions that pin it. It draws another when it is new, or may not be what was last in use: a copy, a file from a
// backup, or one behind what the chain knows.
func (o *Outbox) Claim(ctx context.Context, node FenceNode, log *slog.Logger) (*Holder, error) {
	for range claimAttempts {
		provider, err := node.Provider(ctx)
		if err != nil {
			return nil, err
		}
		kept, err := o.fence()
		if err != nil {
			return nil, err
		}
		holder, err := draw()
		if err != nil {
			return nil, err
		}
		msg := &modelstypes.MsgClaimFence{Provider: provider.Address, Holder: holder}
		reason, err := o.stale(kept, provider)
		if err != nil {
			return nil, err
		}
		if reason == "" {
			kept.Holders = append(kept.Holders, holder)
			kept.Holders = kept.Holders[max(0, len(kept.Holders)-maxHolders):]
			msg.Previous = provider.FenceHolder
		} else {
			kept = fence{Holders: [][]byte{holder}, File: o.identity}
			if kept.ID, err = draw(); err != nil {
				return nil, err
			}
			log.Warn("claiming another fence: sessions that were opened before are not served, their clients have to open "+
				"others", "reason", reason)
		}
		msg.Fence = kept.ID
		// On disk first: after a crash the file knows what it may have claimed.
		if err := o.setFence(kept); err != nil {
			return nil, err
		}
		err = node.ClaimFence(ctx, msg)
		if errors.Is(err, modelstypes.ErrFence) {
			continue // something else has claimed in between
		}
		if err != nil {
			return nil, fmt.Errorf("claim the fence: %w", err)
		}
		if len(provider.FenceHolder) > 0 {
			if err := follow.Sleep(ctx, o.Takeover); err != nil {
				return nil, err
			}
		}
		return &Holder{node: node, id: kept.ID, holder: holder}, nil
	}
	return nil, fmt.Errorf("%w: other gateways of this provider claim its fence at the same time: let one run", ErrFenced)
}

// stale says why the file may not go on with its fence, or nothing.
func (o *Outbox) stale(kept fence, provider modelstypes.Provider) (string, error) {
	last, err := o.lastSeq()
	switch {
	case err != nil:
		return "", err
	case len(kept.ID) == 0:
		return "the outbox is new", nil
	case kept.File != o.identity:
		return "the outbox was copied, restored or moved", nil
	case !bytes.Equal(provider.Fence, kept.ID):
		return "another gateway has claimed the provider's fence since", nil
	case !kept.drew(provider.FenceHolder):
		return "another copy of the outbox was in use since", nil
	case provider.LastSeq > last:
		return fmt.Sprintf("the chain has batch number %d of the provider, the outbox knows numbers up to %d",
			provider.LastSeq, last), nil
	}
	return "", nil
}

// ID names the fence, for sessions that are to be answered here.
func (h *Holder) ID() []byte { return bytes.Clone(h.id) }

// Pins reports whether a session was opened for this outbox.
func (h *Holder) Pins(session attributiontypes.Session) bool { return bytes.Equal(session.Fence, h.id) }

// May returns ErrFenced unless this outbox, and no other memory of the provider's calls, answers in a session.
func (h *Holder) May(ctx context.Context, session attributiontypes.Session) error {
	return h.Ask(ctx)(session)
}

// Ask begins to ask the chain who holds the fence. What it returns waits for that, and says what May says.
func (h *Holder) Ask(ctx context.Context) (may func(attributiontypes.Session) error) {
	read := sync.OnceValues(func() (modelstypes.Provider, error) { return h.read(ctx) })
	go func() { _, _ = read() }()
	return func(session attributiontypes.Session) error {
		if !h.Pins(session) {
			return fmt.Errorf(
				"%w: it was opened for another gateway of this provider, or for one that is gone: close it and open another",
				ErrFenced)
		}
		provider, err := read()
		switch {
		case err != nil:
			return err
		case !h.isNamed(provider):
			return fmt.Errorf("%w: another gateway of this provider has taken over: close the session and open another",
				ErrFenced)
		}
		return nil
	}
}

// read asks the chain for the provider's record, and remembers when it has named this holder.
func (h *Holder) read(ctx context.Context) (modelstypes.Provider, error) {
	asked := time.Now()
	provider, err := h.node.Provider(ctx)
	switch {
	case err != nil:
	case h.isNamed(provider):
		h.heard.Store(&asked)
	default:
		h.heard.Store(nil)
	}
	return provider, err
}

func (h *Holder) isNamed(provider modelstypes.Provider) bool {
	return bytes.Equal(provider.Fence, h.id) && bytes.Equal(provider.FenceHolder, h.holder)
}

// Sure reports that the chain was asked less than a second ago, and named this holder. A holder that takes over in the
// same sessions waits longer than that, so that there is no need to ask again before signing.
func (h *Holder) Sure() bool { return h.heardWithin(sureFor) }

func (h *Holder) heardWithin(age time.Duration) bool {
	heard := h.heard.Load()
	return heard != nil && time.Since(*heard) < age
}

// Renew begins to ask the chain who holds the fence if what it has said is half as old as it may become.
func (h *Holder) Renew() {
	if h.heardWithin(sureFor/2) || !h.asking.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer h.asking.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), sureFor)
		defer cancel()
		_, _ = h.read(ctx)
	}()
}

func draw() ([]byte, error) {
	random := make([]byte, fenceSize)
	_, err := rand.Read(random)
	return random, err
}

// FenceID returns the fence that this file created last, and whether the file on disk is still the same one. The fence
// is nil if the file has created none.
func (o *Outbox) FenceID() (id []byte, intact bool, err error) {
	kept, err := o.fence()
	return kept.ID, kept.File == o.identity, err
}

func (o *Outbox) fence() (fence, error) {
	var kept fence
	err := o.db.View(func(tx *bolt.Tx) error {
		raw := tx.Bucket(metaBucket).Get(fenceKey)
		if raw == nil {
			return nil
		}
		return json.Unmarshal(raw, &kept)
	})
	return kept, err
}

func (o *Outbox) setFence(kept fence) error {
	return o.db.Update(func(tx *bolt.Tx) error { return store(tx, metaBucket, fenceKey, kept) })
}

// lastSeq is the highest number of a batch that the file has given, 0 before the first.
func (o *Outbox) lastSeq() (last uint64, err error) {
	err = o.db.View(func(tx *bolt.Tx) error {
		if raw := tx.Bucket(metaBucket).Get(seqKey); raw != nil {
			last = binary.BigEndian.Uint64(raw)
		}
		return nil
	})
	return last, err
}
