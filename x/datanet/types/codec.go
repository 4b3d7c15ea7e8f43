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
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "openledger/datanet/MsgUpdateParams")
	cdc.RegisterConcrete(Params{}, "openledger/x/datanet/Params", nil)
}

// RegisterInterfaces registers the messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgCreateDataNet{}, &MsgUpdateDataNet{}, &MsgCommitContributions{}, &MsgRevealContributions{},
		&MsgAcceptContributions{}, &MsgRejectContributions{}, &MsgWithdrawContribution{}, &MsgUpdateParams{})
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
