package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/rewards/types"
)

// InitGenesis sets the whole state. The bank must have been initialised.
func (k Keeper) InitGenesis(ctx context.Context, g types.GenesisState) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if supply := k.bank.GetSupply(ctx, types.Denom).Amount; supply.Add(g.Reserve).GT(types.MaxSupply) {
		return errorsmod.Wrapf(types.ErrInvalidGenesis,
			"supply %s plus reserve %s is above the maximum supply %s: lower the balances or the reserve", supply, g.Reserve,
			types.MaxSupply)
	}
	if err := errors.Join(
		k.Params.Set(ctx, g.Params),
		k.Reserve.Set(ctx, g.Reserve),
		k.NextList.Set(ctx, max(g.NextSequence, 1)),
		k.Totals.Set(ctx, g.Totals),
		k.ValidatorsPot.Set(ctx, g.ValidatorsPot),
		k.BountyPool.Set(ctx, g.BountyPool),
		k.Clock.Set(ctx, g.Clock),
		k.Sweep.Set(ctx, g.Sweep),
		k.PendingBurn.Set(ctx, g.PendingBurn),
		k.PendingBounty.Set(ctx, g.PendingBounty),
		k.AttestEscrow.Set(ctx, g.AttestEscrow),
	); err != nil {
		return err
	}
	if err := k.initLedger(ctx, g); err != nil {
		return err
	}
	if err := k.initLists(ctx, g); err != nil {
		return err
	}
	for _, owed := range g.Owed {
		if err := k.Owed.Set(ctx, owed.Module, owed.Amount); err != nil {
			return err
		}
	}
	if err := k.countParts(ctx, g.DatanetTotals, g.ModelTotals); err != nil {
		return err
	}
	return k.CheckInvariants(ctx)
}

func (k Keeper) initLedger(ctx context.Context, g types.GenesisState) error {
	var page types.Page
	for i, account := range g.Accounts {
		address, err := sdk.AccAddressFromBech32(account.Address)
		if err != nil {
			return err
		}
		id, err := k.LedgerID(ctx, address)
		if err != nil {
			return err
		}
		number, at := types.PageOf(id)
		if page.Rows[at], err = k.initRow(ctx, id, account); err != nil {
			return err
		}
		if at == types.AccountsPerPage-1 || i == len(g.Accounts)-1 {
			if err := k.setPage(ctx, number, page, g.Params); err != nil {
				return err
			}
			page = types.Page{}
		}
	}
	return nil
}

// initRow returns the row of an account and stores what stands beside it.
func (k Keeper) initRow(ctx context.Context, id uint64, account types.LedgerAccount) (row types.Row, err error) {
	if row.Balance, err = types.AmountOf(account.Balance); err != nil {
		return row, err
	}
	if row.Earned, err = types.AmountOf(account.Earned); err != nil {
		return row, err
	}
	if row.Contributed, err = types.AmountOf(account.Contributed); err != nil {
		return row, err
	}
	if account.PaidOut.IsPositive() {
		if err := k.PaidOut.Set(ctx, id, account.PaidOut); err != nil {
			return row, err
		}
	}
	chosen, err := types.ParseThreshold(account.PayoutThreshold)
	if err != nil || chosen == nil {
		return row, err
	}
	row.Threshold = true
	return row, k.Thresholds.Set(ctx, id, *chosen)
}

func (k Keeper) initLists(ctx context.Context, g types.GenesisState) error {
	for _, waiting := range g.Lists {
		list := waiting.List
		if err := k.initCredits(ctx, &list, waiting.Credits); err != nil {
			return err
		}
		if err := k.Lists.Set(ctx, list.Sequence, list); err != nil {
			return err
		}
	}
	for _, waiting := range g.Arrived {
		if err := k.initCredits(ctx, &waiting.Intake.List, waiting.Credits); err != nil {
			return err
		}
		if err := k.Arrived.Set(ctx, waiting.Intake.List.BatchId, waiting.Intake); err != nil {
			return err
		}
	}
	for _, waiting := range g.Held {
		if err := k.initCredits(ctx, &waiting.Intake.List, waiting.Credits); err != nil {
			return err
		}
		if err := k.Escrowed.Set(ctx, waiting.Intake.List.BatchId, waiting.Intake); err != nil {
			return err
		}
	}
	for _, letter := range g.DeadLetters {
		for n, chunk := range letter.Chunks {
			if err := k.Chunks.Set(ctx, collections.Join(letter.DeadLetter.List.BatchId, uint32(n)), chunk); err != nil {
				return err
			}
		}
		if err := k.DeadLetters.Set(ctx, letter.DeadLetter.List.BatchId, letter.DeadLetter); err != nil {
			return err
		}
	}
	return nil
}

