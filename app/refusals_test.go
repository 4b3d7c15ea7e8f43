package app_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

var (
	huge  = sdkmath.NewIntFromUint64(1).Mul(sdkmath.NewIntWithDecimal(1, 60))
	zero  = sdkmath.ZeroInt()
	wrong = chain.NewAccount("nobody in particular").String()
)

// TestDatanetRefusals: every message of x/datanet refuses bad input with its
// code and changes nothing.
func TestDatanetRefusals(t *testing.T) {
	s := newScenario(t)
	profile := func(edit func(*datanettypes.MsgCreateDataNet)) *datanettypes.MsgCreateDataNet {
		msg := &datanettypes.MsgCreateDataNet{
			Owner: s.Owner.String(), Name: "Another", Licence: "MIT", ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER,
			RoyaltyFloor: zero,
		}
		edit(msg)
		return msg
	}
	update := &datanettypes.MsgUpdateDataNet{Owner: s.Stranger.String(), DatanetId: s.DatanetID, Name: "Mine now",
		RoyaltyFloor: zero}
	unknown := *update
	unknown.DatanetId = 99
	for _, c := range []struct {
		name   string
		signer chain.Account
		want   error
		msg    sdk.Msg
	}{
		{"short name", s.Owner, datanettypes.ErrInvalidDataNet,
			profile(func(m *datanettypes.MsgCreateDataNet) { m.Name = "x" })},
		{"long description", s.Owner, datanettypes.ErrInvalidDataNet,
			profile(func(m *datanettypes.MsgCreateDataNet) { m.Description = strings.Repeat("x", 3000) })},
		{"panel policy without a fee", s.Owner, datanettypes.ErrInvalidDataNet,
			profile(func(m *datanettypes.MsgCreateDataNet) { m.ReviewPolicy = datanettypes.REVIEW_POLICY_PANEL })},
		{"no policy", s.Owner, datanettypes.ErrReviewPolicy,
			profile(func(m *datanettypes.MsgCreateDataNet) { m.ReviewPolicy = 0 })},
		{"greedy owner", s.Owner, datanettypes.ErrInvalidDataNet,
			profile(func(m *datanettypes.MsgCreateDataNet) { m.OwnerPpm = 900_000 })},
		{"huge floor", s.Owner, datanettypes.ErrInvalidDataNet,
			profile(func(m *datanettypes.MsgCreateDataNet) { m.RoyaltyFloor = huge })},
		{"bad uri", s.Owner, datanettypes.ErrInvalidDataNet,
			profile(func(m *datanettypes.MsgCreateDataNet) { m.GuidelinesUri = "no scheme" })},
		{"update by a stranger", s.Stranger, datanettypes.ErrUnauthorized, update},
		{"update of nothing", s.Stranger, datanettypes.ErrDataNetNotFound, &unknown},
		{"commit of nothing", s.Alice, datanettypes.ErrInvalidItems,
			&datanettypes.MsgCommitContributions{Contributor: s.Alice.String()}},
		{"short hash", s.Alice, datanettypes.ErrInvalidItems, &datanettypes.MsgCommitContributions{
			Contributor: s.Alice.String(), Items: []datanettypes.CommitItem{
				{Hash: []byte{1}, Deposit: chain.Coin(chain.Open(1))}},
		}},
		{"small deposit", s.Alice, datanettypes.ErrInvalidDeposit, &datanettypes.MsgCommitContributions{
			Contributor: s.Alice.String(), Items: []datanettypes.CommitItem{
				{Hash: make([]byte, 32), Deposit: chain.Coin(sdkmath.NewInt(1))}},
		}},
		{"foreign deposit", s.Alice, datanettypes.ErrInvalidDeposit, &datanettypes.MsgCommitContributions{
			Contributor: s.Alice.String(), Items: []datanettypes.CommitItem{
				{Hash: make([]byte, 32), Deposit: sdk.NewCoin("other", chain.Open(1))}},
		}},
		{"accept twice", s.Owner, datanettypes.ErrContributionStatus,
			&datanettypes.MsgAcceptContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID,
				Ranks: []uint64{s.Contributions[0].Rank}}},
		{"accept by a stranger", s.Stranger, datanettypes.ErrUnauthorized,
			&datanettypes.MsgAcceptContributions{Owner: s.Stranger.String(), DatanetId: s.DatanetID, Ranks: []uint64{1}}},
		{"accept one named twice", s.Owner, datanettypes.ErrInvalidItems,
			&datanettypes.MsgAcceptContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID, Ranks: []uint64{1, 1}}},
		{"accept an unknown one", s.Owner, datanettypes.ErrContributionNotFound,
			&datanettypes.MsgAcceptContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID, Ranks: []uint64{77}}},
		{"reject without reason", s.Owner, datanettypes.ErrInvalidItems,
			&datanettypes.MsgRejectContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID, Ranks: []uint64{1}}},
		{"withdraw after acceptance", s.Alice, datanettypes.ErrContributionStatus,
			&datanettypes.MsgWithdrawContribution{Contributor: s.Alice.String(), Rank: s.Contributions[0].Rank}},
		{"withdraw another's", s.Bob, datanettypes.ErrUnauthorized,
			&datanettypes.MsgWithdrawContribution{Contributor: s.Bob.String(), Rank: s.Contributions[0].Rank}},
		{"params by a stranger", s.Stranger, datanettypes.ErrUnauthorized,
			&datanettypes.MsgUpdateParams{Authority: s.Stranger.String(), Params: datanettypes.DefaultParams()}},
	} {
		t.Run(c.name, func(t *testing.T) { s.Refuse(c.signer, c.want, c.msg) })
	}
}

