// Package keeper holds the state of x/attribution: sessions with their escrow,
// and receipts with their proofs.
package keeper

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/address"
	corestore "cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Keeper of x/attribution.
type Keeper struct {
	cdc          codec.BinaryCodec
	addressCodec address.Codec
	authority    string
	bank         types.BankKeeper
	datanets     types.DatanetKeeper
	models       types.ModelsKeeper
	rewards      types.RewardsKeeper
	staking      types.StakingKeeper
	statistics   *poa.Statistics

	Schema          collections.Schema
	Params          collections.Item[types.Params]
	Sessions        collections.Map[[]byte, types.Session]
	SessionsByPayer collections.KeySet[collections.Pair[sdk.AccAddress, []byte]]
	Deadlines       collections.KeySet[collections.Pair[time.Time, []byte]]
	Batches         collections.Map[uint64, types.Batch]
	Pages           collections.Map[collections.Pair[uint64, uint32], []byte]
	BatchBySeq      collections.Map[collections.Pair[sdk.AccAddress, uint64], uint64]
	BatchDeadlines  collections.KeySet[collections.Pair[time.Time, uint64]]
	Head            collections.Item[types.Head]
	Reductions      collections.Map[uint64, types.Reductions]

	Disputes         collections.Map[[]byte, types.Dispute]
	DisputeDeadlines collections.KeySet[collections.Pair[int64, []byte]]
	NextDispute      collections.Sequence
	DisputeOrder     collections.Map[uint64, []byte]
	Convictions      collections.Map[uint64, types.Conviction]
	ConvictionOrder  collections.KeySet[collections.Pair[uint64, uint64]]

	Items         collections.Map[uint64, types.Item]
	NextSlot      collections.Sequence
	Slots         collections.Map[sdk.ValAddress, uint32]
	AttestorPages collections.Map[uint32, types.AttestorPage]
	Powers        collections.Map[int64, types.Powers]

	Grace collections.Item[types.Grace]
}

// NewKeeper returns the keeper.
func NewKeeper(
	cdc codec.BinaryCodec, store corestore.KVStoreService, addressCodec address.Codec, authority string,
	bank types.BankKeeper, datanets types.DatanetKeeper, models types.ModelsKeeper, rewards types.RewardsKeeper,
	staking types.StakingKeeper,
) Keeper {
	sb := collections.NewSchemaBuilder(store)
	k := Keeper{
		cdc: cdc, addressCodec: addressCodec, authority: authority,
		bank: bank, datanets: datanets, models: models, rewards: rewards, staking: staking,
		statistics: poa.ProtocolStatistics(),
		Params:     collections.NewItem(sb, types.ParamsKey, "params", codec.CollValue[types.Params](cdc)),
		Sessions: collections.NewMap(sb, types.SessionsKey, "sessions", collections.BytesKey,
			codec.CollValue[types.Session](cdc)),
		SessionsByPayer: collections.NewKeySet(sb, types.SessionsByPayerKey, "sessions_by_payer",
			collections.PairKeyCodec(sdk.AccAddressKey, collections.BytesKey)),
		Deadlines: collections.NewKeySet(sb, types.DeadlinesKey, "deadlines",
			collections.PairKeyCodec(modulekit.TimeKey, collections.BytesKey)),
		Batches: collections.NewMap(sb, types.BatchesKey, "batches", collections.Uint64Key,
			codec.CollValue[types.Batch](cdc)),
		Pages: collections.NewMap(sb, types.PagesKey, "pages",
			collections.PairKeyCodec(collections.Uint64Key, collections.Uint32Key), collections.BytesValue),
		BatchBySeq: collections.NewMap(sb, types.BatchBySeqKey, "batch_by_seq",
			collections.PairKeyCodec(sdk.AccAddressKey, collections.Uint64Key), collections.Uint64Value),
		BatchDeadlines: collections.NewKeySet(sb, types.BatchDeadlinesKey, "batch_deadlines",
			collections.PairKeyCodec(modulekit.TimeKey, collections.Uint64Key)),
		Head: collections.NewItem(sb, types.HeadKey, "head", codec.CollValue[types.Head](cdc)),
		Reductions: collections.NewMap(sb, types.ReductionsKey, "reductions", collections.Uint64Key,
			codec.CollValue[types.Reductions](cdc)),

		Disputes: collections.NewMap(sb, types.DisputesKey, "disputes", collections.BytesKey,
			codec.CollValue[types.Dispute](cdc)),
		DisputeDeadlines: collections.NewKeySet(sb, types.DisputeDeadlinesKey, "dispute_deadlines",
			collections.PairKeyCodec(collections.Int64Key, collections.BytesKey)),
		NextDispute: collections.NewSequence(sb, types.NextDisputeKey, "next_dispute"),
		DisputeOrder: collections.NewMap(sb, types.DisputeOrderKey, "dispute_order", collections.Uint64Key,
			collections.BytesValue),
		Convictions: collections.NewMap(sb, types.ConvictionsKey, "convictions", collections.Uint64Key,
			codec.CollValue[types.Conviction](cdc)),
		ConvictionOrder: collections.NewKeySet(sb, types.ConvictionOrderKey, "conviction_order",
			collections.PairKeyCodec(collections.Uint64Key, collections.Uint64Key)),

		Items: collections.NewMap(sb, types.ItemsKey, "items", collections.Uint64Key,
			codec.CollValue[types.Item](cdc)),
		NextSlot: collections.NewSequence(sb, types.NextSlotKey, "next_slot"),
		Slots:    collections.NewMap(sb, types.SlotsKey, "slots", sdk.ValAddressKey, collections.Uint32Value),
		AttestorPages: collections.NewMap(sb, types.AttestorPagesKey, "attestor_pages", collections.Uint32Key,
			codec.CollValue[types.AttestorPage](cdc)),
		Powers: collections.NewMap(sb, types.PowersKey, "powers", collections.Int64Key, codec.CollValue[types.Powers](cdc)),

		Grace: collections.NewItem(sb, types.GraceKey, "grace", codec.CollValue[types.Grace](cdc)),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// GetSession returns a session, or ErrSessionNotFound.
func (k Keeper) GetSession(ctx context.Context, id []byte) (types.Session, error) {
	session, err := k.Sessions.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrSessionNotFound, "no session %x: it never was, or was closed and removed", id)
	}
	return session, err
}

// GetBatch returns a batch in its dispute window, or ErrBatchNotFound.
func (k Keeper) GetBatch(ctx context.Context, id uint64) (types.Batch, error) {
	batch, err := k.Batches.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		err = errorsmod.Wrapf(types.ErrBatchNotFound, "no batch %d: it never was, or its dispute window has closed", id)
	}
	return batch, err
}

// active fails while the module is paused.
func (k Keeper) active(ctx context.Context) (types.Params, error) {
	params, err := k.Params.Get(ctx)
	if err == nil && params.Paused {
		err = errorsmod.Wrap(types.ErrPaused, "try again when governance has resumed the module")
	}
	return params, err
}

func (k Keeper) moduleBalance(ctx context.Context) math.Int {
	return k.bank.GetBalance(ctx, authtypes.NewModuleAddress(types.ModuleName), rewardstypes.Denom).Amount
}
