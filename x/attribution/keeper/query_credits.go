package keeper

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// BatchCredits implements types.QueryServer. It splits the receipts of a batch again, as x/rewards did when it was
// submitted: with the terms that the batch has frozen and the royalties of its block. Owners of models are those of the
// state that is asked: ask the state of the batch's height for those who were paid.
func (s queryServer) BatchCredits(ctx context.Context,
	req *types.QueryBatchCreditsRequest) (*types.QueryBatchCreditsResponse, error) {
	if req == nil {
		return nil, errNoRequest
	}
	only := sdk.AccAddress(nil)
	if req.Address != "" {
		var err error
		if only, err = parseAddress("address", req.Address); err != nil {
			return nil, err
		}
	}
	batch, err := s.GetBatch(ctx, req.BatchId)
	if err != nil {
		return nil, found(err)
	}
	reductions, err := s.reductionsOf(ctx, batch.Id)
	if err != nil {
		return nil, err
	}
	accounts, err := s.credits(sdk.UnwrapSDKContext(ctx), batch, reductions, only)
	return &types.QueryBatchCreditsResponse{
		Accounts: accounts, Payment: batch.Payment(), BatchStatus: batch.Status, Height: batch.Height,
		SettledHeight: batch.SettledHeight,
		Reductions:    reductions,
	}, err
}

// credits returns what a batch credits, by address.
func (k Keeper) credits(ctx sdk.Context, batch types.Batch, reductions []types.Reduction,
	only sdk.AccAddress) ([]types.AccountCredit, error) {
	c := crediting{only: only, place: make(map[string]int), countedIn: make(map[partOfAccount]uint64)}
	from, provider := newSource(ctx, k, batch.Height), sdk.MustAccAddressFromBech32(batch.Provider)
	from.reduced(reductions)
	versions := make(map[modelVersion]modelstypes.ModelVersion)
	for page := range batch.Pages {
		packed, err := k.Pages.Get(ctx, collections.Join(batch.Id, page))
		if err != nil {
			return nil, err
		}
		records, err := poa.UnpackRecords(packed)
		if err != nil {
			return nil, err
		}
		for _, record := range records {
			at := versionOf(record)
			version, known := versions[at]
			if !known {
				if version, err = k.models.GetModelVersion(ctx, at.id, at.version); err != nil {
					return nil, err
				}
				versions[at] = version
			}
			payable, err := k.payable(from, provider, record, version.Royalty, nil)
			if err != nil {
				return nil, err
			}
			split, err := rewardstypes.Split(batch.Terms, payable)
			if err != nil {
				return nil, err
			}
			if err := c.receipt(payable, batch.Paid(split)); err != nil {
				return nil, err
			}
		}
	}
	return c.sorted(), nil
}

// crediting adds up what receipts credit to accounts.
type crediting struct {
	only      sdk.AccAddress // nil for all
	receipts  uint64         // counted
	accounts  []creditedAccount
	place     map[string]int           // address bytes → index in accounts
	countedIn map[partOfAccount]uint64 // receipt that a part was last counted in
}

type creditedAccount struct {
	address sdk.AccAddress
	credit  types.AccountCredit
}

// partOfAccount names a part of what an account is credited.
type partOfAccount struct{ account, part int }

// receipt mirrors what x/rewards credits for a receipt.
func (c *crediting) receipt(payable rewardstypes.Payable, paid rewardstypes.Payout) error {
	c.receipts++
	zero := math.ZeroInt()
	c.add(payable.Provider, types.CREDIT_ROLE_PROVIDER, payable.Model, 0, paid.Provider, zero)
	lineage, err := rewardstypes.LineageAmounts(paid.Lineage, payable.Lineage)
	if err != nil {
		return err
	}
	for i, amount := range lineage {
		c.add(payable.Lineage[i].Address, types.CREDIT_ROLE_LINEAGE, payable.Model, 0, amount, zero)
	}
	for i, entry := range paid.Entries {
		of := payable.Entries[i]
		c.add(of.Contributor, types.CREDIT_ROLE_CONTRIBUTOR, payable.Model, of.DataNet, entry.Amount, entry.Bonus)
		earned, err := rewardstypes.AmountOf(entry.Amount.Add(entry.OwnerAmount))
		if err != nil {
			return err
		}
		for _, royalty := range of.Royalties {
			c.add(royalty.Address, types.CREDIT_ROLE_DATANET, payable.Model, of.DataNet,
				rewardstypes.IntOf(rewardstypes.RoyaltyAmount(earned, royalty)), zero)
		}
	}
	return nil
}

func (c *crediting) add(address sdk.AccAddress, role types.CreditRole, model, datanet uint64, amount, bonus math.Int) {
	if amount.IsZero() && bonus.IsZero() || c.only != nil && !c.only.Equals(address) {
		return
	}
	at, known := c.place[string(address)]
	if !known {
		at = len(c.accounts)
		c.place[string(address)] = at
		zero := math.ZeroInt()
		c.accounts = append(
			c.accounts, creditedAccount{
				address, types.AccountCredit{Address: address.String(), Amount: zero, Contributed: zero, Bonus: zero}})
	}
	credit := &c.accounts[at].credit
	credit.Amount, credit.Bonus = credit.Amount.Add(amount), credit.Bonus.Add(bonus)
	if role == types.CREDIT_ROLE_CONTRIBUTOR {
		credit.Contributed = credit.Contributed.Add(amount)
	}
	n := slices.IndexFunc(credit.Parts, func(p types.CreditPart) bool {
		return p.Role == role && p.ModelId == model && p.DatanetId == datanet
	})
	if n < 0 {
		n = len(credit.Parts)
		credit.Parts = append(
			credit.Parts, types.CreditPart{Role: role, ModelId: model, DatanetId: datanet, Amount: math.ZeroInt(),
				Bonus: math.ZeroInt()})
	}
	part := &credit.Parts[n]
	part.Amount, part.Bonus = part.Amount.Add(amount), part.Bonus.Add(bonus)
	// A receipt can pay an account several times as the same thing; it is one receipt.
	if here := (partOfAccount{at, n}); c.countedIn[here] != c.receipts {
		c.countedIn[here] = c.receipts
		part.Receipts++
	}
}

// sorted returns the accounts by address, each with its parts by role, model and DataNet.
func (c *crediting) sorted() []types.AccountCredit {
	slices.SortFunc(c.accounts, func(a, b creditedAccount) int { return bytes.Compare(a.address, b.address) })
	out := make([]types.AccountCredit, len(c.accounts))
	for i, account := range c.accounts {
		slices.SortFunc(account.credit.Parts, func(a, b types.CreditPart) int {
			return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.ModelId, b.ModelId), cmp.Compare(a.DatanetId, b.DatanetId))
		})
		out[i] = account.credit
	}
	return out
}