// TestRevealRefusals: a seal opens only in its window, by its owner, with what
// was sealed; what is never opened is lost.
func TestRevealRefusals(t *testing.T) {
	s := newScenario(t)
	file := poa.SegmentFile{
		Segments: [][]byte{
			[]byte("The nail matrix lies under the proximal fold and makes the plate of the nail, which is why an injury of " +
				"the fold can leave a groove in it.")}}
	item, hash := chain.RevealItem(s.DatanetID, s.Alice, file)
	deposit := chain.Coin(chain.Open(1))
	result := s.Send(s.Alice, &datanettypes.MsgCommitContributions{
		Contributor: s.Alice.String(), Items: []datanettypes.CommitItem{{Hash: hash[:], Deposit: deposit},
			{Hash: make([]byte, 32), Deposit: deposit}},
	})
	var committed datanettypes.MsgCommitContributionsResponse
	require.NoError(t, chain.Decode(result, &committed))
	item.Rank = committed.Ranks[0]
	reveal := func(account chain.Account, items ...datanettypes.RevealItem) sdk.Msg {
		return &datanettypes.MsgRevealContributions{Contributor: account.String(), Items: items}
	}
	s.Refuse(s.Alice, datanettypes.ErrRevealWindow, reveal(s.Alice, item)) // one block later is too early

	s.Refuse(s.Bob, datanettypes.ErrUnauthorized, reveal(s.Bob, item))
	other := item
	other.Salt = make([]byte, 32)
	s.Refuse(s.Alice, datanettypes.ErrRevealMismatch, reveal(s.Alice, other))
	other = item
	other.DatanetId = 42
	s.Refuse(s.Alice, datanettypes.ErrDataNetNotFound, reveal(s.Alice, other))
	other = item
	other.Segments, other.Tokens = 60_000, 20_000_000
	s.Refuse(s.Alice, datanettypes.ErrInvalidDeposit, reveal(s.Alice, other))
	other = item
	other.Tokens = 0
	s.Refuse(s.Alice, datanettypes.ErrInvalidContribution, reveal(s.Alice, other))
	s.Refuse(s.Alice, datanettypes.ErrInvalidItems, reveal(s.Alice, item, item))

	before := s.Balance(s.Alice.Address)
	s.Send(s.Alice, reveal(s.Alice, item))
	params := datanettypes.DefaultParams()
	excess := deposit.Amount.Sub(params.RequiredDeposit(item.Tokens))
	require.True(t, s.Balance(s.Alice.Address).GT(before), "what is above the required deposit returns: %s", excess)
	s.Refuse(s.Alice, datanettypes.ErrCommitNotFound, reveal(s.Alice, item))

	supply, err := s.Supply()
	require.NoError(t, err)
	s.Blocks(int(params.RevealMaxBlocks) + 2)
	after, err := s.Supply()
	require.NoError(t, err)
	require.Equal(t, supply.BountyPool.Add(deposit.Amount).String(), after.BountyPool.String(),
		"an unrevealed deposit goes to the bounty pool")
	_, err = s.App.DatanetKeeper.GetCommit(s.Ctx(), committed.Ranks[1])
	require.ErrorIs(t, err, datanettypes.ErrCommitNotFound)

	balance := s.Balance(s.Alice.Address)
	s.Send(s.Owner, &datanettypes.MsgRejectContributions{Owner: s.Owner.String(), DatanetId: s.DatanetID,
		Ranks: []uint64{item.Rank}, Reason: "not about skin"})
	require.Equal(t, balance.Add(params.RequiredDeposit(item.Tokens)).String(), s.Balance(s.Alice.Address).String())
}

