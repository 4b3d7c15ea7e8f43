package app_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/testutil/chain"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// family is a scenario in which three more accounts own a base model, an adapter of it, and an adapter of that.
type family struct {
	*chain.Scenario
	owners [3]chain.Account
	models [3]uint64
}

// oddRoyalty leaves a remainder wherever it is divided.
var oddRoyalty = chain.Royalty.AddRaw(7)

func newFamily(t *testing.T) *family {
	t.Helper()
	f := &family{
		owners: [3]chain.Account{chain.NewAccount("base"), chain.NewAccount("adapter"),
			chain.NewAccount("adapter of the adapter")}}
	f.Scenario = chain.NewScenario(
		func(accounts []chain.Account) *chain.Chain { return chain.New(t, append(accounts, f.owners[:]...)) })
	f.models[0] = f.register(f.owners[0], modelstypes.MODEL_KIND_BASE, 0, 0)
	f.models[1] = f.register(f.owners[1], modelstypes.MODEL_KIND_ADAPTER, f.models[0], 300_000)
	f.models[2] = f.register(f.owners[2], modelstypes.MODEL_KIND_ADAPTER, f.models[1], 333_333)
	f.ModelID = f.models[2]
	f.Send(f.Provider, &modelstypes.MsgSetOffer{Provider: f.Provider.String(), ModelId: f.ModelID,
		InputPrice: chain.InputPrice, OutputPrice: chain.OutputPrice})
	return f
}

func (f *family) model(owner chain.Account, kind modelstypes.ModelKind, parent uint64,
	parentPPM uint32) *modelstypes.MsgRegisterModel {
	digest := sha256.Sum256(fmt.Appendf(nil, "%s, child of %d", owner.Name, parent))
	return &modelstypes.MsgRegisterModel{
		Owner: owner.String(), Name: "one of the family", Kind: kind, ParentId: parent, ParentPpm: parentPPM,
		Digest:   digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: f.DatanetID, Version: f.Version}},
		Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: oddRoyalty,
	}
}

func (f *family) register(owner chain.Account, kind modelstypes.ModelKind, parent uint64, parentPPM uint32) uint64 {
	f.T.Helper()
	var response modelstypes.MsgRegisterModelResponse
	require.NoError(f.T, chain.Decode(f.Send(owner, f.model(owner, kind, parent, parentPPM)), &response))
	return response.ModelId
}

func (f *family) royalties(id uint64) (rows []modelstypes.RoyaltyShare) {
	f.T.Helper()
	model, err := f.App.ModelsKeeper.GetModel(f.Ctx(), id)
	require.NoError(f.T, err)
	return model.Royalties
}

// answered asks the youngest model and returns what it paid to accounts.
func (f *family) answered(accounts ...chain.Account) []string {
	f.T.Helper()
	before := make([]sdkmath.Int, len(accounts))
	for i, account := range accounts {
		before[i] = f.Earned(account)
	}
	c := f.Open(chain.Open(10))
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	found, err := f.Receipt(c.ReceiptID(1))
	require.NoError(f.T, err)
	require.Equal(f.T, "15000000000000001", found.Payout.Lineage.String(), "15 % of the royalty, by largest remainder")
	paid := make([]string, len(accounts))
	for i, account := range accounts {
		paid[i] = f.Earned(account).Sub(before[i]).String()
	}
	return paid
}

// flattened is the table of the youngest model: 30 % of an adapter goes to the base, and a third of its child to both.
func (f *family) flattened() []modelstypes.RoyaltyShare {
	return []modelstypes.RoyaltyShare{
		{ModelId: f.models[2], Ppm: 666_667}, {ModelId: f.models[1], Ppm: 233_333}, {ModelId: f.models[0], Ppm: 100_000},
	}
}

// paidByTable is 15,000,000,000,000,001 aopen by that table. The fractions that rounding cuts off are .666667, .233333
// and .1, so that the one aopen that is left is the youngest's.
var paidByTable = []string{"1500000000000000", "3499995000000000", "10000005000000001"}

func TestThreeGenerationsArePaidByTheFlattenedTable(t *testing.T) {
	f := newFamily(t)
	require.Equal(t, f.flattened(), f.royalties(f.ModelID))
	require.Equal(t, paidByTable, f.answered(f.owners[:]...))
	require.Equal(t, paidByTable, f.answered(f.owners[:]...), "and by every further answer")
}

func TestTableIsFrozenAtRegistration(t *testing.T) {
	f := newFamily(t)
	digest := sha256.Sum256([]byte("dearer"))
	f.Send(f.owners[1], &modelstypes.MsgPublishModelVersion{
		Owner: f.owners[1].String(), ModelId: f.models[1], Digest: digest[:], Method: modelstypes.ATTRIBUTION_METHOD_SPAN,
		Royalty:  oddRoyalty.MulRaw(10),
		Manifest: []modelstypes.ManifestEntry{{DatanetId: f.DatanetID, Version: f.Version}},
	})
	f.Send(f.owners[0], &modelstypes.MsgUpdateModel{Owner: f.owners[0].String(), ModelId: f.models[0],
		Description: "retired", Retired: true})
	params, err := f.App.ModelsKeeper.Params.Get(f.Ctx())
	require.NoError(t, err)
	params.MaxParentPpm = 0
	require.NoError(t, f.App.ModelsKeeper.Params.Set(f.Ctx(), params))
	require.Equal(t, f.flattened(), f.royalties(f.ModelID))
	require.Equal(t, paidByTable, f.answered(f.owners[:]...),
		"neither a parent's price, nor its end, nor a new parameter moves what was agreed")
	f.Refuse(f.Stranger, modelstypes.ErrLineage, f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[1], 1))
	f.Refuse(f.Stranger, modelstypes.ErrModelRetired, f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[0], 0))
}

