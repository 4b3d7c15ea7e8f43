package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"runtime/debug"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

const (
	addressSize = 20
	// seedStep is the number of accounts that are committed together, which bounds memory.
	seedStep = 50_000
	// minAccounts is the smallest ledger that can be measured.
	minAccounts = 64
)

// spread maps 0 … n−1 onto itself in an order that looks random.
func spread(i, n int) int {
	factor := 611_953 % n
	for factor < 2 || gcd(factor, n) != 1 {
		factor++
	}
	return (i*factor + n/3) % n
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// address returns the address of an account of the ledger.
func (w *world) address(id int) sdk.AccAddress {
	return w.addresses[id*addressSize : (id+1)*addressSize : (id+1)*addressSize]
}

// outsider returns the address of an account that is not in the ledger.
func outsider(role string, i int) sdk.AccAddress {
	hash := sha256.Sum256(fmt.Appendf(nil, "openledger/bench/%s %d", role, i))
	return hash[:addressSize]
}

// seed registers the accounts. It writes keys in their order, which is fastest. The order of ledger ids differs from
// that of addresses.
func (w *world) seed() error {
	w.addresses = make([]byte, w.accounts*addressSize)
	ids := make([]int, w.accounts) // by address
	for id := range w.accounts {
		rank := spread(id, w.accounts)
		ids[rank] = id
		hash := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("openledger/bench/account"), uint64(id)))
		address := w.address(id)
		copy(address, hash[:])
		binary.BigEndian.PutUint64(address, math.MaxUint64/uint64(w.accounts)*uint64(rank)+uint64(hash[31]))
	}
	if !slices.IsSortedFunc(ids, func(a, b int) int { return cmp.Compare(string(w.address(a)), string(w.address(b))) }) {
		return fmt.Errorf("addresses of %d accounts are not in order", w.accounts)
	}
	// What is written stays in memory until it is committed, so that frequent garbage collection would find little.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	for from := 0; from < w.accounts; from += seedStep {
		to := min(from+seedStep, w.accounts)
		b := w.begin()
		if err := w.seedLedger(b.ctx, ids, from, to); err != nil {
			return err
		}
		if err := w.seedBank(b.ctx, ids[from:to]); err != nil {
			return err
		}
		if err := b.commit(); err != nil {
			return err
		}
		if to%100_000 == 0 {
			progress("%d of %d accounts registered", to, w.accounts)
		}
	}
	return nil
}

// seedLedger gives accounts what a first credit gives them: a ledger id, and a row on a page.
func (w *world) seedLedger(ctx sdk.Context, ids []int, from, to int) error {
	k := w.app.RewardsKeeper
	for i := from; i < to; i++ {
		if err := k.AccountIDs.Set(ctx, w.address(ids[i]), uint64(ids[i])); err != nil {
			return err
		}
		if err := k.Accounts.Set(ctx, uint64(i), w.address(i)); err != nil {
			return err
		}
		if page, row := rewardstypes.PageOf(uint64(i)); row == 0 || i == from {
			if err := k.Pages.Set(ctx, page, rewardstypes.Page{}); err != nil {
				return err
			}
		}
	}
	return k.NextAccount.Set(ctx, uint64(to))
}

// seedBank gives accounts a balance, as if each had been paid before.
func (w *world) seedBank(ctx sdk.Context, ids []int) error {
	for _, id := range ids {
		number, err := w.app.AccountKeeper.AccountNumber.Next(ctx)
		if err != nil {
			return err
		}
		account := authtypes.NewBaseAccount(w.address(id), nil, number, 0)
		if err := w.app.AccountKeeper.Accounts.Set(ctx, w.address(id), account); err != nil {
			return err
		}
		if err := w.app.BankKeeper.Balances.Set(ctx, collections.Join(w.address(id), rewardstypes.Denom),
			open(1)); err != nil {
			return err
		}
	}
	from := collections.Join(outsider("seed", 0), rewardstypes.Denom)
	left, err := w.app.BankKeeper.Balances.Get(ctx, from)
	if err != nil {
		return err
	}
	if left = left.Sub(open(int64(len(ids)))); left.IsZero() {
		return w.app.BankKeeper.Balances.Remove(ctx, from)
	}
	return w.app.BankKeeper.Balances.Set(ctx, from, left)
}