func TestModelsRefusals(t *testing.T) {
	s := newScenario(t)
	digest := sha256.Sum256([]byte("x"))
	model := func(edit func(*modelstypes.MsgRegisterModel)) *modelstypes.MsgRegisterModel {
		msg := &modelstypes.MsgRegisterModel{
			Owner: s.Owner.String(), Name: "another", Kind: modelstypes.MODEL_KIND_RETRIEVAL, Digest: digest[:],
			Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}},
			Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: chain.Royalty,
		}
		edit(msg)
		return msg
	}
	key := make([]byte, 32)
	for _, c := range []struct {
		name   string
		signer chain.Account
		want   error
		msg    sdk.Msg
	}{
		{"below the floor", s.Owner, modelstypes.ErrRoyalty,
			model(func(m *modelstypes.MsgRegisterModel) { m.Royalty = chain.Royalty.SubRaw(1) })},
		{"huge royalty", s.Owner, modelstypes.ErrRoyalty, model(func(m *modelstypes.MsgRegisterModel) { m.Royalty = huge })},
		{"unknown version", s.Owner, modelstypes.ErrInvalidManifest,
			model(func(m *modelstypes.MsgRegisterModel) { m.Manifest[0].Version = 9 })},
		{"no manifest", s.Owner, modelstypes.ErrInvalidManifest,
			model(func(m *modelstypes.MsgRegisterModel) { m.Manifest = nil })},
		{"unsorted manifest", s.Owner, modelstypes.ErrInvalidManifest,
			model(func(m *modelstypes.MsgRegisterModel) { m.Manifest = append(m.Manifest, m.Manifest[0]) })},
		{"short digest", s.Owner, modelstypes.ErrInvalidModel,
			model(func(m *modelstypes.MsgRegisterModel) { m.Digest = key[:5] })},
		{"no method", s.Owner, modelstypes.ErrInvalidModel, model(func(m *modelstypes.MsgRegisterModel) { m.Method = 0 })},
		{"adapter without parent", s.Owner, modelstypes.ErrLineage,
			model(func(m *modelstypes.MsgRegisterModel) { m.Kind = modelstypes.MODEL_KIND_ADAPTER })},
		{"unknown parent", s.Owner, modelstypes.ErrModelNotFound,
			model(func(m *modelstypes.MsgRegisterModel) { m.ParentId = 99 })},
		{"generous to the parent", s.Owner, modelstypes.ErrLineage,
			model(func(m *modelstypes.MsgRegisterModel) { m.ParentId, m.ParentPpm = s.ModelID, 999_999 })},
		{"version by a stranger", s.Stranger, modelstypes.ErrUnauthorized, &modelstypes.MsgPublishModelVersion{
			Owner: s.Stranger.String(), ModelId: s.ModelID, Digest: digest[:],
			Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: 1}},
			Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: chain.Royalty,
		}},
		{"update by a stranger", s.Stranger, modelstypes.ErrUnauthorized,
			&modelstypes.MsgUpdateModel{Owner: s.Stranger.String(), ModelId: s.ModelID}},
		{"registered twice", s.Provider, modelstypes.ErrProviderExists,
			&modelstypes.MsgRegisterProvider{Provider: s.Provider.String(), Name: "again", AnswerKey: key,
				Bond: chain.Coin(chain.Open(1_000))}},
		{"small bond", s.Alice, modelstypes.ErrInvalidBond,
			&modelstypes.MsgRegisterProvider{Provider: s.Alice.String(), Name: "alice", AnswerKey: key,
				Bond: chain.Coin(chain.Open(1))}},
		{"short key", s.Alice, modelstypes.ErrInvalidProvider,
			&modelstypes.MsgRegisterProvider{Provider: s.Alice.String(), Name: "alice", AnswerKey: key[:31],
				Bond: chain.Coin(chain.Open(1_000))}},
		{"bad endpoint", s.Alice, modelstypes.ErrInvalidProvider,
			&modelstypes.MsgRegisterProvider{Provider: s.Alice.String(), Name: "alice", Endpoint: "ftp://x", AnswerKey: key,
				Bond: chain.Coin(chain.Open(1_000))}},
		{"offer without registration", s.Alice, modelstypes.ErrProviderNotFound,
			&modelstypes.MsgSetOffer{Provider: s.Alice.String(), ModelId: s.ModelID, InputPrice: zero, OutputPrice: zero}},
		{"offer of nothing", s.Provider, modelstypes.ErrModelNotFound,
			&modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: 99, InputPrice: zero, OutputPrice: zero}},
		{"huge price", s.Provider, modelstypes.ErrInvalidOffer,
			&modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: s.ModelID, InputPrice: huge, OutputPrice: zero}},
		{"no offer to remove", s.Provider, modelstypes.ErrOfferNotFound,
			&modelstypes.MsgRemoveOffer{Provider: s.Provider.String(), ModelId: 99}},
		{"unbond below the minimum with offers", s.Provider, modelstypes.ErrUnbonding,
			&modelstypes.MsgUnbondProvider{Provider: s.Provider.String(), Amount: chain.Coin(chain.Open(9_500))}},
		{"unbond more than the bond", s.Provider, modelstypes.ErrUnbonding,
			&modelstypes.MsgUnbondProvider{Provider: s.Provider.String(), Amount: chain.Coin(chain.Open(10_001))}},
	} {
		t.Run(c.name, func(t *testing.T) { s.Refuse(c.signer, c.want, c.msg) })
	}
}

