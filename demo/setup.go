package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	sdkmath "cosmossdk.io/math"

	"golang.org/x/sync/errgroup"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Prices of the demo in aopen.
var (
	inputPrice  = sdkmath.NewIntWithDecimal(1, rewardstypes.Decimals-3)
	outputPrice = sdkmath.NewIntWithDecimal(4, rewardstypes.Decimals-3)
	royalty     = sdkmath.NewIntWithDecimal(2, rewardstypes.Decimals-1)
)

const (
	ownerPPM = 50_000
	bondOpen = 2_000
)

func (w *world) createDataNet(ctx context.Context) error {
	msg := &datanettypes.MsgCreateDataNet{
		Owner: w.owner.String(), Name: "Demo: " + clip(w.source.title, 50), Description: "Text of the demo", Domain: "demo",
		Licence:      "Apache-2.0",
		ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER, RoyaltyFloor: royalty, OwnerPpm: ownerPPM,
	}
	if w.opts.review {
		msg.Description, msg.ReviewPolicy, msg.ReviewFee = guidelines, datanettypes.REVIEW_POLICY_PANEL, reviewFee
	}
	result, err := w.chain.Send(ctx, w.owner, msg)
	if err != nil {
		return fmt.Errorf("create the DataNet: %w", err)
	}
	var response datanettypes.MsgCreateDataNetResponse
	if err := chain.Response(result, &response); err != nil {
		return err
	}
	w.datanetID = response.DatanetId
	w.progress("DataNet   %d created in block %d, tx %s", w.datanetID, result.Height, result.TxHash)
	return nil
}

func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return text[:n]
}

