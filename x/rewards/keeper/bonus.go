package keeper

import (
	"context"
	"errors"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/rewards/types"
)

// maxArrivedChunks bounds the chunks of credits of the lists taken in one block, but
// for the last; a list without any counts as one. More can only have arrived
// while the module was paused, by the gas of a block and the window of batches
// that wait for validators; they are taken in the next blocks.
const maxArrivedChunks = 1_000

// takeIn counts the lists that arrived in this block, grants their bonus within
// the token bucket, and burns what their receipts burned and retired less that
// bonus: one operation at the bank for the whole block. Supply can only fall by
// it. The bonus must be covered by what was burned alone.
func (k Keeper) takeIn(ctx context.Context, params types.Params, elapsed int64) error {
	arrived, err := k.arrived(ctx)
	if err != nil {
		return err
	}
	burned, err := get(ctx, k.PendingBurn)
	if err != nil || len(arrived) == 0 && burned.IsZero() {
		return err
	}
	asked := math.ZeroInt()
	for _, intake := range arrived {
		asked = asked.Add(intake.List.Bonus)
	}
	lists := arrivedLists{keeper: k, scale: types.ScaleOf(params.BonusPerSecond.MulRaw(elapsed).QuoRaw(1_000), asked),
		totals: types.ZeroTotals()}
	for _, intake := range arrived {
		if err := lists.take(ctx, intake); err != nil {
			return err
		}
	}
	lists.totals.Burned = lists.totals.Burned.Add(burned)
	if err := lists.net(ctx); err != nil {
		return err
	}
	totals, err := k.Totals.Get(ctx)
	if err != nil {
		return err
	}
	return errors.Join(
		k.PendingBurn.Set(ctx, math.ZeroInt()),
		add(ctx, k.PendingBounty, lists.totals.BountyPool),
		add(ctx, k.ValidatorsPot, lists.totals.Validators),
		k.Totals.Set(ctx, totals.Add(lists.totals)),
		k.countParts(ctx, lists.datanets.list, lists.models.list),
	)
}

func (k Keeper) arrived(ctx context.Context) ([]types.Intake, error) {
	var arrived []types.Intake
	work := 0
	err := k.Arrived.Walk(ctx, nil, func(_ uint64, intake types.Intake) (bool, error) {
		arrived = append(arrived, intake)
		work += max(len(intake.List.Firsts), 1)
		return work >= maxArrivedChunks, nil
	})
	return arrived, err
}

// arrivedLists takes in the lists that arrived in one block.
type arrivedLists struct {
	keeper   Keeper
	scale    uint64
	totals   types.Totals // what this block adds
	datanets merged[types.DataNetTotals]
	models   merged[types.ModelTotals]
	batches  []uint64
}

// merged sums values by id, in order of first appearance.
type merged[T interface{ Add(T) T }] struct {
	list []T
	at   map[uint64]int
}

func (m *merged[T]) add(id uint64, more T) {
	if at, known := m.at[id]; known {
		m.list[at] = m.list[at].Add(more)
		return
	}
	if m.at == nil {
		m.at = make(map[uint64]int)
	}
	m.at[id] = len(m.list)
	m.list = append(m.list, more)
}

// take counts a list, grants its bonus and hands it to the sweep. If the bonus of a list cannot be computed, the list
// gets no bonus and becomes a dead letter. Its fees are counted.
func (a *arrivedLists) take(ctx context.Context, intake types.Intake) error {
	k := a.keeper
	a.count(intake)
	a.batches = append(a.batches, intake.List.BatchId)
	if err := k.Arrived.Remove(ctx, intake.List.BatchId); err != nil {
		return err
	}
	list := intake.List
	list.BonusScale = a.scale
	var failed error
	if list.BonusGranted, failed = k.granted(ctx, list); failed == nil && list.BonusGranted.GT(intake.Burned) {
		failed = errorsmod.Wrapf(types.ErrInvariant, "bonus %s is above what was burned, %s", list.BonusGranted,
			intake.Burned)
	}
	if failed != nil {
		list.BonusScale, list.BonusGranted = 0, math.ZeroInt()
		sweep, err := k.Sweep.Get(ctx)
		if err != nil {
			return err
		}
		list.StartPage, list.StartCycle = sweep.Page, sweep.Cycle
		return k.addDeadLetter(ctx, list, sweep.Page, sweep.Cycle, reasonBonus, failed)
	}
	a.totals.Bonus = a.totals.Bonus.Add(list.BonusGranted)
	if len(list.Firsts) == 0 { // free answers
		return nil
	}
	return k.enqueueList(ctx, list)
}

// enqueueList puts a list at the end of the queue of the sweep.
func (k Keeper) enqueueList(ctx context.Context, list types.CreditList) error {
	var err error
	if list.Sequence, err = k.NextList.Next(ctx); err != nil {
		return err
	}
	return k.Lists.Set(ctx, list.Sequence, list)
}

// granted returns the bonus of a list: the sum of the bonuses that its credits ask for, each scaled and rounded down.
func (k Keeper) granted(ctx context.Context, list types.CreditList) (math.Int, error) {
	if list.BonusScale == types.FullScale || list.Bonus.IsZero() {
		return list.Bonus, nil
	}
	var granted poa.Amount
	err := k.walkCredits(ctx, list, func(credit types.AccountCredit) error {
		return addTo(&granted, types.Scale(credit.Bonus, list.BonusScale))
	})
	return types.IntOf(granted), err
}

func (a *arrivedLists) count(intake types.Intake) {
	t := &a.totals
	t.Fees = t.Fees.Add(intake.List.Fees)
	t.Burned = t.Burned.Add(intake.Burned)
	t.Retired = t.Retired.Add(intake.Retired)
	t.Contributors = t.Contributors.Add(intake.Contributors)
	t.DatanetOwners = t.DatanetOwners.Add(intake.DatanetOwners)
	t.Lineage = t.Lineage.Add(intake.Lineage)
	t.Providers = t.Providers.Add(intake.Providers)
	t.Validators = t.Validators.Add(intake.Validators)
	t.BountyPool = t.BountyPool.Add(intake.BountyPool)
	t.Receipts += intake.Receipts
	for _, more := range intake.Datanets {
		a.datanets.add(more.DatanetId, more)
	}
	for _, more := range intake.Models {
		a.models.add(more.ModelId, more)
	}
}

// net burns what the block burned and retired, less the bonus that it grants,
// which no list has above its own burn.
func (a *arrivedLists) net(ctx context.Context) error {
	burned, bonus, retired := a.totals.Burned, a.totals.Bonus, a.totals.Retired
	net := burned.Sub(bonus).Add(retired)
	if net.IsPositive() {
		if err := a.keeper.bank.BurnCoins(ctx, types.ModuleName, coins(net)); err != nil {
			return err
		}
	}
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(&types.EventSupplyNetted{
		Burned: burned, Bonus: bonus, NetBurned: net, Retired: retired, BonusScale: a.scale, Batches: a.batches,
	})
}

// forwardBounties moves what the receipts of this block left to the bounty pool.
func (k Keeper) forwardBounties(ctx context.Context) error {
	amount, err := get(ctx, k.PendingBounty)
	if err != nil || !amount.IsPositive() {
		return err
	}
	if err := k.FundBountyPool(ctx, types.ModuleName, amount); err != nil {
		return err
	}
	return k.PendingBounty.Set(ctx, math.ZeroInt())
}