func TestUnbondingIsPaidWhenItMatures(t *testing.T) {
	s := newScenario(t)
	s.Send(s.Provider, &modelstypes.MsgUnbondProvider{Provider: s.Provider.String(),
		Amount: chain.Coin(chain.Open(5_000))})
	before := s.Balance(s.Provider.Address)
	s.Skip(modelstypes.DefaultParams().UnbondingTime - time.Minute)
	require.Equal(t, before.String(), s.Balance(s.Provider.Address).String())
	s.Skip(2 * time.Minute)
	require.Equal(t, before.Add(chain.Open(5_000)).String(), s.Balance(s.Provider.Address).String())
}

func TestLineageIsPaid(t *testing.T) {
	s := newScenario(t)
	digest := sha256.Sum256([]byte("child"))
	result := s.Send(s.Stranger, &modelstypes.MsgRegisterModel{
		Owner: s.Stranger.String(), Name: "child", Kind: modelstypes.MODEL_KIND_RETRIEVAL, ParentId: s.ModelID,
		ParentPpm: 250_000, Digest: digest[:],
		Manifest: []modelstypes.ManifestEntry{{DatanetId: s.DatanetID, Version: s.Version}},
		Method:   modelstypes.ATTRIBUTION_METHOD_SPAN, Royalty: chain.Royalty,
	})
	var response modelstypes.MsgRegisterModelResponse
	require.NoError(t, chain.Decode(result, &response))
	s.ModelID = response.ModelId
	s.Send(s.Provider, &modelstypes.MsgSetOffer{Provider: s.Provider.String(), ModelId: s.ModelID,
		InputPrice: chain.InputPrice, OutputPrice: chain.OutputPrice})
	c := s.Open(chain.Open(10))
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	found, err := s.Receipt(c.ReceiptID(1))
	require.NoError(t, err)
	parent := found.Payout.Lineage.QuoRaw(4)
	require.Equal(t, found.Payout.Lineage.Sub(parent).String(), s.Earned(s.Stranger).String())
}

