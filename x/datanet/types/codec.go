package types

import (
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/legacy"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
)

// RegisterLegacyAminoCodec registers what hardware wallets sign.
func RegisterLegacyAminoCodec(cdc *codec.LegacyAmino) {
	legacy.RegisterAminoMsg(cdc, &MsgCreateDataNet{}, "openledger/MsgCreateDataNet")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateDataNet{}, "openledger/MsgUpdateDataNet")
	legacy.RegisterAminoMsg(cdc, &MsgCommitContributions{}, "openledger/MsgCommitContributions")
	legacy.RegisterAminoMsg(cdc, &MsgRevealContributions{}, "openledger/MsgRevealContributions")
	legacy.RegisterAminoMsg(cdc, &MsgAcceptContributions{}, "openledger/MsgAcceptContributions")
	legacy.RegisterAminoMsg(cdc, &MsgRejectContributions{}, "openledger/MsgRejectContributions")
	legacy.RegisterAminoMsg(cdc, &MsgWithdrawContribution{}, "openledger/MsgWithdrawContribution")
	legacy.RegisterAminoMsg(cdc, &MsgBondValidator{}, "openledger/MsgBondValidator")
	legacy.RegisterAminoMsg(cdc, &MsgUnbondValidator{}, "openledger/MsgUnbondValidator")
	legacy.RegisterAminoMsg(cdc, &MsgActivateValidator{}, "openledger/MsgActivateValidator")
	legacy.RegisterAminoMsg(cdc, &MsgSetCredentialPolicy{}, "openledger/MsgSetCredentialPolicy")
	legacy.RegisterAminoMsg(cdc, &MsgGrantCredentials{}, "openledger/MsgGrantCredentials")
	legacy.RegisterAminoMsg(cdc, &MsgRevokeCredentials{}, "openledger/MsgRevokeCredentials")
	legacy.RegisterAminoMsg(cdc, &MsgSealGold{}, "openledger/MsgSealGold")
	legacy.RegisterAminoMsg(cdc, &MsgOpenGold{}, "openledger/MsgOpenGold")
	legacy.RegisterAminoMsg(cdc, &MsgCommitBallot{}, "openledger/MsgCommitBallot")
	legacy.RegisterAminoMsg(cdc, &MsgRevealBallot{}, "openledger/MsgRevealBallot")
	legacy.RegisterAminoMsg(cdc, &MsgAppeal{}, "openledger/MsgAppeal")
	legacy.RegisterAminoMsg(cdc, &MsgResolveContribution{}, "openledger/MsgResolveContribution")
	legacy.RegisterAminoMsg(cdc, &MsgChallengeDuplicate{}, "openledger/MsgChallengeDuplicate")
	legacy.RegisterAminoMsg(cdc, &MsgAcceptSnapshot{}, "openledger/MsgAcceptSnapshot")
	legacy.RegisterAminoMsg(cdc, &MsgProvePriorArt{}, "openledger/MsgProvePriorArt")
	legacy.RegisterAminoMsg(cdc, &MsgClaimText{}, "openledger/MsgClaimText")
	legacy.RegisterAminoMsg(cdc, &MsgRecallContribution{}, "openledger/MsgRecallContribution")
	legacy.RegisterAminoMsg(cdc, &MsgReleaseDeposits{}, "openledger/MsgReleaseDeposits")
	legacy.RegisterAminoMsg(cdc, &MsgFundBounty{}, "openledger/MsgFundBounty")
	legacy.RegisterAminoMsg(cdc, &MsgFundPoolBounty{}, "openledger/MsgFundPoolBounty")
	legacy.RegisterAminoMsg(cdc, &MsgResubmitContributions{}, "openledger/MsgResubmitContributions")
	legacy.RegisterAminoMsg(cdc, &MsgAskHeld{}, "openledger/MsgAskHeld")
	legacy.RegisterAminoMsg(cdc, &MsgProposeDerivations{}, "openledger/MsgProposeDerivations")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "openledger/datanet/MsgUpdateParams")
	cdc.RegisterConcrete(Params{}, "openledger/x/datanet/Params", nil)
}

// RegisterInterfaces registers the messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgCreateDataNet{}, &MsgUpdateDataNet{}, &MsgCommitContributions{}, &MsgRevealContributions{},
		&MsgAcceptContributions{}, &MsgRejectContributions{}, &MsgWithdrawContribution{}, &MsgResubmitContributions{},
		&MsgUpdateParams{},
		&MsgBondValidator{}, &MsgUnbondValidator{}, &MsgActivateValidator{}, &MsgSetCredentialPolicy{},
		&MsgGrantCredentials{}, &MsgRevokeCredentials{}, &MsgSealGold{}, &MsgOpenGold{},
		&MsgCommitBallot{}, &MsgRevealBallot{}, &MsgAppeal{}, &MsgResolveContribution{},
		&MsgChallengeDuplicate{}, &MsgAcceptSnapshot{}, &MsgProvePriorArt{}, &MsgClaimText{}, &MsgRecallContribution{},
		&MsgAskHeld{}, &MsgProposeDerivations{}, &MsgReleaseDeposits{}, &MsgFundBounty{}, &MsgFundPoolBounty{})
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
