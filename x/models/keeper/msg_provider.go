package keeper

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/internal/modulekit"
	"github.com/openledger/openledger/x/models/types"
)

// RegisterProvider implements types.MsgServer.
func (s msgServer) RegisterProvider(ctx context.Context,
	msg *types.MsgRegisterProvider) (*types.MsgRegisterProviderResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	if err := s.registerProvider(ctx, params, msg); err != nil {
		return nil, err
	}
	return &types.MsgRegisterProviderResponse{},
		modulekit.Emit(ctx, &types.EventProviderRegistered{Provider: msg.Provider, Bond: msg.Bond})
}

// UpdateProvider implements types.MsgServer.
func (s msgServer) UpdateProvider(ctx context.Context,
	msg *types.MsgUpdateProvider) (*types.MsgUpdateProviderResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	address := sdk.MustAccAddressFromBech32(msg.Provider)
	provider, err := s.GetProvider(ctx, address)
	if err != nil {
		return nil, err
	}
	provider.Name, provider.Endpoint, provider.AnswerKey = msg.Name, msg.Endpoint, msg.AnswerKey
	if err := s.Providers.Set(ctx, address, provider); err != nil {
		return nil, err
	}
	return &types.MsgUpdateProviderResponse{}, modulekit.Emit(ctx, &types.EventProviderUpdated{Provider: msg.Provider})
}

// ClaimFence implements types.MsgServer.
func (s msgServer) ClaimFence(ctx context.Context, msg *types.MsgClaimFence) (*types.MsgClaimFenceResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	replaced, err := s.claimFence(ctx, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgClaimFenceResponse{}, modulekit.Emit(ctx,
		&types.EventFenceClaimed{Provider: msg.Provider, Fence: fmt.Sprintf("%x", msg.Fence), Replaced: replaced})
}

// BondProvider implements types.MsgServer.
func (s msgServer) BondProvider(ctx context.Context,
	msg *types.MsgBondProvider) (*types.MsgBondProviderResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	address := sdk.MustAccAddressFromBech32(msg.Provider)
	provider, err := s.GetProvider(ctx, address)
	if err != nil {
		return nil, err
	}
	if err := s.bank.SendCoinsFromAccountToModule(ctx, address, types.ModuleName, sdk.NewCoins(msg.Amount)); err != nil {
		return nil, err
	}
	provider.Bond = provider.Bond.Add(msg.Amount.Amount)
	if err := s.Providers.Set(ctx, address, provider); err != nil {
		return nil, err
	}
	return &types.MsgBondProviderResponse{},
		modulekit.Emit(ctx, &types.EventProviderBonded{Provider: msg.Provider, Amount: msg.Amount})
}

// UnbondProvider implements types.MsgServer.
func (s msgServer) UnbondProvider(ctx context.Context,
	msg *types.MsgUnbondProvider) (*types.MsgUnbondProviderResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	entry, err := s.unbond(ctx, params, sdk.MustAccAddressFromBech32(msg.Provider), msg.Amount)
	if err != nil {
		return nil, err
	}
	return &types.MsgUnbondProviderResponse{CompletionTime: entry.CompletionTime},
		modulekit.Emit(ctx, &types.EventProviderUnbonding{Provider: msg.Provider, Amount: msg.Amount, UnbondingId: entry.Id})
}

// SetOffer implements types.MsgServer.
func (s msgServer) SetOffer(ctx context.Context, msg *types.MsgSetOffer) (*types.MsgSetOfferResponse, error) {
	params, err := s.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	offer := types.Offer{ModelId: msg.ModelId, Provider: msg.Provider, InputPrice: msg.InputPrice,
		OutputPrice: msg.OutputPrice}
	if err := s.setOffer(ctx, params, offer); err != nil {
		return nil, err
	}
	return &types.MsgSetOfferResponse{},
		modulekit.Emit(ctx, &types.EventOfferSet{ModelId: msg.ModelId, Provider: msg.Provider})
}

// RemoveOffer implements types.MsgServer.
func (s msgServer) RemoveOffer(ctx context.Context, msg *types.MsgRemoveOffer) (*types.MsgRemoveOfferResponse, error) {
	if _, err := s.begin(ctx, msg); err != nil {
		return nil, err
	}
	address := sdk.MustAccAddressFromBech32(msg.Provider)
	if _, err := s.GetOffer(ctx, msg.ModelId, address); err != nil {
		return nil, err
	}
	if err := s.Offers.Remove(ctx, collections.Join(msg.ModelId, address)); err != nil {
		return nil, err
	}
	if err := s.OffersByProvider.Remove(ctx, collections.Join(address, msg.ModelId)); err != nil {
		return nil, err
	}
	return &types.MsgRemoveOfferResponse{}, modulekit.Emit(ctx,
		&types.EventOfferRemoved{ModelId: msg.ModelId, Provider: msg.Provider})
}
