package session

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Opening is a session that is about to be opened. It is on disk before anything is sent, because nobody can use the
// deposit without the key.
type Opening struct {
	ChainID string       `json:"chain_id"`
	Payer   string       `json:"payer"`
	Gateway string       `json:"gateway"`
	ModelID uint64       `json:"model_id"`
	Deposit sdk.Coin     `json:"deposit"`
	Seed    []byte       `json:"seed"` // of the session key
	Signed  chain.Signed `json:"signed"`

	path string // empty means in memory only
	lock *lock
}

// openingSuffix is the end of the names of their files. Names of sessions end only in .json.
const openingSuffix = ".opening.json"

// ErrNeverOpened reports that the chain cannot execute the transaction of an opening any more, and that nothing was
// deposited.
var ErrNeverOpened = errors.New("the session was never opened, and nothing was deposited")

// Open opens a session on chain for a model of a gateway. The state goes to
// dir; an empty dir keeps it in memory. The message that opens it may be changed before it is signed.
func Open(
	ctx context.Context,
	node *chain.Client,
	payer chain.Signer,
	gateway string,
	model api.ModelInfo,
	deposit sdk.Coin,
	dir string,
	change ...func(*attributiontypes.MsgOpenSession),
) (*Client, error) {
	if dir != "" { // transactions of one account are made one after another
		turn, err := await(ctx, filepath.Join(dir, payer.String()))
		if err != nil {
			return nil, err
		}
		defer turn.release()
	}
	opening, err := Prepare(ctx, node, payer, gateway, model, deposit, dir, change...)
	if err != nil {
		return nil, fmt.Errorf("open the session: %w", err)
	}
	return opening.Finish(ctx, node)
}

// Prepare makes the session key and the transaction that opens a session, and stores both. Nothing is sent.
func Prepare(
	ctx context.Context,
	node *chain.Client,
	payer chain.Signer,
	gateway string,
	model api.ModelInfo,
	deposit sdk.Coin,
	dir string,
	change ...func(*attributiontypes.MsgOpenSession),
) (*Opening, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	fence, err := hex.DecodeString(model.Fence)
	if err != nil {
		return nil, fmt.Errorf("the gateway names fence %q, which is not in hex", model.Fence)
	}
	msg := &attributiontypes.MsgOpenSession{
		Payer: payer.String(), Provider: model.Provider, ModelId: model.ModelID, SessionKey: public, Deposit: deposit,
		Fence: fence,
	}
	for _, c := range change {
		c(msg)
	}
	signed, err := node.Sign(ctx, payer, msg)
	if err != nil {
		return nil, err
	}
	o := &Opening{
		ChainID: node.ChainID, Payer: payer.String(), Gateway: Address(gateway), ModelID: model.ModelID, Deposit: deposit,
		Seed: private.Seed(), Signed: signed,
	}
	if dir == "" {
		return o, nil
	}
	o.path = filepath.Join(dir, hex.EncodeToString(public)+openingSuffix)
	if o.lock, err = acquire(o.path); err != nil {
		return nil, err
	}
	return o, write(o.path, o)
}

// Finish sends the transaction and returns the session. After an interruption it sends the same transaction again,
// which the chain executes once. It returns ErrInUse while another process does so.
func (o *Opening) Finish(ctx context.Context, node *chain.Client) (*Client, error) {
	if node.ChainID != o.ChainID {
		return nil, fmt.Errorf("the session was being opened on chain %s, the node is of %s", o.ChainID, node.ChainID)
	}
	if o.lock == nil {
		held, err := acquire(o.path)
		if err != nil {
			return nil, err
		}
		o.lock = held
	}
	defer func() {
		o.lock.release()
		o.lock = nil
	}()
	opened, err := o.find(ctx, node)
	if err != nil || opened != nil {
		return o.take(opened, err)
	}
	result, err := node.Deliver(ctx, o.Signed)
	var unknown *chain.NoResultError
	var refused *chain.RefusedError
	switch {
	case err == nil:
		err = node.WaitHeight(ctx, result.Height)
	case errors.As(err, &unknown):
		err = node.WaitHeight(ctx, unknown.Height)
	case errors.As(err, &refused):
		return o.refused(ctx, node, refused)
	}
	if err != nil {
		return nil, fmt.Errorf("open the session: %w; its key is kept, and the next run goes on", err)
	}
	opened, err = o.find(ctx, node)
	if err == nil && opened == nil {
		return nil, errors.Join(fmt.Errorf("%w: transaction %s failed", ErrNeverOpened, o.Signed.Hash()), o.forget())
	}
	return o.take(opened, err)
}

