// Package keeper holds the state of x/rewards: the fee split, the ledger, its
// settlement, and everything that mints or burns OPEN.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	collcodec "cosmossdk.io/collections/codec"
	"cosmossdk.io/core/address"
	corestore "cosmossdk.io/core/store"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// Keeper of x/rewards.
type Keeper struct {
	cdc          codec.BinaryCodec
	addressCodec address.Codec
	authority    string

	accounts     types.AccountKeeper
	bank         types.BankKeeper
	staking      types.StakingKeeper
	distribution types.DistributionKeeper

	Schema        collections.Schema
	Params        collections.Item[types.Params]
	Reserve       collections.Item[math.Int]
	NextAccount   collections.Sequence
	AccountIDs    collections.Map[sdk.AccAddress, uint64]
	Accounts      collections.Map[uint64, sdk.AccAddress]
	Pages         collections.Map[uint64, types.Page]
	Thresholds    collections.Map[uint64, math.Int]
	PaidOut       collections.Map[uint64, math.Int]
	DuePages      collections.KeySet[uint64]
	Totals        collections.Item[types.Totals]
	ValidatorsPot collections.Item[math.Int]
	BountyPool    collections.Item[math.Int]
	Clock         collections.Item[types.Clock]
	DataNetTotals collections.Map[uint64, types.DataNetTotals]
	ModelTotals   collections.Map[uint64, types.ModelTotals]

	// Credit lists: in escrow until a verdict, arrived in the running block, waiting
	// for the sweep, or failed. Their credits are chunks.
	NextList     collections.Sequence
	Escrowed     collections.Map[uint64, types.Intake]
	Arrived      collections.Map[uint64, types.Intake]
	Lists        collections.Map[uint64, types.CreditList]
	DeadLetters  collections.Map[uint64, types.DeadLetter]
	Chunks       collections.Map[collections.Pair[uint64, uint32], types.Chunk]
	Sweep        collections.Item[types.Sweep]
	AttestEscrow collections.Item[math.Int]

	// Of the running block; empty between blocks.
	Owed          collections.Map[string, math.Int]
	PendingBurn   collections.Item[math.Int]
	PendingBounty collections.Item[math.Int]
}

