package types

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// PayableEntry is what pays a contribution in a batch submitted in a block, but
// for its weight: royalties are those of that block. What was stopped before
// keeps its weight, so that no copy of it is enriched; its credit goes to the
// bounty pool, that of commons is burned.
func PayableEntry(c datanettypes.ContributionPay, royalties []rewardstypes.Share,
	height int64) (rewardstypes.PayableEntry, error) {
	entry := rewardstypes.PayableEntry{
		Rank: c.Rank, DataNet: c.DatanetId, LedgerID: c.LedgerId, Royalties: royalties,
		QualityPPM: c.Score * (rewardstypes.PPM / datanettypes.MaxScore),
	}
	if !c.PaidAt(height) {
		entry.Burn = c.Status == datanettypes.CONTRIBUTION_STATUS_COMMONS
		entry.ToPool = !entry.Burn
	}
	var err error
	entry.Contributor, err = sdk.AccAddressFromBech32(c.Contributor)
	return entry, err
}

// RoyaltyShares decodes who shares in what a DataNet's contributions earn.
func RoyaltyShares(royalties []datanettypes.Royalty) ([]rewardstypes.Share, error) {
	var shares []rewardstypes.Share
	for _, royalty := range royalties {
		address, err := sdk.AccAddressFromBech32(royalty.Address)
		if err != nil {
			return nil, err
		}
		shares = append(shares, rewardstypes.Share{Address: address, PPM: royalty.Ppm})
	}
	return shares, nil
}
