package types

import (
	"bytes"
	"net/url"
	"unicode/utf8"

	errorsmod "cosmossdk.io/errors"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// Lengths of texts and keys, in bytes.
const (
	minName        = 3
	maxName        = 64
	maxDescription = 2048
	maxURI         = 256
	digestSize     = 32
	keySize        = 32
	fenceSize      = 32
	// maxManifest bounds a message before parameters are read.
	maxManifest = 1_000
)

var (
	_ sdk.HasValidateBasic = (*MsgRegisterModel)(nil)
	_ sdk.HasValidateBasic = (*MsgPublishModelVersion)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateModel)(nil)
	_ sdk.HasValidateBasic = (*MsgRegisterProvider)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateProvider)(nil)
	_ sdk.HasValidateBasic = (*MsgClaimFence)(nil)
	_ sdk.HasValidateBasic = (*MsgBondProvider)(nil)
	_ sdk.HasValidateBasic = (*MsgUnbondProvider)(nil)
	_ sdk.HasValidateBasic = (*MsgSetOffer)(nil)
	_ sdk.HasValidateBasic = (*MsgRemoveOffer)(nil)
	_ sdk.HasValidateBasic = (*MsgUpdateParams)(nil)
)

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRegisterModel) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	if err := validateProfile(m.Name, m.Description); err != nil {
		return err
	}
	if err := validateParent(m.Kind, m.ParentId, m.ParentPpm); err != nil {
		return err
	}
	if err := CheckManifestOf(m.Kind, m.Manifest); err != nil {
		return err
	}
	if err := CheckTrainingOf(m.Kind, m.Method, m.Training); err != nil {
		return err
	}
	return validateVersion(ModelVersion{Digest: m.Digest, Uri: m.Uri, Manifest: m.Manifest, Method: m.Method,
		Royalty: m.Royalty, Training: m.Training})
}

func validateProfile(name, description string) error {
	if err := validateText(ErrInvalidModel, "name", name, minName, maxName); err != nil {
		return err
	}
	return validateText(ErrInvalidModel, "description", description, 0, maxDescription)
}

func validateParent(kind ModelKind, parentID uint64, parentPPM uint32) error {
	switch {
	case kind == MODEL_KIND_BASE && parentID != 0:
		return errorsmod.Wrap(ErrLineage, "a base model has no parent")
	case kind == MODEL_KIND_ADAPTER && parentID == 0:
		return errorsmod.Wrap(ErrLineage, "an adapter needs a parent: set --parent-id")
	case kind != MODEL_KIND_BASE && kind != MODEL_KIND_ADAPTER && kind != MODEL_KIND_RETRIEVAL:
		return errorsmod.Wrapf(ErrInvalidModel, "kind %s: choose base, adapter or retrieval", kind)
	case parentID == 0 && parentPPM != 0:
		return errorsmod.Wrap(ErrLineage, "parent_ppm without a parent")
	}
	return nil
}