// NewKeeper returns the keeper. bank must be able to mint aopen; no other
// module may be given such a bank.
func NewKeeper(
	cdc codec.BinaryCodec, store corestore.KVStoreService, addressCodec address.Codec, authority string,
	accounts types.AccountKeeper, bank types.BankKeeper, staking types.StakingKeeper,
	distribution types.DistributionKeeper,
) Keeper {
	for _, name := range []string{types.ModuleName, types.BountyPoolName} {
		if accounts.GetModuleAddress(name) == nil {
			panic("module account " + name + " is missing from the application")
		}
	}
	sb := collections.NewSchemaBuilder(store)
	k := Keeper{
		cdc: cdc, addressCodec: addressCodec, authority: authority,
		accounts: accounts, bank: bank, staking: staking, distribution: distribution,
		Params:      collections.NewItem(sb, types.ParamsKey, "params", codec.CollValue[types.Params](cdc)),
		Reserve:     collections.NewItem(sb, types.ReserveKey, "reserve", sdk.IntValue),
		NextAccount: collections.NewSequence(sb, types.NextAccountKey, "next_account"),
		AccountIDs:  collections.NewMap(sb, types.AccountIDsKey, "account_ids", sdk.AccAddressKey, collections.Uint64Value),
		Accounts: collections.NewMap(sb, types.AccountsKey, "accounts", collections.Uint64Key,
			collcodec.KeyToValueCodec(sdk.AccAddressKey)),
		Pages:         collections.NewMap(sb, types.PagesKey, "pages", collections.Uint64Key, types.PageCodec{}),
		Thresholds:    collections.NewMap(sb, types.ThresholdsKey, "thresholds", collections.Uint64Key, sdk.IntValue),
		PaidOut:       collections.NewMap(sb, types.PaidOutKey, "paid_out", collections.Uint64Key, sdk.IntValue),
		DuePages:      collections.NewKeySet(sb, types.DuePagesKey, "due_pages", collections.Uint64Key),
		Totals:        collections.NewItem(sb, types.TotalsKey, "totals", codec.CollValue[types.Totals](cdc)),
		ValidatorsPot: collections.NewItem(sb, types.ValidatorsPotKey, "validators_pot", sdk.IntValue),
		BountyPool:    collections.NewItem(sb, types.BountyPoolKey, "bounty_pool", sdk.IntValue),
		Clock:         collections.NewItem(sb, types.ClockKey, "clock", codec.CollValue[types.Clock](cdc)),
		DataNetTotals: collections.NewMap(sb, types.DataNetTotalsKey, "datanet_totals", collections.Uint64Key,
			codec.CollValue[types.DataNetTotals](cdc)),
		ModelTotals: collections.NewMap(sb, types.ModelTotalsKey, "model_totals", collections.Uint64Key,
			codec.CollValue[types.ModelTotals](cdc)),
		NextList: collections.NewSequence(sb, types.NextListKey, "next_list"),
		Escrowed: collections.NewMap(sb, types.EscrowedKey, "held", collections.Uint64Key,
			codec.CollValue[types.Intake](cdc)),
		Arrived: collections.NewMap(sb, types.ArrivedKey, "arrived", collections.Uint64Key,
			codec.CollValue[types.Intake](cdc)),
		Lists: collections.NewMap(sb, types.ListsKey, "lists", collections.Uint64Key,
			codec.CollValue[types.CreditList](cdc)),
		DeadLetters: collections.NewMap(sb, types.DeadLettersKey, "dead_letters", collections.Uint64Key,
			codec.CollValue[types.DeadLetter](cdc)),
		Chunks: collections.NewMap(sb, types.ChunksKey, "chunks",
			collections.PairKeyCodec(collections.Uint64Key, collections.Uint32Key), types.ChunkCodec{}),
		Sweep:         collections.NewItem(sb, types.SweepKey, "sweep", codec.CollValue[types.Sweep](cdc)),
		AttestEscrow:  collections.NewItem(sb, types.AttestEscrowKey, "attest_escrow", sdk.IntValue),
		Owed:          collections.NewMap(sb, types.OwedKey, "owed", collections.StringKey, sdk.IntValue),
		PendingBurn:   collections.NewItem(sb, types.PendingBurnKey, "pending_burn", sdk.IntValue),
		PendingBounty: collections.NewItem(sb, types.PendingBountyKey, "pending_bounty", sdk.IntValue),
	}
	schema, err := sb.Build()
	if err != nil {
		panic(err)
	}
	k.Schema = schema
	return k
}

// Terms returns the terms that a batch submitted now freezes.
func (k Keeper) Terms(ctx context.Context) (types.Terms, error) {
	params, err := k.Params.Get(ctx)
	return params.Terms, err
}

// FundBountyPool moves amount from a module account to the bounty pool.
func (k Keeper) FundBountyPool(ctx context.Context, fromModule string, amount math.Int) error {
	if !amount.IsPositive() {
		return nil
	}
	if err := k.bank.SendCoinsFromModuleToModule(ctx, fromModule, types.BountyPoolName, coins(amount)); err != nil {
		return err
	}
	return add(ctx, k.BountyPool, amount)
}

// SpendBountyPool moves amount from the bounty pool to a module account. The counter bounds it, not the balance,
// because coins that were sent to the module account by mistake are not the pool's.
func (k Keeper) SpendBountyPool(ctx context.Context, toModule string, amount math.Int) error {
	if amount.IsNil() || amount.IsNegative() {
		return errorsmod.Wrapf(types.ErrInvalidAmount, "%s aopen out of the bounty pool", amount)
	}
	if amount.IsZero() {
		return nil
	}
	pool, err := get(ctx, k.BountyPool)
	if err != nil {
		return err
	}
	if pool.LT(amount) {
		return errorsmod.Wrapf(types.ErrBountyPool, "%s aopen are asked for, the pool has %s", amount, pool)
	}
	if err := k.bank.SendCoinsFromModuleToModule(ctx, types.BountyPoolName, toModule, coins(amount)); err != nil {
		return err
	}
	return k.BountyPool.Set(ctx, pool.Sub(amount))
}

func coins(amount math.Int) sdk.Coins { return sdk.NewCoins(sdk.NewCoin(types.Denom, amount)) }

// get returns an amount that is zero until it is first set.
func get(ctx context.Context, item collections.Item[math.Int]) (math.Int, error) {
	value, err := item.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return math.ZeroInt(), nil
	}
	return value, err
}

func add(ctx context.Context, item collections.Item[math.Int], amount math.Int) error {
	value, err := get(ctx, item)
	if err != nil {
		return err
	}
	return item.Set(ctx, value.Add(amount))
}
