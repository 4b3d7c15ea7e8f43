package keeper

import (
	"cmp"
	"context"
	"slices"

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
	if err := k.Head.Set(
		ctx, types.Head{NextBatch: g.NextBatchId, Accumulator: g.Accumulator, Attestation: g.Attestation}); err != nil {
		return err
	}
	for _, session := range g.Sessions {
		if err := k.addSession(ctx, session); err != nil {
			return err
		}
	}
	if err := k.initBatches(ctx, g.Batches); err != nil {
		return err
	}
	for _, page := range g.Pages {
		if err := k.Pages.Set(ctx, collections.Join(page.BatchId, page.Page), page.Records); err != nil {
			return err
		}
	}
	for _, reductions := range g.Reductions {
		if err := k.Reductions.Set(ctx, reductions.BatchId, reductions); err != nil {
			return err
		}
	}
	next := uint64(0) // numbers only order what stands
	for _, dispute := range g.Disputes {
		if err := k.addDispute(sdk.UnwrapSDKContext(ctx), dispute); err != nil {
			return err
		}
		next = max(next, dispute.Number+1)
	}
	for _, conviction := range g.Convictions {
		if err := k.setConviction(ctx, conviction); err != nil {
			return err
		}
		next = max(next, conviction.Number+1)
	}
	if err := k.NextDispute.Set(ctx, next); err != nil {
		return err
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

// initBatches stores batches. It adds an index entry for each batch that neither a later batch nor the provider's
// record links to.
func (k Keeper) initBatches(ctx context.Context, batches []types.Batch) error {
	followed := make(map[uint64]bool, len(batches))
	for _, batch := range batches {
		followed[batch.PreviousBatch] = true
	}
	for _, batch := range batches {
		if err := k.addBatch(ctx, batch); err != nil {
			return err
		}
		provider, err := k.models.GetProvider(ctx, sdk.MustAccAddressFromBech32(batch.Provider))
		if err != nil {
			return err
		}
		if followed[batch.Id] || provider.LastBatch == batch.Id {
			continue
		}
		if err := k.indexBatch(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) initAttestation(ctx sdk.Context, g types.GenesisState) error {
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
	head, err := k.head(ctx)
	if err != nil {
		return nil, err
	}
	g.NextBatchId, g.Accumulator, g.Attestation = head.NextBatch, head.Accumulator, head.Attestation
	if g.Disputes, err = modulekit.Values(ctx, k.Disputes); err != nil {
		return nil, err
	}
	if g.Convictions, err = modulekit.Values(ctx, k.Convictions); err != nil {
		return nil, err
	}
	if g.Sessions, err = modulekit.Values(ctx, k.Sessions); err != nil {
		return nil, err
	}
	if g.Batches, err = modulekit.Values(ctx, k.Batches); err != nil {
		return nil, err
	}
	if g.Reductions, err = modulekit.Values(ctx, k.Reductions); err != nil {
		return nil, err
	}
	if g.Items, err = k.openItems(ctx, head, types.MaxWindow); err != nil {
		return nil, err
	}
	slices.SortFunc(g.Items, func(a, b types.Item) int { return cmp.Compare(a.Number, b.Number) })
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
	err = k.Pages.Walk(ctx, nil, func(key collections.Pair[uint64, uint32], records []byte) (bool, error) {
		g.Pages = append(g.Pages, types.GenesisPage{BatchId: key.K1(), Page: key.K2(), Records: records})
		return false, nil
	})
	return &g, err
}