// CheckManifestOf returns an error for a manifest that this kind of model must not have.
func CheckManifestOf(kind ModelKind, manifest []ManifestEntry) error {
	if kind != MODEL_KIND_BASE && len(manifest) == 0 {
		return errorsmod.Wrap(ErrInvalidManifest, "adapters and retrieval models name the DataNet versions they use")
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic. The keeper checks what depends on the kind of the model.
func (m *MsgPublishModelVersion) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	return validateVersion(ModelVersion{Digest: m.Digest, Uri: m.Uri, Manifest: m.Manifest, Method: m.Method,
		Royalty: m.Royalty, Training: m.Training})
}

func validateVersion(v ModelVersion) error {
	if len(v.Digest) != digestSize {
		return errorsmod.Wrapf(ErrInvalidModel, "digest of %d bytes, want %d", len(v.Digest), digestSize)
	}
	if err := validateURI(ErrInvalidModel, "uri", v.Uri, false); err != nil {
		return err
	}
	if v.Method < ATTRIBUTION_METHOD_SPAN || v.Method > ATTRIBUTION_METHOD_LORA {
		return errorsmod.Wrapf(ErrInvalidModel, "attribution method %s: choose ATTRIBUTION_METHOD_SPAN, "+
			"ATTRIBUTION_METHOD_RAG, ATTRIBUTION_METHOD_MEANING or ATTRIBUTION_METHOD_LORA", v.Method)
	}
	if err := validatePrice(ErrRoyalty, "royalty", v.Royalty); err != nil {
		return err
	}
	if v.Training != nil {
		if err := v.Training.Validate(); err != nil {
			return err
		}
	}
	return validateManifest(v.Manifest)
}

func validateManifest(manifest []ManifestEntry) error {
	if len(manifest) > maxManifest {
		return errorsmod.Wrapf(ErrInvalidManifest, "%d entries, at most %d", len(manifest), maxManifest)
	}
	for i, entry := range manifest {
		if entry.DatanetId == 0 || entry.Version == 0 {
			return errorsmod.Wrapf(ErrInvalidManifest, "entry %d: name a DataNet and one of its versions, both from 1", i)
		}
		if i > 0 && entry.DatanetId <= manifest[i-1].DatanetId {
			return errorsmod.Wrap(ErrInvalidManifest, "entries must be sorted by DataNet, each once")
		}
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUpdateModel) ValidateBasic() error {
	if err := validateAddress("owner", m.Owner); err != nil {
		return err
	}
	if m.NewOwner != "" {
		if err := validateAddress("new_owner", m.NewOwner); err != nil {
			return err
		}
	}
	return validateText(ErrInvalidModel, "description", m.Description, 0, maxDescription)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRegisterProvider) ValidateBasic() error {
	if err := validateProvider(m.Provider, m.Name, m.Endpoint, m.AnswerKey); err != nil {
		return err
	}
	return validateCoin("bond", m.Bond)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUpdateProvider) ValidateBasic() error {
	return validateProvider(m.Provider, m.Name, m.Endpoint, m.AnswerKey)
}

func validateProvider(address, name, endpoint string, answerKey []byte) error {
	if err := validateAddress("provider", address); err != nil {
		return err
	}
	if err := validateText(ErrInvalidProvider, "name", name, minName, maxName); err != nil {
		return err
	}
	if len(answerKey) != keySize {
		return errorsmod.Wrapf(ErrInvalidProvider, "answer_key of %d bytes, want an ed25519 public key of %d", len(answerKey),
			keySize)
	}
	return validateURI(ErrInvalidProvider, "endpoint", endpoint, true)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgClaimFence) ValidateBasic() error {
	if err := validateAddress("provider", m.Provider); err != nil {
		return err
	}
	if len(m.Fence) != fenceSize || len(m.Holder) != fenceSize || len(m.Previous) != 0 && len(m.Previous) != fenceSize {
		return errorsmod.Wrapf(ErrFence, "fence, holder and previous holder have %d bytes; the last may be empty", fenceSize)
	}
	if bytes.Equal(m.Holder, m.Previous) {
		return errorsmod.Wrap(ErrFence, "draw another holder each time")
	}
	return nil
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgBondProvider) ValidateBasic() error {
	if err := validateAddress("provider", m.Provider); err != nil {
		return err
	}
	return validateCoin("amount", m.Amount)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgUnbondProvider) ValidateBasic() error {
	if err := validateAddress("provider", m.Provider); err != nil {
		return err
	}
	return validateCoin("amount", m.Amount)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgSetOffer) ValidateBasic() error {
	if err := validateAddress("provider", m.Provider); err != nil {
		return err
	}
	return validatePrices(m.InputPrice, m.OutputPrice)
}

func validatePrices(input, output math.Int) error {
	if err := validatePrice(ErrInvalidOffer, "input_price", input); err != nil {
		return err
	}
	return validatePrice(ErrInvalidOffer, "output_price", output)
}

// ValidateBasic implements sdk.HasValidateBasic.
func (m *MsgRemoveOffer) ValidateBasic() error { return validateAddress("provider", m.Provider) }

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

func validateText(kind error, name, text string, least, most int) error {
	if len(text) < least || len(text) > most || !utf8.ValidString(text) {
		return errorsmod.Wrapf(kind, "%s has %d bytes, want %d to %d of UTF-8", name, len(text), least, most)
	}
	return nil
}

func validateURI(kind error, name, uri string, web bool) error {
	if uri == "" {
		return nil
	}
	if len(uri) > maxURI || !utf8.ValidString(uri) {
		return errorsmod.Wrapf(kind, "%s has %d bytes, want at most %d of UTF-8", name, len(uri), maxURI)
	}
	parsed, err := url.Parse(uri)
	if err != nil || parsed.Scheme == "" || web &&
		(parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Hostname() == "") {
		return errorsmod.Wrapf(kind, "%s %q is not a URL such as https://example.org", name, uri)
	}
	return nil
}

func validatePrice(kind error, name string, price math.Int) error {
	if price.IsNil() || price.IsNegative() || price.GT(maxPrice) {
		return errorsmod.Wrapf(kind, "%s must be between 0 and 2^%d aopen", name, maxPriceBits)
	}
	return nil
}

func validateCoin(name string, coin sdk.Coin) error {
	if coin.Denom != rewardstypes.Denom {
		return errorsmod.Wrapf(ErrInvalidBond, "%s is in %s, not %q", name, rewardstypes.Denom, coin.Denom)
	}
	if coin.Amount.IsNil() || !coin.Amount.IsPositive() || coin.Amount.GT(rewardstypes.MaxSupply) {
		return errorsmod.Wrapf(ErrInvalidBond, "%s must be positive and at most the maximum supply", name)
	}
	return nil
}
