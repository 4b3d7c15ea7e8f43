package volume

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/openledger/openledger/app"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// Prices of the workload's model in aopen: a batch of 1,000 answers costs about one OPEN.
var (
	InputPrice  = sdkmath.NewIntWithDecimal(1, 12)
	OutputPrice = sdkmath.NewIntWithDecimal(2, 12)
	Royalty     = sdkmath.NewIntWithDecimal(1, 15)
)

const (
	// txsPerBlock while the workload is set up, of txGas each: below the gas of a block.
	txsPerBlock = 500
	txGas       = 250_000
	// itemsPerMsg is what x/datanet takes in one message.
	itemsPerMsg = 64
	// maxSessions of a batch that is made of many, and the gas of a block, by default.
	maxSessions = 250
	blockGas    = 150_000_000
)

// Options of a workload.
type Options struct {
	// Contributors with one contribution each in the model's manifest.
	Contributors int
	// Bond of each provider in OPEN; 500,000 if it is zero.
	Bond int64
	// Providers of the model; 1 if it is zero.
	Providers int
	// Edit changes the parameters of x/attribution at genesis.
	Edit func(*attributiontypes.Params)
	// Make starts the chain; chain.New with one validator who says yes if it is nil.
	Make func(t chain.TB, accounts []chain.Account, edits ...chain.Genesis) *chain.Chain
}

// Workload is a chain with a DataNet of many contributors, a model over it, and
// providers with a large bond, of which Provider is the first.
type Workload struct {
	*chain.Chain
	Owner, Provider, Payer chain.Account
	Providers              []chain.Account
	DatanetID, ModelID     uint64
	// Ranks of the contributions, ascending.
	Ranks []uint64

	random *rand.Rand
	keys   int
	seqs   map[string]uint64 // by provider
}

// New builds the chain with real transactions, up to the provider's offer.
func New(t chain.TB, o Options) *Workload {
	t.Helper()
	w := &Workload{
		Owner: chain.NewAccount("owner"), Provider: chain.NewAccount("provider"), Payer: chain.NewAccount("payer"),
		random: rand.New(rand.NewSource(7)), seqs: make(map[string]uint64),
	}
	w.Providers = append(w.Providers, w.Provider)
	for i := 1; i < o.Providers; i++ {
		w.Providers = append(w.Providers, chain.NewAccount(fmt.Sprintf("provider %d", i)))
	}
	start := o.Make
	if start == nil {
		start = chain.New
	}
	accounts := append([]chain.Account{w.Owner, w.Payer}, w.Providers...)
	w.Chain = start(t, accounts, func(a *app.App, state map[string]json.RawMessage) {
		var genesis attributiontypes.GenesisState
		a.AppCodec().MustUnmarshalJSON(state[attributiontypes.ModuleName], &genesis)
		genesis.Params.Attestation = true
		if o.Edit != nil {
			o.Edit(&genesis.Params)
		}
		state[attributiontypes.ModuleName] = a.AppCodec().MustMarshalJSON(&genesis)
	})
	skip := w.SkipInvariants
	w.SkipInvariants = true // they walk all state, in each of many blocks
	w.Voter = chain.AllSay(attributiontypes.VerdictValid)
	w.contribute(o.Contributors)
	w.accept()
	if o.Bond == 0 {
		o.Bond = 500_000
	}
	w.SkipInvariants = skip
	w.serve(chain.Open(o.Bond))
	return w
}

// contribute seals and reveals a contribution of each of n new accounts.
func (w *Workload) contribute(n int) {
	w.T.Helper()
	var created datanettypes.MsgCreateDataNetResponse
	require.NoError(w.T, chain.Decode(w.Send(w.Owner, &datanettypes.MsgCreateDataNet{
		Owner: w.Owner.String(), Name: "Volume", Description: "Many contributors", Licence: "CC-BY-4.0",
		ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER, RoyaltyFloor: Royalty, OwnerPpm: 50_000,
	}), &created))
	w.DatanetID = created.DatanetId

	contributors := make([]chain.Account, n)
	coins := sdk.NewCoins(chain.Coin(chain.Open(3)))
	for i := range contributors {
		contributors[i] = chain.NewAccount(fmt.Sprintf("contributor %d", i))
	}
	for from := 0; from < n; from += txsPerBlock {
		part := contributors[from:min(from+txsPerBlock, n)]
		fund := &banktypes.MsgMultiSend{
			Inputs: []banktypes.Input{
				{Address: w.Owner.String(), Coins: sdk.NewCoins(chain.Coin(chain.Open(int64(3 * len(part)))))}}}
		for _, account := range part {
			fund.Outputs = append(fund.Outputs, banktypes.Output{Address: account.String(), Coins: coins})
		}
		w.Send(w.Owner, fund)

		items := make([]datanettypes.RevealItem, len(part))
		commits, reveals := make([]chain.Tx, len(part)), make([]chain.Tx, len(part))
		for i, account := range part {
			file := poa.SegmentFile{
				Segments: [][]byte{fmt.Appendf(nil, "Segment number %d of a test that needs a great many contributors.", from+i)}}
			item, hash := chain.RevealItem(w.DatanetID, account, file)
			items[i] = item
			commits[i] = chain.Tx{Signer: account, Gas: txGas, Msgs: []sdk.Msg{&datanettypes.MsgCommitContributions{
				Contributor: account.String(), Items: []datanettypes.CommitItem{
					{Hash: hash[:], Deposit: chain.Coin(chain.Open(1))}},
			}}}
		}
		for i, result := range w.Block(commits...) {
			require.Zero(w.T, result.Code, result.Log)
			var response datanettypes.MsgCommitContributionsResponse
			require.NoError(w.T, chain.Decode(result, &response))
			items[i].Rank = response.Ranks[0]
			w.Ranks = append(w.Ranks, response.Ranks[0])
			reveals[i] = chain.Tx{Signer: part[i], Gas: txGas,
				Msgs: []sdk.Msg{&datanettypes.MsgRevealContributions{Contributor: part[i].String(), Items: items[i : i+1]}}}
		}
		w.Blocks(1)
		for _, result := range w.Block(reveals...) {
			require.Zero(w.T, result.Code, result.Log)
		}
	}
}

