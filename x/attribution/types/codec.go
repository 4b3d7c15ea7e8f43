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
	legacy.RegisterAminoMsg(cdc, &MsgOpenSession{}, "openledger/MsgOpenSession")
	legacy.RegisterAminoMsg(cdc, &MsgTopUpSession{}, "openledger/MsgTopUpSession")
	legacy.RegisterAminoMsg(cdc, &MsgCloseSession{}, "openledger/MsgCloseSession")
	legacy.RegisterAminoMsg(cdc, &MsgSubmitReceipts{}, "openledger/MsgSubmitReceipts")
	legacy.RegisterAminoMsg(cdc, &MsgResubmitBatch{}, "openledger/MsgResubmitBatch")
	legacy.RegisterAminoMsg(cdc, &MsgCommitDispute{}, "openledger/MsgCommitDispute")
	legacy.RegisterAminoMsg(cdc, &MsgRevealDispute{}, "openledger/MsgRevealDispute")
	legacy.RegisterAminoMsg(cdc, &MsgUpdateParams{}, "openledger/attribution/MsgUpdateParams")
	cdc.RegisterConcrete(Params{}, "openledger/x/attribution/Params", nil)
}

// RegisterInterfaces registers the messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgOpenSession{}, &MsgTopUpSession{}, &MsgCloseSession{}, &MsgSubmitReceipts{}, &MsgResubmitBatch{},
		&MsgCommitDispute{},
		&MsgRevealDispute{},
		&MsgUpdateParams{})
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}
