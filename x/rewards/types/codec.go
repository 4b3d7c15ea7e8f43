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
	legacy.RegisterAminoMsg(cdc, &MsgClaim{}, "openledger/MsgClaim")
	legacy.RegisterAminoMsg(cdc, &MsgSetPayoutThreshold{}, "openledger/MsgSetPayoutThreshold")
	legacy.RegisterAminoMsg(cdc, &MsgFundBountyPool{}, "openledger/MsgFundBountyPool")
	legacy.RegisterAminoMsg(cdc, &MsgRetryDeadLetter{}, "openledger/MsgRetryDeadLetter")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "openledger/rewards/MsgUpdateParams")
	cdc.RegisterConcrete(Params{}, "openledger/x/rewards/Params", nil)
}

// RegisterInterfaces registers the messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil), &MsgClaim{}, &MsgSetPayoutThreshold{}, &MsgFundBountyPool{},
		&MsgRetryDeadLetter{}, &MsgUpdateParams{})
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