// refused finds out whether a refused transaction was executed before, or can never be executed because the sequence of
// its account is past it. Otherwise it may still be executed.
func (o *Opening) refused(ctx context.Context, node *chain.Client, refusal error) (*Client, error) {
	sequence, err := node.Sequence(ctx, o.Payer)
	if err != nil {
		return nil, errors.Join(refusal, err)
	}
	opened, err := o.find(ctx, node) // after the sequence: whatever has moved it on is in the state
	switch {
	case err != nil || opened != nil:
		return o.take(opened, err)
	case sequence > o.Signed.Sequence:
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrNeverOpened, refusal), o.forget())
	}
	return nil, fmt.Errorf("open the session: %w", refusal)
}

// take makes the session of an opening.
func (o *Opening) take(opened *attributiontypes.Session, err error) (*Client, error) {
	if err != nil {
		return nil, fmt.Errorf("open the session: %w; its key is kept, and the next run goes on", err)
	}
	c := &Client{http: &http.Client{}, State: State{
		ChainID: o.ChainID, Payer: o.Payer, Gateway: o.Gateway, Seed: o.Seed, Provider: opened.Provider,
		ModelID: opened.ModelId, ModelVersion: opened.ModelVersion, AnswerKey: opened.AnswerKey,
	}}
	if c.State.ID, err = poa.HashFromBytes(opened.Id); err != nil {
		return nil, err
	}
	if c.State.Price, err = opened.Price.Packed(); err != nil {
		return nil, err
	}
	if o.path == "" {
		return c, nil
	}
	c.path = filepath.Join(filepath.Dir(o.path), c.State.ID.String()+".json")
	// A session that exists has already been used: it must not begin again.
	if err := create(c.path, c.State); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	if err := c.Lock(); err != nil {
		return nil, err
	}
	return c, o.forget()
}

func (o *Opening) forget() error { return remove(o.path) }

// find looks for the session with the key among those of the payer; there is none before it is opened.
func (o *Opening) find(ctx context.Context, node *chain.Client) (*attributiontypes.Session, error) {
	public := ed25519.NewKeyFromSeed(o.Seed).Public().(ed25519.PublicKey)
	request := &attributiontypes.QuerySessionsByPayerRequest{Payer: o.Payer, Pagination: &query.PageRequest{}}
	for {
		page, err := node.Attribution.SessionsByPayer(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, session := range page.Sessions {
			if public.Equal(ed25519.PublicKey(session.SessionKey)) {
				return &session, nil
			}
		}
		if page.Pagination == nil || len(page.Pagination.NextKey) == 0 {
			return nil, nil
		}
		request.Pagination = &query.PageRequest{Key: page.Pagination.NextKey}
	}
}

// Kept is the contents of a folder: sessions, and openings that are not finished.
type Kept struct {
	Sessions []*Client
	Openings []*Opening
}

// List reads a folder of sessions. The folder need not exist.
func List(dir string) (Kept, error) {
	var kept Kept
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return kept, nil
	}
	if err != nil {
		return kept, err
	}
	for _, entry := range entries {
		name, path := entry.Name(), filepath.Join(dir, entry.Name())
		switch {
		case strings.HasPrefix(name, "."):
		case strings.HasSuffix(name, openingSuffix):
			o := &Opening{path: path}
			content, err := os.ReadFile(path)
			if err == nil {
				err = json.Unmarshal(content, o)
			}
			if err != nil {
				return kept, fmt.Errorf("%s: %w", path, err)
			}
			kept.Openings = append(kept.Openings, o)
		case strings.HasSuffix(name, ".json"):
			client, err := Load(path)
			if err != nil {
				return kept, err
			}
			kept.Sessions = append(kept.Sessions, client)
		}
	}
	return kept, nil
}