func TestNewOwnerIsPaidFromTheNextBatchOn(t *testing.T) {
	f := newFamily(t)
	everybody := append(f.owners[:], f.Stranger)
	require.Equal(t, append(append([]string(nil), paidByTable...), "0"), f.answered(everybody...))
	f.Refuse(f.Stranger, modelstypes.ErrUnauthorized,
		&modelstypes.MsgUpdateModel{Owner: f.Stranger.String(), ModelId: f.models[1], NewOwner: f.Stranger.String()})
	f.Send(f.owners[1], &modelstypes.MsgUpdateModel{Owner: f.owners[1].String(), ModelId: f.models[1],
		NewOwner: f.Stranger.String()})
	require.Equal(t, []string{paidByTable[0], "0", paidByTable[2], paidByTable[1]}, f.answered(everybody...))
	f.Refuse(f.owners[1], modelstypes.ErrUnauthorized,
		&modelstypes.MsgUpdateModel{Owner: f.owners[1].String(), ModelId: f.models[1], NewOwner: f.owners[1].String()})
	// One who owns several generations is paid for each.
	f.Send(f.Stranger, &modelstypes.MsgUpdateModel{Owner: f.Stranger.String(), ModelId: f.models[1],
		NewOwner: f.owners[0].String()})
	require.Equal(t, []string{"4999995000000000", "0", paidByTable[2], "0"}, f.answered(everybody...))
}

func TestLineageIsAtMostEightDeep(t *testing.T) {
	f := newFamily(t)
	last := f.models[2]
	for depth := 4; depth <= modelstypes.MaxDepth; depth++ {
		last = f.register(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, last, 900_000)
	}
	model, err := f.App.ModelsKeeper.GetModel(f.Ctx(), last)
	require.NoError(t, err)
	require.EqualValues(t, modelstypes.MaxDepth, model.Depth)
	require.Len(t, model.Royalties, modelstypes.MaxDepth)
	require.NoError(t, modelstypes.ValidateRoyalties(model.Royalties))
	for _, ppm := range []uint32{0, 1, 900_000} {
		f.Refuse(f.Stranger, modelstypes.ErrLineage, f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, last, ppm))
	}
	f.register(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, model.ParentId, 0) // beside the last there is room
}

func TestLineageHasNoCycles(t *testing.T) {
	f := newFamily(t)
	next := f.models[2] + 1
	for name, parent := range map[string]uint64{"of itself": next, "of one to come": next + 1, "of none": 1 << 60} {
		t.Run(name, func(t *testing.T) {
			f.Refuse(f.Stranger, modelstypes.ErrModelNotFound,
				f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, parent, 100_000))
		})
	}
	require.Equal(t, next, f.register(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[2], 100_000),
		"what was refused took no id")
	// No message gives a model another parent: neither an update nor a version carries one.
	before, err := f.App.ModelsKeeper.GetModel(f.Ctx(), f.models[0])
	require.NoError(t, err)
	digest := sha256.Sum256([]byte("next"))
	f.Send(f.owners[0], &modelstypes.MsgUpdateModel{Owner: f.owners[0].String(), ModelId: f.models[0],
		Description: "changed"},
		&modelstypes.MsgPublishModelVersion{
			Owner: f.owners[0].String(), ModelId: f.models[0], Digest: digest[:], Method: modelstypes.ATTRIBUTION_METHOD_SPAN,
			Royalty:  oddRoyalty,
			Manifest: []modelstypes.ManifestEntry{{DatanetId: f.DatanetID, Version: f.Version}},
		})
	after, err := f.App.ModelsKeeper.GetModel(f.Ctx(), f.models[0])
	require.NoError(t, err)
	require.Equal(t, []any{before.ParentId, before.ParentPpm, before.Depth, before.Royalties},
		[]any{after.ParentId, after.ParentPpm, after.Depth, after.Royalties})
}

func TestParentShareIsBounded(t *testing.T) {
	f := newFamily(t)
	most := modelstypes.DefaultParams().MaxParentPpm
	for name, msg := range map[string]*modelstypes.MsgRegisterModel{
		"above the parameter":            f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[0], most+1),
		"above one":                      f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[0], 1_000_001),
		"the greatest number":            f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[0], 1<<32-1),
		"for nobody":                     f.model(f.Stranger, modelstypes.MODEL_KIND_RETRIEVAL, 0, 1),
		"of a base":                      f.model(f.Stranger, modelstypes.MODEL_KIND_BASE, f.models[0], 1),
		"of a base that gives nothing":   f.model(f.Stranger, modelstypes.MODEL_KIND_BASE, f.models[0], 0),
		"of an adapter without a parent": f.model(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, 0, 0),
	} {
		t.Run(name, func(t *testing.T) { f.Refuse(f.Stranger, modelstypes.ErrLineage, msg) })
	}
	nothing := f.register(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[1], 0)
	require.Equal(t, []modelstypes.RoyaltyShare{{ModelId: nothing, Ppm: 1_000_000}}, f.royalties(nothing))
	all := f.register(f.Stranger, modelstypes.MODEL_KIND_ADAPTER, f.models[1], most)
	require.Equal(
		t, []modelstypes.RoyaltyShare{{ModelId: all, Ppm: 100_000}, {ModelId: f.models[1], Ppm: 630_000},
			{ModelId: f.models[0], Ppm: 270_000}}, f.royalties(all))
}
