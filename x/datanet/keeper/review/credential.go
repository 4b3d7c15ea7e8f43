package review

import (
	"context"
	"errors"
	"time"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/x/datanet/types"
	"github.com/openledger/openledger/x/internal/modulekit"
)

// credentialKey is (DataNet, address, number of the policy): those of the next
// policy leave those of the one in force alone.
type credentialKey = collections.Triple[uint64, sdk.AccAddress, uint64]

// SetCredentialPolicy implements types.MsgServer.
func (m Messages) SetCredentialPolicy(ctx context.Context,
	msg *types.MsgSetCredentialPolicy) (*types.MsgSetCredentialPolicyResponse, error) {
	params, err := m.begin(ctx, msg)
	if err != nil {
		return nil, err
	}
	datanet, err := m.k.registry.OwnedDataNet(ctx, msg.DatanetId, msg.Owner)
	if err != nil {
		return nil, err
	}
	if err := m.k.setCredentialPolicy(ctx, params, datanet, msg.Kind, msg.Issuer); err != nil {
		return nil, err
	}
	return &types.MsgSetCredentialPolicyResponse{},
		modulekit.Emit(ctx, &types.EventCredentialsChanged{DatanetId: datanet.Id})
}

// GrantCredentials implements types.MsgServer.
func (m Messages) GrantCredentials(ctx context.Context,
	msg *types.MsgGrantCredentials) (*types.MsgGrantCredentialsResponse, error) {
	params, datanet, err := m.credentialsOf(ctx, msg, msg.DatanetId, len(msg.Addresses))
	if err != nil {
		return nil, err
	}
	if err := m.k.grantCredentials(ctx, params, datanet, msg); err != nil {
		return nil, err
	}
	return &types.MsgGrantCredentialsResponse{},
		modulekit.Emit(ctx, &types.EventCredentialsChanged{DatanetId: datanet.Id, Addresses: msg.Addresses, Granted: true})
}

// RevokeCredentials implements types.MsgServer.
func (m Messages) RevokeCredentials(ctx context.Context,
	msg *types.MsgRevokeCredentials) (*types.MsgRevokeCredentialsResponse, error) {
	params, datanet, err := m.credentialsOf(ctx, msg, msg.DatanetId, len(msg.Addresses))
	if err != nil {
		return nil, err
	}
	if err := m.k.revokeCredentials(ctx, params, datanet, msg); err != nil {
		return nil, err
	}
	return &types.MsgRevokeCredentialsResponse{},
		modulekit.Emit(ctx, &types.EventCredentialsChanged{DatanetId: datanet.Id, Addresses: msg.Addresses})
}

func (m Messages) credentialsOf(ctx context.Context, msg sdk.HasValidateBasic, datanetID uint64,
	items int) (types.Params, types.DataNet, error) {
	params, err := m.begin(ctx, msg)
	if err != nil {
		return params, types.DataNet{}, err
	}
	if err := params.CheckItems(items); err != nil {
		return params, types.DataNet{}, err
	}
	datanet, err := m.k.registry.DataNet(ctx, datanetID)
	return params, datanet, err
}

// checkCredential fails when an account may not be a data validator of a DataNet now.
func (k Keeper) checkCredential(ctx context.Context, datanet types.DataNet, address sdk.AccAddress) error {
	now := sdk.UnwrapSDKContext(ctx).BlockTime()
	policy := datanet.CredentialsAt(now)
	if policy.Kind == types.CREDENTIAL_KIND_NONE {
		return nil
	}
	credential, err := k.Credentials.Get(ctx, collections.Join3(datanet.Id, address, uint64(policy.Number)))
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	if err != nil || !credential.Good(policy, now) {
		return errorsmod.Wrapf(types.ErrCredential, "%s has no credential for DataNet %d: ask %s", address, datanet.Id,
			datanet.Granter(now))
	}
	return nil
}

// setCredentialPolicy has another policy take effect after the delay.
func (k Keeper) setCredentialPolicy(ctx context.Context, params types.Params, datanet types.DataNet,
	kind types.CredentialKind, issuer string) error {
	now := sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
	datanet.Credentials = datanet.CredentialsAt(now)
	// A number is never used again, even if its policy was replaced before it took effect.
	number := max(datanet.Credentials.Number, datanet.NextCredentials.Number) + 1
	datanet.NextCredentials = types.CredentialPolicy{
		Kind: kind, Issuer: issuer, Number: number, From: now.Add(params.Review.CredentialDelay),
	}
	return k.registry.SetDataNet(ctx, datanet)
}

// grantable returns the policy that a granter grants and revokes under: the
// next one, if there is one, so that a DataNet does not start without
// validators, else the one in force.
func grantable(datanet types.DataNet, granter string, now time.Time) (types.CredentialPolicy, error) {
	policy := datanet.CredentialsAt(now)
	if next := datanet.NextCredentials; next.Kind != types.CREDENTIAL_KIND_UNSPECIFIED &&
		next.Granter(datanet.Owner) == granter {
		policy = next
	}
	if by := policy.Granter(datanet.Owner); by != granter {
		if by == "" {
			return policy, errorsmod.Wrapf(types.ErrCredential, "DataNet %d asks for no credentials", datanet.Id)
		}
		return policy, errorsmod.Wrapf(types.ErrUnauthorized, "credentials of DataNet %d are granted by %s", datanet.Id,
			by)
	}
	return policy, nil
}

// grantCredentials admits accounts after the delay.
func (k Keeper) grantCredentials(ctx context.Context, params types.Params, datanet types.DataNet,
	msg *types.MsgGrantCredentials) error {
	now := sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
	policy, err := grantable(datanet, msg.Granter, now)
	if err != nil {
		return err
	}
	for _, text := range msg.Addresses {
		address := sdk.MustAccAddressFromBech32(text)
		key := collections.Join3(datanet.Id, address, uint64(policy.Number))
		before, err := k.Credentials.Get(ctx, key)
		if err != nil && !errors.Is(err, collections.ErrNotFound) {
			return err
		}
		if err == nil && before.Until == nil {
			return errorsmod.Wrapf(types.ErrCredential, "%s has a credential already", text)
		}
		if err == nil && now.Before(*before.Until) {
			// Not revoked yet: to begin anew would end it at once.
			before.Until = nil
			if err := k.Credentials.Set(ctx, key, before); err != nil {
				return err
			}
			continue
		}
		credential := types.Credential{DatanetId: datanet.Id, Address: text, Policy: policy.Number,
			From: now.Add(params.Review.CredentialDelay)}
		if err := k.Credentials.Set(ctx, key, credential); err != nil {
			return err
		}
	}
	return nil
}

// revokeCredentials ends credentials after the delay.
func (k Keeper) revokeCredentials(ctx context.Context, params types.Params, datanet types.DataNet,
	msg *types.MsgRevokeCredentials) error {
	now := sdk.UnwrapSDKContext(ctx).BlockTime().UTC()
	policy, err := grantable(datanet, msg.Granter, now)
	if err != nil {
		return err
	}
	for _, text := range msg.Addresses {
		key := collections.Join3(datanet.Id, sdk.MustAccAddressFromBech32(text), uint64(policy.Number))
		credential, err := k.Credentials.Get(ctx, key)
		if err != nil && !errors.Is(err, collections.ErrNotFound) {
			return err
		}
		if err != nil || credential.Until != nil {
			return errorsmod.Wrapf(types.ErrCredential, "%s has no credential to revoke", text)
		}
		until := now.Add(params.Review.CredentialDelay)
		credential.Until = &until
		if err := k.Credentials.Set(ctx, key, credential); err != nil {
			return err
		}
	}
	return nil
}