func TestSessionRefusals(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(1))
	key := make([]byte, 32)
	open := func(edit func(*attributiontypes.MsgOpenSession)) *attributiontypes.MsgOpenSession {
		msg := &attributiontypes.MsgOpenSession{Payer: s.Payer.String(), Provider: s.Provider.String(), ModelId: s.ModelID,
			SessionKey: key, Deposit: chain.Coin(chain.Open(1))}
		edit(msg)
		return msg
	}
	for _, tc := range []struct {
		name   string
		signer chain.Account
		want   error
		msg    sdk.Msg
	}{
		{"unknown model", s.Payer, modelstypes.ErrModelNotFound,
			open(func(m *attributiontypes.MsgOpenSession) { m.ModelId = 99 })},
		{"no provider", s.Payer, modelstypes.ErrProviderNotFound,
			open(func(m *attributiontypes.MsgOpenSession) { m.Provider = wrong })},
		{"short key", s.Payer, attributiontypes.ErrInvalidSession,
			open(func(m *attributiontypes.MsgOpenSession) { m.SessionKey = key[:1] })},
		{"dust", s.Payer, attributiontypes.ErrInvalidDeposit,
			open(func(m *attributiontypes.MsgOpenSession) { m.Deposit = chain.Coin(sdkmath.NewInt(1)) })},
		{"huge", s.Payer, attributiontypes.ErrInvalidDeposit,
			open(func(m *attributiontypes.MsgOpenSession) { m.Deposit = chain.Coin(huge) })},
		{"too dear", s.Payer, attributiontypes.ErrPrice, open(func(m *attributiontypes.MsgOpenSession) {
			m.MaxPrice = &attributiontypes.Price{Input: zero, Output: zero, Royalty: zero}
		})},
		{"top-up of nothing", s.Payer, attributiontypes.ErrSessionNotFound,
			&attributiontypes.MsgTopUpSession{Payer: s.Payer.String(), SessionId: key, Amount: chain.Coin(chain.Open(1))}},
		{"close by a stranger", s.Stranger, attributiontypes.ErrUnauthorized,
			&attributiontypes.MsgCloseSession{Signer: s.Stranger.String(), SessionId: c.Session.Id}},
		{"head without calls", s.Payer, attributiontypes.ErrInvalidSession,
			&attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: c.Session.Id, Head: key}},
	} {
		t.Run(tc.name, func(t *testing.T) { s.Refuse(tc.signer, tc.want, tc.msg) })
	}
}

