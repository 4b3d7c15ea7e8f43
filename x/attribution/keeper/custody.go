package keeper

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	// asksPerBlock caps the new questions about text to validators in a block.
	asksPerBlock = 8
	// setAsidePerBlock caps those of these questions that are about text that was set aside, so that new text does not
	// wait.
	setAsidePerBlock = 2
	// heldPerBlock caps the questions that are answered at once in a block while attestation is off.
	heldPerBlock = 10
)

// askCustody asks validators whether they hold new text. While attestation is off, it counts text as held without
// asking.
func (k Keeper) askCustody(ctx sdk.Context, params types.Params) error {
	if !params.Attestation {
		asks, err := k.datanets.AskCustody(ctx, heldPerBlock, heldPerBlock)
		if err != nil {
			return err
		}
		for _, ask := range asks {
			if err := k.settleCustody(ctx, params, ask.DatanetId, ask.Rank, ask.Version,
				datanettypes.HOLD_VERDICT_HELD); err != nil {
				return err
			}
		}
		return nil
	}
	head, err := k.head(ctx)
	if err != nil {
		return err
	}
	state := head.Attestation
	room := min(asksPerBlock, types.VersionsWindow-int(state.VersionNext-state.VersionBase))
	asks, err := k.datanets.AskCustody(ctx, room, min(room, setAsidePerBlock, types.MaxSetAside-int(state.SetAside)))
	if err != nil || len(asks) == 0 {
		return err
	}
	for _, ask := range asks {
		openItem(ctx, params, &head, types.Item{Kind: types.ITEM_KIND_VERSION, DatanetId: ask.DatanetId, Version: ask.Version,
			Rank: ask.Rank})
	}
	return k.Head.Set(ctx, head)
}

// settleVersion ends an item about text.
func (k Keeper) settleVersion(ctx sdk.Context, params types.Params, item types.Item,
	verdict datanettypes.HoldVerdict) error {
	if err := k.closeItem(ctx, item); err != nil {
		return err
	}
	return k.settleCustody(ctx, params, item.DatanetId, item.Rank, item.Version, verdict)
}

// settleCustody carries out the validators' verdict on text.
func (k Keeper) settleCustody(ctx sdk.Context, params types.Params, datanet, rank, version uint64,
	verdict datanettypes.HoldVerdict) error {
	retry := datanettypes.HoldRetry{Blocks: params.HoldRetryBlocks, Refusals: params.HoldRefusals}
	held, err := k.datanets.SettleCustody(ctx, datanet, rank, verdict, retry)
	if err != nil {
		return err
	}
	if verdict != datanettypes.HOLD_VERDICT_HELD {
		if err := ctx.EventManager().EmitTypedEvent(
			&types.EventVersionNotHeld{DatanetId: datanet, Version: version, Rank: rank, Verdict: verdict}); err != nil {
			return err
		}
	}
	if held == 0 {
		return nil
	}
	return ctx.EventManager().EmitTypedEvent(&types.EventVersionHeld{DatanetId: datanet, Version: held})
}
