package types

import (
	sdk "github.com/cosmos/cosmos-sdk/types"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// PayableEntry is what pays a contribution in a batch submitted in a block:
// royalties are those of that block. What was stopped before keeps its weight,
// so that no copy of it is enriched; its credit goes to the bounty pool, that of
// commons is burned.
func PayableEntry(c datanettypes.Contribution, royalties []datanettypes.Royalty, weightPPM uint32, height int64) (rewardstypes.PayableEntry, error) {
	entry := rewardstypes.PayableEntry{
		Rank: c.Rank, DataNet: c.DatanetId, LedgerID: c.LedgerId, WeightPPM: weightPPM, QualityPPM: c.Score * (rewardstypes.PPM / datanettypes.MaxScore),
	}
	if !c.PaidAt(height) {
		entry.Burn = c.Status == datanettypes.CONTRIBUTION_STATUS_COMMONS
		entry.ToPool = !entry.Burn
	}
	var err error
	if entry.Contributor, err = sdk.AccAddressFromBech32(c.Contributor); err != nil {
		return entry, err
	}
	for _, royalty := range royalties {
		address, err := sdk.AccAddressFromBech32(royalty.Address)
		if err != nil {
			return entry, err
		}
		entry.Royalties = append(entry.Royalties, rewardstypes.Share{Address: address, PPM: royalty.Ppm})
	}
	return entry, nil
}