func (k Keeper) initCredits(ctx context.Context, list *types.CreditList, credits []types.Credit) error {
	packed := make([]types.AccountCredit, len(credits))
	for i, credit := range credits {
		var err error
		if packed[i], err = credit.Packed(); err != nil {
			return err
		}
	}
	var err error
	list.Firsts, err = k.storeCredits(ctx, list.BatchId, packed)
	return err
}

// ExportGenesis returns the whole state.
func (k Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	g := types.GenesisState{AccountsPerPage: types.AccountsPerPage}
	var err error
	if g.Params, err = k.Params.Get(ctx); err != nil {
		return nil, err
	}
	if g.Reserve, err = k.Reserve.Get(ctx); err != nil {
		return nil, err
	}
	if g.NextSequence, err = k.NextList.Peek(ctx); err != nil {
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
	if g.Accounts, err = k.exportLedger(ctx); err != nil {
		return nil, err
	}
	if g.AttestEscrow, err = get(ctx, k.AttestEscrow); err != nil {
		return nil, err
	}
	if g.DatanetTotals, err = values(ctx, k.DataNetTotals); err != nil {
		return nil, err
	}
	if g.ModelTotals, err = values(ctx, k.ModelTotals); err != nil {
		return nil, err
	}
	if err = k.Owed.Walk(ctx, nil, func(module string, amount math.Int) (bool, error) {
		g.Owed = append(g.Owed, types.Owed{Module: module, Amount: amount})
		return false, nil
	}); err != nil {
		return nil, err
	}
	if g.Arrived, err = k.exportUnswept(ctx, k.Arrived); err != nil {
		return nil, err
	}
	if g.Held, err = k.exportUnswept(ctx, k.Escrowed); err != nil {
		return nil, err
	}
	if g.DeadLetters, err = k.exportDeadLetters(ctx); err != nil {
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

// exportCredits returns the credits of a list and its header without the index
// of chunks, which import makes anew.
func (k Keeper) exportCredits(ctx context.Context, list *types.CreditList) ([]types.Credit, error) {
	var credits []types.Credit
	err := k.walkCredits(ctx, *list, func(credit types.AccountCredit) error {
		credits = append(credits, credit.Proto())
		return nil
	})
	list.Firsts = nil
	return credits, err
}

func (k Keeper) exportUnswept(ctx context.Context,
	from collections.Map[uint64, types.Intake]) ([]types.GenesisIntake, error) {
	var intakes []types.GenesisIntake
	err := from.Walk(ctx, nil, func(_ uint64, intake types.Intake) (bool, error) {
		credits, err := k.exportCredits(ctx, &intake.List)
		intakes = append(intakes, types.GenesisIntake{Intake: intake, Credits: credits})
		return false, err
	})
	return intakes, err
}

func (k Keeper) exportDeadLetters(ctx context.Context) ([]types.GenesisDeadLetter, error) {
	var letters []types.GenesisDeadLetter
	err := k.DeadLetters.Walk(ctx, nil, func(_ uint64, letter types.DeadLetter) (bool, error) {
		exported := types.GenesisDeadLetter{DeadLetter: letter}
		for n := range letter.List.Firsts {
			chunk, err := k.Chunks.Get(ctx, collections.Join(letter.List.BatchId, uint32(n)))
			if err != nil {
				return true, err
			}
			exported.Chunks = append(exported.Chunks, chunk)
		}
		letters = append(letters, exported)
		return false, nil
	})
	return letters, err
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
	paid, err := k.paidOut(ctx, id)
	if err != nil {
		return types.LedgerAccount{}, err
	}
	row := page.Rows[at]
	account := types.LedgerAccount{
		Id: id, Address: address.String(), Balance: types.IntOf(row.Balance), Earned: types.IntOf(row.Earned),
		Contributed: types.IntOf(row.Contributed), PaidOut: paid,
	}
	if !row.Threshold {
		return account, nil
	}
	chosen, err := k.Thresholds.Get(ctx, id)
	if err == nil {
		account.PayoutThreshold = chosen.String()
	}
	return account, err
}

func (k Keeper) exportLists(ctx context.Context) ([]types.GenesisCreditList, error) {
	var lists []types.GenesisCreditList
	err := k.Lists.Walk(ctx, nil, func(_ uint64, list types.CreditList) (bool, error) {
		credits, err := k.exportCredits(ctx, &list)
		lists = append(lists, types.GenesisCreditList{List: list, Credits: credits})
		return false, err
	})
	return lists, err
}
