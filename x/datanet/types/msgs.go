package types

import (
	"net/url"
	"unicode/utf8"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Lengths of texts, in bytes.
const (
	minName        = 3
	maxName        = 64
	maxDescription = 2048
	maxDomain      = 64
	maxLicence     = 64
	maxURI         = 256
	maxTitle       = 128
	maxReason      = 256
	maxCurators    = 8
	hashSize       = 32
	minSalt        = 16
	maxSalt        = 32
	// maxItems bounds a message before parameters are read.
	maxItems = 1_000
)

var (
	_ sdk.HasValidateBasic = (*MsgCreateDataNet)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateDataNet)(nil)
	_ sdk.HasValidateBasic = (*MsgCommitContributions)(nil)
	_ sdk.HasValidateBasic = (*MsgRevealContributions)(nil)
	_ sdk.HasValidateBasic = (*MsgAcceptContributions)(nil)
	_ sdk.HasValidateBasic = (*MsgRejectContributions)(nil)
	_ sdk.HasValidateBasic = (*MsgWithdrawContribution)(nil)
	_ sdk.HasValidateBasic = (*MsgReleaseDeposits)(nil)
	_ sdk.HasValidateBasic = (*MsgResubmitContributions)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateParams)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgCreateDataNet) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	if err := validateText("domain", m.Domain, 0, maxDomain); err != nil {
		return err
	}
	if err := validateText("licence", m.Licence, 0, maxLicence); err != nil {
		return err
	}
	if m.ReviewPolicy != REVIEW_POLICY_OWNER && m.ReviewPolicy != REVIEW_POLICY_PANEL {
		return errorsmod.Wrapf(ErrReviewPolicy, "%s: choose REVIEW_POLICY_OWNER or REVIEW_POLICY_PANEL", m.ReviewPolicy)
	}
	if err := validateRoyalties(m.OwnerPpm, m.Curators); err != nil {
		return err
	}
	if err := validateFees(m.ReviewFee, m.ReviewFeePerThousand); err != nil {
		return err
	}
	return validateProfile(m.Name, m.Description, m.GuidelinesUri, m.RoyaltyFloor)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUpdateDataNet) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	if m.NewOwner != "" {
		if err := validateAddress("new_owner", m.NewOwner); err != nil {
			return err
		}
	}
	if err := validateRoyalties(m.OwnerPpm, m.Curators); err != nil {
		return err
	}
	if err := validateFees(m.ReviewFee, m.ReviewFeePerThousand); err != nil {
		return err
	}
	return validateProfile(m.Name, m.Description, m.GuidelinesUri, m.RoyaltyFloor)
}

func validateProfile(name, description, guidelines string, floor math.Int) error {
	if err := validateText("name", name, minName, maxName); err != nil {
		return err
	}
	if err := validateText("description", description, 0, maxDescription); err != nil {
		return err
	}
	if err := validateURI("guidelines_uri", guidelines); err != nil {
		return errorsmod.Wrap(ErrInvalidDataNet, err.Error())
	}
	if floor.IsNil() || floor.IsNegative() || floor.GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrap(ErrInvalidDataNet, "royalty_floor must be between 0 and the maximum supply, in aopen")
	}
	return nil
}

// validateRoyalties checks the shares of owner and curators.
func validateRoyalties(ownerPPM uint32, curators []Royalty) error {
	if len(curators) > maxCurators {
		return errorsmod.Wrapf(ErrInvalidDataNet, "%d curators, at most %d", len(curators), maxCurators)
	}
	sum := uint64(ownerPPM)
	for i, curator := range curators {
		if err := validateAddress("curator", curator.Address); err != nil {
			return err
		}
		if curator.Ppm < 1 {
			return errorsmod.Wrapf(ErrInvalidDataNet, "curator %s has no share: leave it out", curator.Address)
		}
		for _, before := range curators[:i] {
			if before.Address == curator.Address {
				return errorsmod.Wrapf(ErrInvalidDataNet, "curator %s is named twice", curator.Address)
			}
		}
		sum += uint64(curator.Ppm)
	}
	if sum > ppm {
		return errorsmod.Wrapf(ErrInvalidDataNet, "royalties sum to %d ppm, at most %d", sum, ppm)
	}
	return nil
}

// validateFees checks review fees, which may be left out.
func validateFees(fees ...math.Int) error {
	for _, fee := range fees {
		if !fee.IsNil() && (fee.IsNegative() || fee.BigIntMut().BitLen() > 80) {
			return errorsmod.Wrap(ErrInvalidDataNet, "review fees must be between 0 and 2^80 aopen")
		}
	}
	return nil
}

// OrZero reads an amount that may have been left out.
func OrZero(amount math.Int) math.Int {
	if amount.IsNil() {
		return math.ZeroInt()
	}
	return amount
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgCommitContributions) ValidateBasic() error {
	if err := validateAddress("contributor", m.Contributor); err != nil {
		return err
	}
	if err := validateCount(len(m.Items)); err != nil {
		return err
	}
	for i, item := range m.Items {
		if len(item.Hash) != hashSize {
			return errorsmod.Wrapf(ErrInvalidItems, "item %d: hash of %d bytes, want %d", i, len(item.Hash), hashSize)
		}
		if err := validateDeposit(item.Deposit); err != nil {
			return errorsmod.Wrapf(err, "item %d", i)
		}
	}
	return nil
}

