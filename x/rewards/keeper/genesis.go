package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// InitGenesis sets the whole state. The bank must have been initialised.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if supply := k.bank.GetSupply(ctx, types.Denom).Amount; supply.Add(g.Reserve).GT(types.MaxSupply) {
		return errorsmod.Wrapf(types.ErrInvalidGenesis, "supply %s plus reserve %s is above the maximum supply %s: lower the balances or the reserve", supply, g.Reserve, types.MaxSupply)
	}
	if err := errors.Join(
		k.Params.Set(ctx, g.Params),
		k.Reserve.Set(ctx, g.Reserve),
		k.NextList.Set(ctx, max(g.NextListId, 1)),
		k.Totals.Set(ctx, g.Totals),
		k.ValidatorsPot.Set(ctx, g.ValidatorsPot),
		k.BountyPool.Set(ctx, g.BountyPool),
		k.Clock.Set(ctx, g.Clock),
		k.Sweep.Set(ctx, g.Sweep),
		k.PendingBurn.Set(ctx, g.PendingBurn),
		k.PendingBounty.Set(ctx, g.PendingBounty),
		k.AttestEscrow.Set(ctx, g.AttestEscrow),
		k.PendingRetired.Set(ctx, g.PendingRetired),
	); err != nil {
		return err
	}
	if err := k.initLedger(ctx, g); err != nil {
		return err
	}
	for _, waiting := range g.Lists {
		if err := k.initList(ctx, waiting); err != nil {
			return err
		}
	}
	for _, waiting := range g.Held {
		var err error
		if waiting.Held.List.Chunks, err = k.storeCredits(ctx, waiting.Held.List.Id, waiting.Credits); err != nil {
			return err
		}
		if err := k.Held.Set(ctx, waiting.Held.List.Id, waiting.Held); err != nil {
			return err
		}
	}
	for _, id := range g.Arrived {
		if err := k.Arrived.Set(ctx, id); err != nil {
			return err
		}
	}
	if err := k.countParts(ctx, types.Prepared{DataNets: g.DatanetTotals, Models: g.ModelTotals}); err != nil {
		return err
	}
	return k.CheckInvariants(ctx)
}