// TestReceiptRefusals forges each part of a batch in turn.
func TestReceiptRefusals(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(1))
	c.Ask(answer())
	good := c.Acknowledged()

	receipts := func(change func([]poa.Receipt)) func(*attributiontypes.MsgSubmitReceipts) {
		return func(m *attributiontypes.MsgSubmitReceipts) {
			unpacked, err := poa.UnmarshalReceipts(m.Receipts, 100)
			require.NoError(t, err)
			change(unpacked)
			m.Receipts, err = poa.MarshalReceipts(unpacked)
			require.NoError(t, err)
		}
	}
	evidence := func(change func(*poa.Evidence)) func(*attributiontypes.MsgSubmitReceipts) {
		return func(m *attributiontypes.MsgSubmitReceipts) {
			unpacked, err := poa.UnmarshalEvidence(m.Evidence)
			require.NoError(t, err)
			change(&unpacked)
			m.Evidence, err = unpacked.MarshalBinary()
			require.NoError(t, err)
		}
	}
	// resign signs for changed receipts, so that only the change itself is wrong.
	resign := func(m *attributiontypes.MsgSubmitReceipts) {
		unpacked, err := poa.UnmarshalReceipts(m.Receipts, 100)
		require.NoError(t, err)
		head, last := poa.Hash{}, poa.Outcome{}
		for _, r := range unpacked {
			head, last = poa.NextHash(head, r.CallHash(), last), r.Outcome()
		}
		head = poa.NextHash(head, poa.AckCall, last)
		m.Sessions[0].Signature = c.Voucher(m.Sessions[0].Calls, head, chain.Amount(m.Sessions[0].CumulativeMax))
	}
	for _, tc := range []struct {
		name   string
		signer chain.Account
		want   error
		change func(*attributiontypes.MsgSubmitReceipts)
	}{
		{"another provider", s.Alice, attributiontypes.ErrUnauthorized,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Provider = s.Alice.String() }},
		{"no number", s.Provider, attributiontypes.ErrInvalidBatch,
			func(m *attributiontypes.MsgSubmitReceipts) { m.ProviderSeq = 0 }},
		{"no sessions", s.Provider, attributiontypes.ErrInvalidBatch,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions = nil }},
		{"session twice", s.Provider, attributiontypes.ErrInvalidBatch,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions = append(m.Sessions, m.Sessions[0]) }},
		{"unknown session", s.Provider, attributiontypes.ErrSessionNotFound,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions[0].SessionId = make([]byte, 32) }},
		{"wrong signature", s.Provider, attributiontypes.ErrVoucher,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions[0].Signature[0] ^= 1 }},
		{"no signature", s.Provider, attributiontypes.ErrVoucher,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions[0].Signature = nil }},
		{"voucher of another call", s.Provider, attributiontypes.ErrVoucher,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions[0].Calls = 7 }},
		{"raised limit", s.Provider, attributiontypes.ErrVoucher,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions[0].CumulativeMax = chain.Open(1) }},
		{"below what is charged", s.Provider, attributiontypes.ErrOvercharge,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Sessions[0].CumulativeMax = sdkmath.OneInt() }},
		{"empty receipts", s.Provider, attributiontypes.ErrInvalidReceipt,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Receipts = nil }},
		{"garbage receipts", s.Provider, attributiontypes.ErrInvalidReceipt,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Receipts = append(m.Receipts, 1) }},
		{"garbage evidence", s.Provider, attributiontypes.ErrEvidence,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Evidence = append(m.Evidence, 1) }},
		{"oversize", s.Provider, attributiontypes.ErrOversize,
			func(m *attributiontypes.MsgSubmitReceipts) { m.Evidence = make([]byte, 1<<20+1) }},
		{"skipped call", s.Provider, attributiontypes.ErrCallOrder, receipts(func(r []poa.Receipt) { r[0].N = 2 })},
		{"unsigned change", s.Provider, attributiontypes.ErrVoucher,
			receipts(func(r []poa.Receipt) { r[0].Fee, r[0].InputTokens = chain.Amount(chain.Royalty), 0 })},
		{"overcharge", s.Provider, attributiontypes.ErrOvercharge,
			receipts(func(r []poa.Receipt) { r[0].Fee, _ = r[0].Fee.Add(poa.NewAmount(1)) })},
		{"below the royalty", s.Provider, attributiontypes.ErrInvalidReceipt,
			receipts(func(r []poa.Receipt) { r[0].Fee = poa.NewAmount(1) })},
		{"more tokens than the answer has", s.Provider, attributiontypes.ErrTokenCount,
			func(m *attributiontypes.MsgSubmitReceipts) {
				receipts(func(r []poa.Receipt) { r[0].OutputTokens++ })(m)
				resign(m)
			}},
		{"moved weight", s.Provider, attributiontypes.ErrEvidence, func(m *attributiontypes.MsgSubmitReceipts) {
			receipts(func(r []poa.Receipt) { r[0].Entries[0].WeightPPM++; r[0].UnattributedPPM-- })(m)
		}},
		{"unknown contribution", s.Provider, attributiontypes.ErrManifest,
			receipts(func(r []poa.Receipt) { r[0].Entries[0].Rank = 1000 })},
		{"other rows", s.Provider, attributiontypes.ErrEvidence, func(m *attributiontypes.MsgSubmitReceipts) {
			receipts(func(r []poa.Receipt) { r[0].EvidenceRoot[0] ^= 1 })(m)
		}},
		{"forged text", s.Provider, attributiontypes.ErrEvidence, evidence(func(e *poa.Evidence) {
			e.Segments[0].Content = append([]byte("In fact the "), e.Segments[0].Content...)
		})},
		{"wrong path", s.Provider, attributiontypes.ErrEvidence,
			evidence(func(e *poa.Evidence) { e.Segments[0].Path[0][0] ^= 1 })},
		{"wrong opening", s.Provider, attributiontypes.ErrEvidence, evidence(func(e *poa.Evidence) {
			e.Answers[0].Openings[0].Word = nil
			e.Answers[0].Openings[0].Token ^= 1
		})},
		{"hidden position", s.Provider, attributiontypes.ErrEvidence, evidence(func(e *poa.Evidence) {
			e.Answers[0].Openings = e.Answers[0].Openings[1:]
		})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var forged attributiontypes.MsgSubmitReceipts
			encoded, err := good.Marshal()
			require.NoError(t, err)
			require.NoError(t, forged.Unmarshal(encoded))
			tc.change(&forged)
			s.Refuse(tc.signer, tc.want, &forged)
		})
	}

	// The honest batch still goes through, once.
	c.Submit(good)
	replay := *good
	replay.ProviderSeq++
	s.Refuse(s.Provider, attributiontypes.ErrCallOrder, &replay)
	changed := *good
	changed.Sessions = append([]attributiontypes.SessionClaim(nil), good.Sessions...)
	changed.Sessions[0].CumulativeMax = sdkmath.OneInt()
	s.Refuse(s.Provider, attributiontypes.ErrSequenceUsed, &changed)
}