// contribute has every author seal and reveal by transactions of their own, and
// the owner accept.
func (w *world) contribute(ctx context.Context) error {
	var err error
	if w.store == nil {
		if w.store, err = content.Open(ctx, w.contentDir()); err != nil {
			return err
		}
	}
	reveals := make([]datanettypes.RevealItem, len(w.authors))
	group, sealing := errgroup.WithContext(ctx)
	for i := range w.authors {
		group.Go(func() error {
			author := &w.authors[i]
			var err error
			reveals[i], err = w.seal(sealing, author.account, author.name, author.prepared.File)
			author.rank = reveals[i].Rank
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	w.progress("sealed    %d contributions; their order on the chain is their seniority", len(reveals))
	texts := make([]revealed, len(reveals))
	for i := range reveals {
		texts[i] = revealed{item: &reveals[i], file: w.authors[i].prepared.File, enters: true}
	}
	if err := w.derive(texts); err != nil {
		return fmt.Errorf("derive: %w", err)
	}
	if err := w.awaitRevealable(ctx, reveals); err != nil {
		return err
	}
	group, revealing := errgroup.WithContext(ctx)
	for i := range w.authors {
		group.Go(func() error {
			account := w.authors[i].account
			_, err := w.chain.Send(revealing, account,
				&datanettypes.MsgRevealContributions{Contributor: account.String(), Items: []datanettypes.RevealItem{reveals[i]}})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("reveal: %w", err)
	}
	return w.accept(ctx)
}

// awaitRevealable waits until commits may be opened.
func (w *world) awaitRevealable(ctx context.Context, reveals []datanettypes.RevealItem) error {
	from := int64(0)
	for _, reveal := range reveals {
		commit, err := w.chain.Datanet.Commit(ctx, &datanettypes.QueryCommitRequest{Rank: reveal.Rank})
		if err != nil {
			return err
		}
		from = max(from, commit.Commit.RevealFrom)
	}
	// A transaction is simulated on the state of the latest block, so the
	// window must be open there.
	return w.chain.WaitHeight(ctx, from)
}

// seal stores a segment file and commits to it.
func (w *world) seal(ctx context.Context, by chain.Signer, title string,
	file poa.SegmentFile) (datanettypes.RevealItem, error) {
	encoded, err := file.MarshalBinary()
	if err != nil {
		return datanettypes.RevealItem{}, err
	}
	hash, err := w.store.Put(ctx, encoded)
	if err != nil {
		return datanettypes.RevealItem{}, err
	}
	salt, err := random()
	if err != nil {
		return datanettypes.RevealItem{}, err
	}
	// Panels must not see which contributions are gold, so all have a mark.
	mark, err := random()
	if err != nil {
		return datanettypes.RevealItem{}, err
	}
	params, err := w.chain.Datanet.Params(ctx, &datanettypes.QueryParamsRequest{})
	if err != nil {
		return datanettypes.RevealItem{}, err
	}
	root, statistics := file.Root(by.Address), file.StatisticsRoot()
	commit := poa.CommitHash(root, by.Address, salt)
	result, err := w.chain.Send(ctx, by, &datanettypes.MsgCommitContributions{
		Contributor: by.String(),
		Items: []datanettypes.CommitItem{
			{Hash: commit[:], Deposit: coin(params.Params.RequiredDeposit(file.Tokens()))}},
	})
	if err != nil {
		return datanettypes.RevealItem{}, err
	}
	var response datanettypes.MsgCommitContributionsResponse
	if err := chain.Response(result, &response); err != nil {
		return datanettypes.RevealItem{}, err
	}
	return datanettypes.RevealItem{
		Rank: response.Ranks[0], DatanetId: w.datanetID, Root: root[:], Salt: salt, Segments: uint32(len(file.Segments)),
		Tokens: file.Tokens(),
		Bytes:  uint64(len(encoded)), StatisticsRoot: statistics[:], ContentHash: hash[:], Title: title, Mark: mark,
	}, nil
}

// random salt or mark.
func random() ([]byte, error) {
	out := make([]byte, 32)
	_, err := rand.Read(out)
	return out, err
}

func (w *world) accept(ctx context.Context) error {
	ranks := make([]uint64, len(w.authors))
	for i, author := range w.authors {
		ranks[i] = author.rank
	}
	result, err := w.chain.Send(ctx, w.owner,
		&datanettypes.MsgAcceptContributions{Owner: w.owner.String(), DatanetId: w.datanetID, Ranks: ranks})
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	var response datanettypes.MsgAcceptContributionsResponse
	if err := chain.Response(result, &response); err != nil {
		return err
	}
	w.version = response.Version
	w.progress("accepted  %d contributions as version %d in block %d, tx %s", len(ranks), w.version, result.Height,
		result.TxHash)
	return nil
}

// contentDir is where authors put their text, and where the validator's attestor looks for it.
func (w *world) contentDir() string { return filepath.Join(w.home, "content") }

// awaitHeld waits until validators have said that they hold the text: only then models may use it.
func (w *world) awaitHeld(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		found, err := w.chain.Datanet.DataNet(limit, &datanettypes.QueryDataNetRequest{DatanetId: w.datanetID})
		if err != nil {
			return fmt.Errorf("DataNet %d: %w", w.datanetID, err)
		}
		if found.Datanet.HeldVersion >= w.version {
			w.progress("held      version %d by the validator's attestor, so that models may use it", w.version)
			return nil
		}
		select {
		case <-limit.Done():
			return fmt.Errorf("version %d is not held: %w; see `openledgerd attestor status --home %s`", w.version, limit.Err(),
				filepath.Join(w.home, "node0"))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// serveModel registers the model, the provider with its bond, and the offer.
func (w *world) serveModel(ctx context.Context) error {
	digest := sha256.Sum256([]byte("retrieval over the manifest"))
	method := modelstypes.ATTRIBUTION_METHOD_SPAN
	if w.opts.modelURL != "" || w.opts.engine == engineEmbedded {
		method = modelstypes.ATTRIBUTION_METHOD_MEANING
	}
	var err error
	w.modelID, err = w.registerModel(ctx, &modelstypes.MsgRegisterModel{
		Owner: w.owner.String(), Name: "demo-retrieval", Kind: modelstypes.MODEL_KIND_RETRIEVAL, Digest: digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: w.datanetID, Version: w.version}},
		Method:   method, Royalty: royalty,
	})
	if err != nil {
		return err
	}
	return w.offer(ctx, w.modelID)
}

// registerModel registers a model of one of the demo's accounts.
func (w *world) registerModel(ctx context.Context, msg *modelstypes.MsgRegisterModel) (uint64, error) {
	owner := w.owner
	if msg.Owner == w.adapterOwner.String() {
		owner = w.adapterOwner
	}
	result, err := w.chain.Send(ctx, owner, msg)
	if err != nil {
		return 0, fmt.Errorf("register model %s: %w", msg.Name, err)
	}
	var response modelstypes.MsgRegisterModelResponse
	err = chain.Response(result, &response)
	return response.ModelId, err
}

// offer registers the provider with its bond, and its offers.
func (w *world) offer(ctx context.Context, models ...uint64) error {
	if err := os.MkdirAll(w.gatewayHome(), 0o700); err != nil {
		return err
	}
	seed := w.answerSeed()
	if err := file.Write(filepath.Join(w.gatewayHome(), "answer_key"), []byte(hex.EncodeToString(seed)),
		0o600); err != nil {
		return err
	}
	msgs := []sdk.Msg{&modelstypes.MsgRegisterProvider{
		Provider: w.provider.String(), Name: "demo-provider", Endpoint: w.gatewayURL(),
		AnswerKey: ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey), Bond: coin(open(bondOpen)),
	}}
	for _, id := range models {
		msgs = append(msgs, &modelstypes.MsgSetOffer{Provider: w.provider.String(), ModelId: id, InputPrice: inputPrice,
			OutputPrice: outputPrice})
	}
	result, err := w.chain.Send(ctx, w.provider, msgs...)
	if err != nil {
		return fmt.Errorf("register the provider: %w", err)
	}
	w.progress("offered   model %s by a provider who bonded %d OPEN, tx %s", strings.Trim(fmt.Sprint(models), "[]"),
		bondOpen, result.TxHash)
	return nil
}
