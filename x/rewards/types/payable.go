package types

import (
	"cosmossdk.io/math"

	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// maxAmountBits bounds every amount of a receipt.
const maxAmountBits = 127

// PayableEntry is a contribution's part of an answer and what it takes to pay it.
type PayableEntry struct {
	Rank        uint64
	DataNet     uint64 // counts what the entry pays; 0 is not counted
	Contributor sdk.AccAddress
	LedgerID    uint64  // of the contributor; 0 is looked up
	Royalties   []Share // of what the entry earns, to its DataNet; at most PPM in all
	WeightPPM   uint32  // of the answer
	LoraPPM     uint32  // of WeightPPM, for what it taught an adapter: it earns no bonus
	QualityPPM  uint32  // of the contribution
	ToPool      bool    // credit goes to the bounty pool: recalled or aliased data
	Burn        bool    // data share is burned without a bonus: commons, which nobody earns from; goes before ToPool
}

// Payable is a receipt to be paid.
type Payable struct {
	Model           uint64 // counts the receipt; 0 is not counted
	Provider        sdk.AccAddress
	Compute         math.Int // aopen
	Royalty         math.Int // aopen
	Acknowledged    bool
	Lineage         []Share // sums to PPM
	Entries         []PayableEntry
	UnattributedPPM uint32 // with the entries' weights sums to PPM
}

// Validate reports what keeps the receipt from being paid.
func (p Payable) Validate() error {
	if err := validateAmount("compute", p.Compute); err != nil {
		return err
	}
	if err := validateAmount("royalty", p.Royalty); err != nil {
		return err
	}
	if p.Provider.Empty() {
		return errorsmod.Wrap(ErrInvalidPayable, "no provider")
	}
	lineage := uint64(0)
	for _, share := range p.Lineage {
		if share.Address.Empty() {
			return errorsmod.Wrap(ErrInvalidPayable, "lineage share without an owner")
		}
		lineage += uint64(share.PPM)
	}
	if lineage != PPM {
		return errorsmod.Wrapf(ErrInvalidPayable, "lineage sums to %d ppm, not %d", lineage, PPM)
	}
	weights := uint64(p.UnattributedPPM)
	for _, entry := range p.Entries {
		if err := entry.validate(); err != nil {
			return errorsmod.Wrapf(err, "contribution %d", entry.Rank)
		}
		weights += uint64(entry.WeightPPM)
	}
	if weights != PPM {
		return errorsmod.Wrapf(ErrInvalidPayable, "weights sum to %d ppm, not %d", weights, PPM)
	}
	return nil
}

func (e PayableEntry) validate() error {
	if e.Contributor.Empty() {
		return errorsmod.Wrap(ErrInvalidPayable, "no contributor")
	}
	if e.LoraPPM > e.WeightPPM {
		return errorsmod.Wrapf(ErrInvalidPayable, "%d ppm by influence, of %d ppm in all", e.LoraPPM, e.WeightPPM)
	}
	if e.QualityPPM > PPM {
		return errorsmod.Wrapf(ErrInvalidPayable, "quality of %d ppm, at most %d", e.QualityPPM, PPM)
	}
	royalties := uint64(0)
	for _, share := range e.Royalties {
		if share.Address.Empty() {
			return errorsmod.Wrap(ErrInvalidPayable, "royalty for nobody")
		}
		royalties += uint64(share.PPM)
	}
	if royalties > PPM {
		return errorsmod.Wrapf(ErrInvalidPayable, "royalties sum to %d ppm, at most %d", royalties, PPM)
	}
	return nil
}

func validateAmount(name string, amount math.Int) error {
	if amount.IsNil() || amount.IsNegative() || amount.BigIntMut().BitLen() > maxAmountBits {
		return errorsmod.Wrapf(ErrInvalidAmount, "%s must be between 0 and 2^%d aopen", name, maxAmountBits)
	}
	return nil
}

// Prepared is a batch of receipts split into credits. Amounts are frozen: no
// later change of parameters, owners or quality moves them.
type Prepared struct {
	Fees       math.Int // aopen, equals the sum of everything below but Bonus
	Burned     math.Int
	Bonus      math.Int // minted on top, at most
	Validators math.Int
	BountyPool math.Int
	Retired    math.Int        // data share of commons, burned beside Burned
	Credits    []AccountCredit // by ledger id
	Receipts   uint64

	// Parts of Credits by role, for the totals.
	Contributors, DatanetOwners, Lineage, Providers math.Int

	// What the batch adds to the totals of DataNets and models, by id.
	DataNets []DataNetTotals
	Models   []ModelTotals
}

// Refund is what goes back to one payer.
type Refund struct {
	Payer  sdk.AccAddress
	Amount math.Int // aopen
}

// OperatorPay is what a validator has earned as attestor.
type OperatorPay struct {
	Operator sdk.ValAddress
	Amount   math.Int // aopen
}

// Accounts that the batch credits.
func (p Prepared) Accounts() int { return len(p.Credits) }
