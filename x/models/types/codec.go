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
	legacy.RegisterAminoMsg(cdc, &MsgRegisterModel{}, "openledger/MsgRegisterModel")
	legacy.RegisterAminoMsg(cdc, &MsgPublishModelVersion{}, "openledger/MsgPublishModelVersion")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateModel{}, "openledger/MsgUpdateModel")
	legacy.RegisterAminoMsg(cdc, &MsgRecordReproduction{}, "openledger/MsgRecordReproduction")
	legacy.RegisterAminoMsg(cdc, &MsgRegisterProvider{}, "openledger/MsgRegisterProvider")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateProvider{}, "openledger/MsgUpdateProvider")
	legacy.RegisterAminoMsg(cdc, &MsgClaimFence{}, "openledger/MsgClaimFence")
	legacy.RegisterAminoMsg(cdc, &MsgBondProvider{}, "openledger/MsgBondProvider")
	legacy.RegisterAminoMsg(cdc, &MsgUnbondProvider{}, "openledger/MsgUnbondProvider")
	legacy.RegisterAminoMsg(cdc, &MsgSetOffer{}, "openledger/MsgSetOffer")
	legacy.RegisterAminoMsg(cdc, &MsgRemoveOffer{}, "openledger/MsgRemoveOffer")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "openledger/models/MsgUpdateParams")
	cdc.RegisterConcrete(Params{}, "openledger/x/models/Params", nil)
}

// RegisterInterfaces registers the messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgRegisterModel{}, &MsgPublishModelVersion{}, &MsgUpdateModel{}, &MsgRecordReproduction{},
		&MsgRegisterProvider{}, &MsgUpdateProvider{}, &MsgClaimFence{}, &MsgBondProvider{}, &MsgUnbondProvider{},
		&MsgSetOffer{}, &MsgRemoveOffer{}, &MsgUpdateParams{})
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