func validateDeposit(deposit sdk.Coin) error {
	if deposit.Denom != rewardstypes.Denom {
		return errorsmod.Wrapf(ErrInvalidDeposit, "deposits are in %s, not %q", rewardstypes.Denom, deposit.Denom)
	}
	if deposit.Amount.IsNil() || deposit.Amount.IsNegative() || deposit.Amount.GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrap(ErrInvalidDeposit, "deposit must be between 0 and the maximum supply")
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRevealContributions) ValidateBasic() error {
	if err := validateAddress("contributor", m.Contributor); err != nil {
		return err
	}
	if err := validateCount(len(m.Items)); err != nil {
		return err
	}
	ranks := make([]uint64, len(m.Items))
	for i, item := range m.Items {
		ranks[i] = item.Rank
		if err := item.Validate(); err != nil {
			return errorsmod.Wrapf(err, "item %d", i)
		}
	}
	return validateRanks(ranks)
}

// Validate reports a reveal that cannot describe a segment file.
func (item RevealItem) Validate() error {
	for _, field := range []struct {
		name  string
		value []byte
	}{{"root", item.Root}, {"statistics_root", item.StatisticsRoot}, {"content_hash", item.ContentHash}} {
		if len(field.value) != hashSize {
			return errorsmod.Wrapf(ErrInvalidContribution, "%s of %d bytes, want %d", field.name, len(field.value),
				hashSize)
		}
	}
	if len(item.Salt) < minSalt || len(item.Salt) > maxSalt {
		return errorsmod.Wrapf(ErrInvalidContribution, "salt of %d bytes, want %d to %d", len(item.Salt), minSalt,
			maxSalt)
	}
	if item.Segments < 1 || item.Segments > poa.MaxFileSegments {
		return errorsmod.Wrapf(ErrInvalidContribution, "%d segments, want 1 to %d", item.Segments, poa.MaxFileSegments)
	}
	if item.Tokens < 1 || item.Tokens > uint64(item.Segments)*poa.MaxSegmentTokens {
		return errorsmod.Wrapf(ErrInvalidContribution, "%d tokens in %d segments, want 1 to %d each", item.Tokens,
			item.Segments, poa.MaxSegmentTokens)
	}
	if item.Bytes < 1 || item.Bytes > poa.MaxSegmentFileBytes {
		return errorsmod.Wrapf(ErrInvalidContribution, "segment file of %d bytes, want 1 to %d", item.Bytes,
			poa.MaxSegmentFileBytes)
	}
	if len(item.Mark) != 0 && len(item.Mark) != hashSize {
		return errorsmod.Wrapf(ErrInvalidContribution, "mark of %d bytes, want none or %d", len(item.Mark), hashSize)
	}
	if err := ValidateDerivations(item.Rank, item.Segments, item.Derivations); err != nil {
		return err
	}
	if err := validateURI("uri", item.Uri); err != nil {
		return errorsmod.Wrap(ErrInvalidContribution, err.Error())
	}
	if err := validateText("title", item.Title, 0, maxTitle); err != nil {
		return errorsmod.Wrap(ErrInvalidContribution, err.Error())
	}
	if err := validateText("licence", item.Licence, 0, maxLicence); err != nil {
		return errorsmod.Wrap(ErrInvalidContribution, err.Error())
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgAcceptContributions) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	if err := validateCount(len(m.Ranks)); err != nil {
		return err
	}
	return validateRanks(m.Ranks)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRejectContributions) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	if err := validateCount(len(m.Ranks)); err != nil {
		return err
	}
	if err := validateText("reason", m.Reason, 1, maxReason); err != nil {
		return errorsmod.Wrap(ErrInvalidItems, err.Error())
	}
	return validateRanks(m.Ranks)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgWithdrawContribution) ValidateBasic() error {
	return validateAddress("contributor", m.Contributor)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgReleaseDeposits) ValidateBasic() error {
	if err := validateAddress("contributor", m.Contributor); err != nil {
		return err
	}
	if err := validateCount(len(m.Ranks)); err != nil {
		return err
	}
	return validateRanks(m.Ranks)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgResubmitContributions) ValidateBasic() error {
	if err := validateAddress("contributor", m.Contributor); err != nil {
		return err
	}
	if err := validateCount(len(m.Ranks)); err != nil {
		return err
	}
	return validateRanks(m.Ranks)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUpdateParams) ValidateBasic() error {
	if err := validateAddress("authority", m.Authority); err != nil {
		return err
	}
	return m.Params.Validate()
}

func validateAddress(name, address string) error {
	return modulekit.CheckAddress(ErrInvalidAddress, name, address)
}

func validateText(name, text string, least, most int) error {
	if len(text) < least || len(text) > most || !utf8.ValidString(text) {
		return errorsmod.Wrapf(ErrInvalidDataNet, "%s has %d bytes, want %d to %d of UTF-8", name, len(text), least,
			most)
	}
	return nil
}

func validateURI(name, uri string) error {
	if uri == "" {
		return nil
	}
	if len(uri) > maxURI {
		return errorsmod.Wrapf(ErrInvalidDataNet, "%s has %d bytes, at most %d", name, len(uri), maxURI)
	}
	if parsed, err := url.Parse(uri); err != nil || parsed.Scheme == "" {
		return errorsmod.Wrapf(ErrInvalidDataNet, "%s %q is not a URI with a scheme such as https:", name, uri)
	}
	return nil
}

func validateCount(n int) error {
	if n < 1 || n > maxItems {
		return errorsmod.Wrapf(ErrInvalidItems, "%d items, want 1 to %d", n, maxItems)
	}
	return nil
}

// validateRanks refuses a rank that is named twice.
func validateRanks(ranks []uint64) error {
	seen := make(map[uint64]bool, len(ranks))
	for _, rank := range ranks {
		if seen[rank] {
			return errorsmod.Wrapf(ErrInvalidItems, "rank %d is named twice", rank)
		}
		seen[rank] = true
	}
	return nil
}