func TestDepositBoundsWhatIsPaid(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Royalty.MulRaw(2)) // less than two answers cost
	c.Ask(answer())
	c.Ask(answer())
	s.Refuse(s.Provider, attributiontypes.ErrDeposit, c.Acknowledged())
	s.Send(s.Payer, &attributiontypes.MsgTopUpSession{Payer: s.Payer.String(), SessionId: c.Session.Id,
		Amount: chain.Coin(chain.Open(1))})
	c.Submit(c.Acknowledged())
}

func TestClosedSessionTakesNothing(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(1))
	c.Ask(answer())
	msg := c.Acknowledged()
	s.Send(s.Payer, &attributiontypes.MsgCloseSession{Signer: s.Payer.String(), SessionId: c.Session.Id})
	s.Refuse(s.Payer, attributiontypes.ErrSessionClosed,
		&attributiontypes.MsgTopUpSession{Payer: s.Payer.String(), SessionId: c.Session.Id,
			Amount: chain.Coin(chain.Open(1))})
	s.Skip(attributiontypes.DefaultParams().ClaimWindow + chain.BlockTime)
	s.Refuse(s.Provider, attributiontypes.ErrSessionNotFound, msg)
}

func TestIdleSessionReturnsItsDeposit(t *testing.T) {
	s := newScenario(t)
	s.Open(chain.Open(5))
	before := s.Balance(s.Payer.Address)
	params := attributiontypes.DefaultParams()
	s.Skip(params.IdleExpiry + chain.BlockTime)
	s.Skip(params.ClaimWindow + chain.BlockTime)
	s.Blocks(1)
	require.Equal(t, before.Add(chain.Open(5)).String(), s.Balance(s.Payer.Address).String())
}

