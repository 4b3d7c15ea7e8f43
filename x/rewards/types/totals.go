package types

import (
	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"
)

// Add returns the sum of two totals.
func (t Totals) Add(more Totals) Totals {
	return Totals{
		Fees: t.Fees.Add(more.Fees), Burned: t.Burned.Add(more.Burned), Bonus: t.Bonus.Add(more.Bonus),
		Emitted:      t.Emitted.Add(more.Emitted),
		Contributors: t.Contributors.Add(more.Contributors), Lineage: t.Lineage.Add(more.Lineage),
		Providers:     t.Providers.Add(more.Providers),
		DatanetOwners: t.DatanetOwners.Add(more.DatanetOwners), Validators: t.Validators.Add(more.Validators),
		BountyPool: t.BountyPool.Add(more.BountyPool), Refunds: t.Refunds.Add(more.Refunds),
		Retired:  t.Retired.Add(more.Retired),
		Receipts: t.Receipts + more.Receipts,
	}
}

// NewDataNetTotals is where counting starts for a DataNet.
func NewDataNetTotals(id uint64) DataNetTotals {
	zero := math.ZeroInt()
	return DataNetTotals{DatanetId: id, Contributors: zero, Royalties: zero, Bonus: zero}
}

// Add returns the sum of two totals of the same DataNet.
func (t DataNetTotals) Add(more DataNetTotals) DataNetTotals {
	return DataNetTotals{
		DatanetId: t.DatanetId, Receipts: t.Receipts + more.Receipts,
		Contributors: t.Contributors.Add(more.Contributors), Royalties: t.Royalties.Add(more.Royalties),
		Bonus: t.Bonus.Add(more.Bonus),
	}
}

// NewModelTotals is where counting starts for a model.
func NewModelTotals(id uint64) ModelTotals {
	zero := math.ZeroInt()
	return ModelTotals{ModelId: id, Fees: zero, Compute: zero, Royalty: zero, Unattributed: zero}
}

// Add returns the sum of two totals of the same model.
func (t ModelTotals) Add(more ModelTotals) ModelTotals {
	return ModelTotals{
		ModelId: t.ModelId, Receipts: t.Receipts + more.Receipts,
		Fees: t.Fees.Add(more.Fees), Compute: t.Compute.Add(more.Compute), Royalty: t.Royalty.Add(more.Royalty),
		Unattributed: t.Unattributed.Add(more.Unattributed),
	}
}

func validateDataNetTotals(totals []DataNetTotals) error {
	last := uint64(0)
	for _, t := range totals {
		if t.DatanetId <= last {
			return errorsmod.Wrapf(ErrInvalidGenesis, "totals of DataNet %d are out of order", t.DatanetId)
		}
		last = t.DatanetId
		if err := validateAmounts("totals of a DataNet", t.Contributors, t.Royalties, t.Bonus); err != nil {
			return err
		}
	}
	return nil
}

func validateModelTotals(totals []ModelTotals) error {
	last := uint64(0)
	for _, t := range totals {
		if t.ModelId <= last {
			return errorsmod.Wrapf(ErrInvalidGenesis, "totals of model %d are out of order", t.ModelId)
		}
		last = t.ModelId
		if err := validateAmounts("totals of a model", t.Fees, t.Compute, t.Royalty, t.Unattributed); err != nil {
			return err
		}
		if !t.Fees.Equal(t.Compute.Add(t.Royalty)) || t.Unattributed.GT(t.Royalty) {
			return errorsmod.Wrapf(ErrInvalidGenesis,
				"fees of model %d are not its compute and royalty, or unattributed is more than its royalty", t.ModelId)
		}
	}
	return nil
}

func validateAmounts(name string, amounts ...math.Int) error {
	for _, amount := range amounts {
		if err := validateAmount(name, amount); err != nil {
			return errorsmod.Wrap(ErrInvalidGenesis, err.Error())
		}
	}
	return nil
}