func (k Keeper) initLedger(ctx context.Context, g types.GenesisState) error {
	var page types.Page
	for _, account := range g.Accounts {
		address, err := sdk.AccAddressFromBech32(account.Address)
		if err != nil {
			return err
		}
		id, err := k.ledgerID(ctx, address)
		if err != nil {
			return err
		}
		number, at := types.PageOf(id)
		if at == 0 {
			page = types.Page{}
		}
		if page[at].Balance, err = types.AmountOf(account.Balance); err != nil {
			return err
		}
		if page[at].Earned, err = types.AmountOf(account.Earned); err != nil {
			return err
		}
		if page[at].Contributed, err = types.AmountOf(account.Contributed); err != nil {
			return err
		}
		if err := k.Pages.Set(ctx, number, page); err != nil {
			return err
		}
		chosen, err := types.ParseThreshold(account.PayoutThreshold)
		if err != nil {
			return err
		}
		if chosen != nil {
			if err := k.Thresholds.Set(ctx, id, *chosen); err != nil {
				return err
			}
		}
		if due, err := k.due(ctx, id, page[at], g.Params); err != nil {
			return err
		} else if due {
			if err := k.DuePages.Set(ctx, number); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k Keeper) initList(ctx context.Context, waiting types.GenesisCreditList) error {
	list := waiting.List
	var err error
	if list.Chunks, err = k.storeCredits(ctx, list.Id, waiting.Credits); err != nil {
		return err
	}
	return k.Lists.Set(ctx, list.Id, list)
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	var g types.GenesisState
	var err error
	if g.Params, err = k.Params.Get(ctx); err != nil {
		return nil, err
	}
	if g.Reserve, err = k.Reserve.Get(ctx); err != nil {
		return nil, err
	}
	if g.NextListId, err = k.NextList.Peek(ctx); err != nil {
		return nil, err
	}
	if g.Totals, err = k.Totals.Get(ctx); err != nil {
		return nil, err
	}
	if g.ValidatorsPot, err = k.ValidatorsPot.Get(ctx); err != nil {
		return nil, err
	}
	if g.BountyPool, err = k.BountyPool.Get(ctx); err != nil {
		return nil, err
	}
	if g.Clock, err = k.Clock.Get(ctx); err != nil {
		return nil, err
	}
	if g.Sweep, err = k.Sweep.Get(ctx); err != nil {
		return nil, err
	}
	if g.PendingBurn, err = k.PendingBurn.Get(ctx); err != nil {
		return nil, err
	}
	if g.PendingBounty, err = k.PendingBounty.Get(ctx); err != nil {
		return nil, err
	}
	if err = k.Arrived.Walk(ctx, nil, func(id uint64) (bool, error) {
		g.Arrived = append(g.Arrived, id)
		return false, nil
	}); err != nil {
		return nil, err
	}
	if g.Accounts, err = k.exportLedger(ctx); err != nil {
		return nil, err
	}
	if g.AttestEscrow, err = get(ctx, k.AttestEscrow); err != nil {
		return nil, err
	}
	if g.PendingRetired, err = get(ctx, k.PendingRetired); err != nil {
		return nil, err
	}
	if g.DatanetTotals, err = values(ctx, k.DataNetTotals); err != nil {
		return nil, err
	}
	if g.ModelTotals, err = values(ctx, k.ModelTotals); err != nil {
		return nil, err
	}
	if g.Held, err = k.exportHeld(ctx); err != nil {
		return nil, err
	}
	g.Lists, err = k.exportLists(ctx)
	return &g, err
}

// values returns the values of a map by id.
func values[V any](ctx context.Context, from collections.Map[uint64, V]) ([]V, error) {
	iterator, err := from.Iterate(ctx, nil)
	if err != nil {
		return nil, err
	}
	return iterator.Values()
}

func (k Keeper) exportHeld(ctx context.Context) ([]types.GenesisHeldList, error) {
	var lists []types.GenesisHeldList
	err := k.Held.Walk(ctx, nil, func(_ uint64, held types.HeldList) (bool, error) {
		waiting := types.GenesisHeldList{Held: held}
		err := k.walkCredits(ctx, held.List, func(credit types.Credit) error {
			waiting.Credits = append(waiting.Credits, credit)
			return nil
		})
		lists = append(lists, waiting)
		return false, err
	})
	return lists, err
}

func (k Keeper) exportLedger(ctx context.Context) ([]types.LedgerAccount, error) {
	var accounts []types.LedgerAccount
	err := k.Accounts.Walk(ctx, nil, func(id uint64, address sdk.AccAddress) (bool, error) {
		account, err := k.ledgerAccount(ctx, id, address)
		accounts = append(accounts, account)
		return false, err
	})
	return accounts, err
}

func (k Keeper) ledgerAccount(ctx context.Context, id uint64, address sdk.AccAddress) (types.LedgerAccount, error) {
	number, at := types.PageOf(id)
	page, err := k.page(ctx, number)
	if err != nil {
		return types.LedgerAccount{}, err
	}
	account := types.LedgerAccount{
		Id: id, Address: address.String(), Balance: types.IntOf(page[at].Balance), Earned: types.IntOf(page[at].Earned),
		Contributed: types.IntOf(page[at].Contributed),
	}
	chosen, err := k.Thresholds.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return account, nil
	}
	if err == nil {
		account.PayoutThreshold = chosen.String()
	}
	return account, err
}

func (k Keeper) exportLists(ctx context.Context) ([]types.GenesisCreditList, error) {
	var lists []types.GenesisCreditList
	err := k.Lists.Walk(ctx, nil, func(_ uint64, list types.CreditList) (bool, error) {
		waiting := types.GenesisCreditList{List: list}
		err := k.walkCredits(ctx, list, func(credit types.Credit) error {
			waiting.Credits = append(waiting.Credits, credit)
			return nil
		})
		lists = append(lists, waiting)
		return false, err
	})
	return lists, err
}