// accept accepts all contributions and waits until validators hold their text.
func (w *Workload) accept() {
	w.T.Helper()
	var accepted datanettypes.MsgAcceptContributionsResponse
	for from := 0; from < len(w.Ranks); from += itemsPerMsg {
		result := w.Send(w.Owner, &datanettypes.MsgAcceptContributions{
			Owner: w.Owner.String(), DatanetId: w.DatanetID, Ranks: w.Ranks[from:min(from+itemsPerMsg, len(w.Ranks))],
		})
		require.NoError(w.T, chain.Decode(result, &accepted))
	}
	for range 100 {
		datanet, err := w.App.DatanetKeeper.GetDataNet(w.Ctx(), w.DatanetID)
		require.NoError(w.T, err)
		if datanet.HeldVersion == accepted.Version {
			return
		}
		w.Blocks(1)
	}
	w.T.Fatalf("version %d is not held", accepted.Version)
}

// serve registers the model over all that was accepted, the providers and their offers.
func (w *Workload) serve(bond sdkmath.Int) {
	w.T.Helper()
	digest := sha256.Sum256([]byte("model"))
	var registered modelstypes.MsgRegisterModelResponse
	require.NoError(w.T, chain.Decode(w.Send(w.Owner, &modelstypes.MsgRegisterModel{
		Owner: w.Owner.String(), Name: "volume-retrieval", Kind: modelstypes.MODEL_KIND_RETRIEVAL, Digest: digest[:],
		Manifest: w.manifest(), Method: modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: Royalty,
	}), &registered))
	w.ModelID = registered.ModelId
	answerKey := seedKey("answer key")
	for _, provider := range w.Providers {
		w.Send(provider, &modelstypes.MsgRegisterProvider{
			Provider: provider.String(), Name: provider.Name, Endpoint: "http://127.0.0.1:8080",
			AnswerKey: answerKey.Public().(ed25519.PublicKey), Bond: chain.Coin(bond),
		}, &modelstypes.MsgSetOffer{Provider: provider.String(), ModelId: w.ModelID, InputPrice: InputPrice,
			OutputPrice: OutputPrice})
	}
}

// Adapters registers n adapters of one base that owe by method LORA, has the providers offer them, and returns their
// ids.
func (w *Workload) Adapters(n int) []uint64 {
	w.T.Helper()
	const atOnce = 50
	trained := sha256.Sum256([]byte("base"))
	manifest := w.manifest()
	var base modelstypes.MsgRegisterModelResponse
	require.NoError(w.T, chain.Decode(w.Send(w.Owner, &modelstypes.MsgRegisterModel{
		Owner: w.Owner.String(), Name: "volume-base", Kind: modelstypes.MODEL_KIND_BASE, Digest: trained[:],
		Manifest: manifest, Method: modelstypes.ATTRIBUTION_METHOD_MEANING, Royalty: Royalty,
	}), &base))
	var ids []uint64
	for len(ids) < n {
		var register []sdk.Msg
		offers := make([][]sdk.Msg, len(w.Providers))
		for i := range min(n-len(ids), atOnce) {
			digest := sha256.Sum256(fmt.Appendf(nil, "adapter %d", len(ids)+i))
			register = append(register, &modelstypes.MsgRegisterModel{
				Owner: w.Owner.String(), Name: fmt.Sprintf("volume-adapter-%d", len(ids)+i),
				Kind: modelstypes.MODEL_KIND_ADAPTER, ParentId: base.ModelId, Digest: digest[:], Manifest: manifest,
				Method: modelstypes.ATTRIBUTION_METHOD_LORA, Royalty: Royalty,
				Training: &modelstypes.TrainingRecord{
					BaseDigest: trained[:], Settings: "{}", EngineVersion: 1, SketchRoot: digest[:], TableRoot: digest[:],
					Rows: uint32(len(w.Ranks)), InfluenceDigest: digest[:],
				},
			})
		}
		var data sdk.TxMsgData
		require.NoError(w.T, data.Unmarshal(w.Send(w.Owner, register...).Data))
		for _, packed := range data.MsgResponses {
			var registered modelstypes.MsgRegisterModelResponse
			require.NoError(w.T, registered.Unmarshal(packed.Value))
			ids = append(ids, registered.ModelId)
			for i, provider := range w.Providers {
				offers[i] = append(offers[i], &modelstypes.MsgSetOffer{Provider: provider.String(), ModelId: registered.ModelId,
					InputPrice: InputPrice, OutputPrice: OutputPrice})
			}
		}
		for i, provider := range w.Providers {
			w.Send(provider, offers[i]...)
		}
	}
	return ids
}

// manifest is all that was accepted.
func (w *Workload) manifest() []modelstypes.ManifestEntry {
	w.T.Helper()
	datanet, err := w.App.DatanetKeeper.GetDataNet(w.Ctx(), w.DatanetID)
	require.NoError(w.T, err)
	return []modelstypes.ManifestEntry{{DatanetId: w.DatanetID, Version: datanet.Version}}
}

func seedKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("openledger/volume/" + name))
	return ed25519.NewKeyFromSeed(seed[:])
}
