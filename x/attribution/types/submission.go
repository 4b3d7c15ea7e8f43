package types

import (
	"bytes"
	"slices"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

const (
	// MaxSurge is how much more a submission costs at most, in thousandths.
	MaxSurge = 1_000_000

	noSurge = 1_000
)

// Announced is what a batch has validators fetch and recompute.
type Announced struct{ Bytes, Work uint64 }

// Announced by the batch.
func (b Batch) Announced() Announced { return Announced{b.BundleBytes, b.BundleWork} }

// SubmissionFee is what an attested batch burns: the largest of a flat fee, a price for its bytes and one for its work,
// so that to fill a block in one way costs as much as to fill it in another; and more while blocks are full.
func (a Attestation) SubmissionFee(params Params, announced Announced) math.Int {
	kib, mega := (announced.Bytes+1023)/1024, (announced.Work+999_999)/1_000_000
	fee := math.MaxInt(params.SubmissionFee, math.MaxInt(
		params.SubmissionFeePerKib.Mul(math.NewIntFromUint64(kib)),
		params.SubmissionFeePerMegaWork.Mul(math.NewIntFromUint64(mega)),
	))
	return fee.Mul(math.NewIntFromUint64(noSurge + a.Surge)).QuoRaw(noSurge)
}

// Enter begins a block. The surge grows by an eighth after a block that was more than half full, and falls by an eighth
// after any other, so that nobody can keep others out for long at a price that others could pay: after a hundred such
// blocks everything costs a thousand times as much. What others pay in quiet times stays as it is.
func (a *Attestation) Enter(params Params, height int64) {
	full := a.BundleBytes > params.BundleBytesPerBlock/2 || a.BundleWork > params.BundleWorkPerBlock/2
	crowded := a.Batches > BatchesWindow/2
	for block := a.BundleHeight; block < height; block++ {
		if !full && !crowded && a.Surge == 0 || crowded && a.Surge == MaxSurge {
			break
		}
		if full || crowded {
			a.Surge = min((noSurge+a.Surge)*9/8-noSurge, MaxSurge)
		} else {
			a.Surge = max((noSurge+a.Surge)*7/8, noSurge) - noSurge
		}
		full = false // nothing was announced in the blocks between
	}
	if height != a.BundleHeight {
		a.BundleHeight, a.BundleBytes, a.BundleWork, a.BundleShares = height, 0, 0, nil
	}
}

// Announce counts what a batch announces in the block. One provider may announce half of what a block takes, so that
// one alone keeps nobody out.
func (a *Attestation) Announce(params Params, provider sdk.AccAddress, announced Announced) error {
	most := Announced{params.BundleBytesPerBlock / 2, params.BundleWorkPerBlock / 2}
	if announced.Bytes > most.Bytes || announced.Work > most.Work {
		return errorsmod.Wrapf(
			ErrOversize, "the batch announces %d bytes and %d units of work, at most %d and %d: send several batches",
			announced.Bytes, announced.Work, most.Bytes, most.Work)
	}
	share := a.share(provider)
	own := Announced{announced.Bytes, announced.Work}
	if share >= 0 {
		own.Bytes, own.Work = own.Bytes+a.BundleShares[share].Bytes, own.Work+a.BundleShares[share].Work
	}
	if own.Bytes > most.Bytes || own.Work > most.Work {
		return errorsmod.Wrapf(
			ErrWindowFull, "the provider's batches of this block announce %d bytes and %d units of work, at most %d and %d: "+
				"submit again in the next block", own.Bytes, own.Work, most.Bytes, most.Work)
	}
	all := Announced{a.BundleBytes + announced.Bytes, a.BundleWork + announced.Work}
	if all.Bytes > params.BundleBytesPerBlock || all.Work > params.BundleWorkPerBlock {
		return errorsmod.Wrapf(
			ErrWindowFull, "the batches of this block announce %d bytes and %d units of work, at most %d and %d: submit "+
				"again in the next block", all.Bytes, all.Work, params.BundleBytesPerBlock, params.BundleWorkPerBlock)
	}
	a.BundleBytes, a.BundleWork = all.Bytes, all.Work
	if share < 0 {
		a.BundleShares = append(a.BundleShares, BundleShare{Provider: provider, Bytes: own.Bytes, Work: own.Work})
	} else {
		a.BundleShares[share].Bytes, a.BundleShares[share].Work = own.Bytes, own.Work
	}
	return nil
}

// share returns the place of a provider's share, or -1.
func (a *Attestation) share(provider sdk.AccAddress) int {
	return slices.IndexFunc(a.BundleShares, func(s BundleShare) bool { return bytes.Equal(s.Provider, provider) })
}
