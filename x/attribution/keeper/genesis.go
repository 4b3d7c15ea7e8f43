package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/attribution/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// InitGenesis sets the whole state. The bank must have been initialised.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if err := k.Params.Set(ctx, g.Params); err != nil {
		return err
	}
	if err := k.NextBatch.Set(ctx, g.NextBatchId); err != nil {
		return err
	}
	if err := k.Accumulator.Set(ctx, g.Accumulator); err != nil {
		return err
	}
	for _, session := range g.Sessions {
		if err := k.addSession(ctx, session); err != nil {
			return err
		}
	}
	for _, batch := range g.Batches {
		if err := k.addBatch(ctx, batch); err != nil {
			return err
		}
	}
	for _, page := range g.Pages {
		if err := k.Pages.Set(ctx, collections.Join(page.BatchId, page.Page), page.Records); err != nil {
			return err
		}
	}
	for _, dispute := range g.Disputes {
		if err := k.addDispute(sdk.UnwrapSDKContext(ctx), dispute); err != nil {
			return err
		}
	}
	for _, last := range g.LastSeqs {
		if err := k.LastSeq.Set(ctx, sdk.MustAccAddressFromBech32(last.Provider), last.Seq); err != nil {
			return err
		}
	}
	if err := k.initAttestation(sdk.UnwrapSDKContext(ctx), g); err != nil {
		return err
	}
	if g.Grace != nil {
		if err := k.Grace.Set(ctx, *g.Grace); err != nil {
			return err
		}
	}
	return k.CheckInvariants(ctx)
}

func (k Keeper) initAttestation(ctx sdk.Context, g types.GenesisState) error {
	if err := k.AttestState.Set(ctx, g.Attestation); err != nil {
		return err
	}
	for _, item := range g.Items {
		if err := k.Items.Set(ctx, item.Number, item); err != nil {
			return err
		}
	}
	if err := k.NextSlot.Set(ctx, uint64(len(g.Attestors))); err != nil {
		return err
	}
	for _, attestor := range g.Attestors {
		operator, err := sdk.ValAddressFromBech32(attestor.Operator)
		if err != nil {
			return err
		}
		if err := k.Slots.Set(ctx, operator, attestor.Slot); err != nil {
			return err
		}
		if err := k.updateAttestor(ctx, attestor.Slot, func(a *types.Attestor) { *a = attestor }); err != nil {
			return err
		}
	}
	for _, powers := range g.Powers {
		if err := k.Powers.Set(ctx, powers.Height, powers); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	var g types.GenesisState
	var err error
	if g.Params, err = k.Params.Get(ctx); err != nil {
		return nil, err
	}
	if g.NextBatchId, err = k.NextBatch.Peek(ctx); err != nil {
		return nil, err
	}
	if g.Accumulator, err = k.Accumulator.Get(ctx); err != nil {
		return nil, err
	}
	if g.Disputes, err = modulekit.Values(ctx, k.Disputes); err != nil {
		return nil, err
	}
	if g.Sessions, err = modulekit.Values(ctx, k.Sessions); err != nil {
		return nil, err
	}
	if g.Batches, err = modulekit.Values(ctx, k.Batches); err != nil {
		return nil, err
	}
	if g.Attestation, err = k.attestation(ctx); err != nil {
		return nil, err
	}
	if g.Items, err = modulekit.Values(ctx, k.Items); err != nil {
		return nil, err
	}
	if g.Powers, err = modulekit.Values(ctx, k.Powers); err != nil {
		return nil, err
	}
	if g.Grace, err = k.graceIfAny(ctx); err != nil {
		return nil, err
	}
	pages, err := modulekit.Values(ctx, k.AttestorPages)
	if err != nil {
		return nil, err
	}
	for _, page := range pages {
		g.Attestors = append(g.Attestors, page.Attestors...)
	}
	if err := k.Pages.Walk(ctx, nil, func(key collections.Pair[uint64, uint32], records []byte) (bool, error) {
		g.Pages = append(g.Pages, types.GenesisPage{BatchId: key.K1(), Page: key.K2(), Records: records})
		return false, nil
	}); err != nil {
		return nil, err
	}
	err = k.LastSeq.Walk(ctx, nil, func(provider sdk.AccAddress, seq uint64) (bool, error) {
		g.LastSeqs = append(g.LastSeqs, types.GenesisLastSeq{Provider: provider.String(), Seq: seq})
		return false, nil
	})
	return &g, err
}