func TestRewardsRefusals(t *testing.T) {
	s := newScenario(t)
	for _, tc := range []struct {
		name string
		want error
		msg  sdk.Msg
	}{
		{"nothing to claim", rewardstypes.ErrNothingToClaim, &rewardstypes.MsgClaim{Account: s.Stranger.String()}},
		{"threshold without account", rewardstypes.ErrNoLedgerAccount,
			&rewardstypes.MsgSetPayoutThreshold{Account: s.Stranger.String(), Threshold: "1000000000000000000"}},
		{"threshold in words", rewardstypes.ErrThreshold,
			&rewardstypes.MsgSetPayoutThreshold{Account: s.Stranger.String(), Threshold: "much"}},
		{"fund nothing", rewardstypes.ErrInvalidAmount,
			&rewardstypes.MsgFundBountyPool{Funder: s.Stranger.String(), Amount: chain.Coin(zero)}},
		{"params by a stranger", rewardstypes.ErrUnauthorized,
			&rewardstypes.MsgUpdateParams{Authority: s.Stranger.String(), Params: rewardstypes.DefaultParams()}},
	} {
		t.Run(tc.name, func(t *testing.T) { s.Refuse(s.Stranger, tc.want, tc.msg) })
	}
}

func TestClaimToAnotherAccount(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(10))
	c.Ask(answer())
	c.Submit(c.Acknowledged()) // creates the ledger account; paid out by itself
	s.Send(s.Alice, &rewardstypes.MsgSetPayoutThreshold{Account: s.Alice.String(), Threshold: chain.Open(1_000).String()})
	c.Gap(poa.AckCall)
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	s.Blocks(2)
	before := s.Balance(s.Stranger.Address)
	s.Refuse(s.Alice, rewardstypes.ErrRecipient,
		&rewardstypes.MsgClaim{Account: s.Alice.String(), Recipient: s.ModuleAddress(rewardstypes.ModuleName)})
	s.Send(s.Alice, &rewardstypes.MsgClaim{Account: s.Alice.String(), Recipient: s.Stranger.String()})
	require.True(t, s.Balance(s.Stranger.Address).GT(before))
	s.Refuse(s.Alice, rewardstypes.ErrNothingToClaim, &rewardstypes.MsgClaim{Account: s.Alice.String()})
}

func TestNobodyElseMints(t *testing.T) {
	s := newScenario(t)
	coins := sdk.NewCoins(chain.Coin(sdkmath.OneInt()))
	require.ErrorIs(t, s.App.BankKeeper.MintCoins(s.Ctx(), rewardstypes.ModuleName, coins), rewardstypes.ErrMint)
	tooMuch := rewardstypes.CapNativeMint(s.App.BankKeeper)
	require.ErrorIs(t, tooMuch(s.Ctx(), sdk.NewCoins(chain.Coin(rewardstypes.MaxSupply))), rewardstypes.ErrMint)
}

func TestValidatorsArePaidAtTheEndOfAnEpoch(t *testing.T) {
	s := newScenario(t)
	c := s.Open(chain.Open(10))
	c.Ask(answer())
	c.Submit(c.Acknowledged())
	before, err := s.Supply()
	require.NoError(t, err)
	require.True(t, before.ValidatorsPot.IsPositive())
	s.Blocks(int(rewardstypes.DefaultParams().EpochBlocks))
	after, err := s.Supply()
	require.NoError(t, err)
	require.True(t, after.ValidatorsPot.IsZero())
}
