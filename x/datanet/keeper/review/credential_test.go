package review_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/datanettest"
	"github.com/openledger/openledger/x/datanet/types"
)

// TestCredentialsDoNotEndAtOnce: neither by granting again nor by a policy that
// is under way.
func TestCredentialsDoNotEndAtOnce(t *testing.T) {
	r := datanettest.NewReviews(t, 0)
	owner, alice := r.Owner.String(), r.Alice.String()
	policy := &types.MsgSetCredentialPolicy{Owner: owner, DatanetId: r.ID, Kind: types.CREDENTIAL_KIND_ALLOWLIST}
	grant := &types.MsgGrantCredentials{Granter: owner, DatanetId: r.ID, Addresses: []string{alice}}
	may := func() {
		datanettest.Must(r.Fixture, r.Msgs.BondValidator, &types.MsgBondValidator{Validator: alice, DatanetId: r.ID,
			Amount: datanettest.Bond})
	}
	datanettest.Must(r.Fixture, r.Msgs.SetCredentialPolicy, policy)
	datanettest.Must(r.Fixture, r.Msgs.GrantCredentials, grant)
	r.After(r.Params().CredentialDelay)
	may()
	datanettest.Must(r.Fixture, r.Msgs.RevokeCredentials, &types.MsgRevokeCredentials{Granter: owner, DatanetId: r.ID,
		Addresses: []string{alice}})
	datanettest.Must(r.Fixture, r.Msgs.GrantCredentials, grant)
	may()
	datanettest.Must(r.Fixture, r.Msgs.SetCredentialPolicy, policy)
	datanettest.Must(r.Fixture, r.Msgs.GrantCredentials, grant)
	may()
	number := r.Datanet(r.ID).NextCredentials.Number
	datanettest.Must(r.Fixture, r.Msgs.SetCredentialPolicy, policy)
	require.Greater(t, r.Datanet(r.ID).NextCredentials.Number, number, "numbers are not used again")
}

func TestCredentialsAreDelayed(t *testing.T) {
	r := datanettest.NewReviews(t, 0)
	issuer := datanettest.Account("issuer").String()
	policy := &types.MsgSetCredentialPolicy{Owner: r.Owner.String(), DatanetId: r.ID,
		Kind: types.CREDENTIAL_KIND_ISSUER, Issuer: issuer}
	foreign := *policy
	foreign.Owner = r.Bob.String()
	datanettest.Refuse(r.Fixture, r.Msgs.SetCredentialPolicy, &foreign, types.ErrUnauthorized)
	grant := &types.MsgGrantCredentials{Granter: issuer, DatanetId: r.ID, Addresses: []string{r.Bob.String()}}
	datanettest.Refuse(r.Fixture, r.Msgs.GrantCredentials, grant, types.ErrCredential)
	datanettest.Must(r.Fixture, r.Msgs.SetCredentialPolicy, policy)
	datanettest.Must(r.Fixture, r.Msgs.GrantCredentials, grant)
	datanettest.Refuse(r.Fixture, r.Msgs.GrantCredentials, grant, types.ErrCredential)
	// Until it takes effect everybody may bond.
	alice := &types.MsgBondValidator{Validator: r.Alice.String(), DatanetId: r.ID, Amount: datanettest.Bond}
	bob := &types.MsgBondValidator{Validator: r.Bob.String(), DatanetId: r.ID, Amount: datanettest.Bond}
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, alice)
	r.After(r.Params().CredentialDelay)
	datanettest.Refuse(r.Fixture, r.Msgs.BondValidator, alice, types.ErrCredential)
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, bob)
	// Alice stays bonded, but is not drawn.
	r.SmallCohorts()
	ranks := r.Fresh(r.Owner, 3)
	r.Plant(types.GOLD_KIND_ALTERED, r.Owner, ranks[0])
	r.Plant(types.GOLD_KIND_SOUND, r.Owner, ranks[1])
	for r.CohortOf(ranks[0]).Phase == types.COHORT_PHASE_DRAWING && r.Ctx.BlockHeight() < 100 {
		r.EndBlock()
	}
	cohort := r.CohortOf(ranks[0])
	require.Zero(t, cohort.Seated(r.Alice.String()))
	// Revoked after the delay.
	revoke := &types.MsgRevokeCredentials{Granter: issuer, DatanetId: r.ID, Addresses: grant.Addresses}
	foreignRevoke := *revoke
	foreignRevoke.Granter = r.Owner.String()
	datanettest.Refuse(r.Fixture, r.Msgs.RevokeCredentials, &foreignRevoke, types.ErrUnauthorized)
	datanettest.Must(r.Fixture, r.Msgs.RevokeCredentials, revoke)
	datanettest.Refuse(r.Fixture, r.Msgs.RevokeCredentials, revoke, types.ErrCredential)
	datanettest.Must(r.Fixture, r.Msgs.BondValidator, bob)
	r.After(r.Params().CredentialDelay)
	datanettest.Refuse(r.Fixture, r.Msgs.BondValidator, bob, types.ErrCredential)
}
