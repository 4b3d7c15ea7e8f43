package app_test

import (
	"testing"
	"time"

	sdkmath "cosmossdk.io/math"

	gogoproto "github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/tx/signing/aminojson"

	"github.com/openledger/openledger/testutil/chain"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// TestHardwareWalletsSignEveryMessage: the JSON that a wallet signs, made from
// the protobuf options, is the JSON of the registered amino types.
func TestHardwareWalletsSignEveryMessage(t *testing.T) {
	a, _ := defaultGenesis(t)
	who, coin, one, hash := chain.NewAccount("wallet").String(), chain.Coin(chain.Open(1)), sdkmath.OneInt(), make([]byte, 32)
	hash[0] = 1
	segment := datanettypes.SegmentProof{Index: 1, Text: hash, Path: [][]byte{hash}}
	encoder := aminojson.NewEncoder(aminojson.EncoderOptions{FileResolver: gogoproto.HybridResolver})
	for _, msg := range []sdk.Msg{
		&datanettypes.MsgCreateDataNet{Owner: who, Name: "name", ReviewPolicy: datanettypes.REVIEW_POLICY_OWNER, RoyaltyFloor: one},
		&datanettypes.MsgUpdateDataNet{Owner: who, DatanetId: 1, Name: "name", RoyaltyFloor: sdkmath.ZeroInt(), Closed: true},
		&datanettypes.MsgCommitContributions{Contributor: who, Items: []datanettypes.CommitItem{{Hash: hash, Deposit: coin}}},
		&datanettypes.MsgRevealContributions{Contributor: who, Items: []datanettypes.RevealItem{{Rank: 1, Root: hash, Salt: hash, Segments: 2, Tokens: 3}}},
		&datanettypes.MsgAcceptContributions{Owner: who, DatanetId: 1, Ranks: []uint64{1, 2}},
		&datanettypes.MsgRejectContributions{Owner: who, DatanetId: 1, Ranks: []uint64{1}, Reason: "why"},
		&datanettypes.MsgWithdrawContribution{Contributor: who, Rank: 3},
		&datanettypes.MsgUpdateParams{Authority: who, Params: datanettypes.DefaultParams()},
		&datanettypes.MsgCreateDataNet{Owner: who, Name: "name", ReviewPolicy: datanettypes.REVIEW_POLICY_PANEL, RoyaltyFloor: one, ReviewFee: one, Curators: []datanettypes.Royalty{{Address: who, Ppm: 5}}},
		&datanettypes.MsgBondValidator{Validator: who, DatanetId: 1, Amount: one},
		&datanettypes.MsgUnbondValidator{Validator: who, DatanetId: 1, Amount: one},
		&datanettypes.MsgActivateValidator{Validator: who, DatanetId: 1},
		&datanettypes.MsgSetCredentialPolicy{Owner: who, DatanetId: 1, Kind: datanettypes.CREDENTIAL_KIND_ISSUER, Issuer: who},
		&datanettypes.MsgGrantCredentials{Granter: who, DatanetId: 1, Addresses: []string{who}},
		&datanettypes.MsgRevokeCredentials{Granter: who, DatanetId: 1, Addresses: []string{who}},
		&datanettypes.MsgSealGold{Planter: who, Cohort: 1, Kind: datanettypes.GOLD_KIND_SOUND, Hashes: [][]byte{hash}},
		&datanettypes.MsgOpenGold{Planter: who, Cohort: 1, Rank: 2, Salt: hash, Segment: &segment, Original: 1, OriginalSegment: &segment},
		&datanettypes.MsgCommitBallot{Validator: who, Cohort: 1, Hash: hash},
		&datanettypes.MsgRevealBallot{Validator: who, Cohort: 1, Votes: []datanettypes.Vote{{Accept: true, Score: 9}, {Reason: datanettypes.REJECT_REASON_SPAM}}, Salt: hash},
		&datanettypes.MsgAppeal{Appellant: who, Rank: 1, Reason: "why"},
		&datanettypes.MsgResolveContribution{Authority: who, Rank: 1, Accept: true, Score: 3, Reason: "why"},
		&datanettypes.MsgChallengeDuplicate{Challenger: who, Rank: 2, Segment: segment, Original: 1, OriginalSegment: segment},
		&datanettypes.MsgAcceptSnapshot{Authority: who, Name: "name", Root: hash, Segments: 1},
		&datanettypes.MsgProvePriorArt{Prover: who, Rank: 2, Segment: segment, Snapshot: 1, SnapshotSegment: segment},
		&datanettypes.MsgRecallContribution{Signer: who, Rank: 1, Reason: "why"},
		&datanettypes.MsgReleaseDeposits{Contributor: who, Ranks: []uint64{1}},
		&datanettypes.MsgFundBounty{Funder: who, DatanetId: 1, Amount: one, Price: one, Deadline: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Panel: 1},
		&datanettypes.MsgFundPoolBounty{Authority: who, DatanetId: 1, Amount: one, Price: one, Deadline: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		&modelstypes.MsgRegisterModel{Owner: who, Name: "name", Kind: modelstypes.MODEL_KIND_BASE, Digest: hash, Manifest: []modelstypes.ManifestEntry{{DatanetId: 1, Version: 1}}, Royalty: one},
		&modelstypes.MsgPublishModelVersion{Owner: who, ModelId: 1, Digest: hash, Manifest: []modelstypes.ManifestEntry{{DatanetId: 1, Version: 2}}, Royalty: one},
		&modelstypes.MsgUpdateModel{Owner: who, ModelId: 1, Retired: true},
		&modelstypes.MsgRegisterProvider{Provider: who, Name: "name", AnswerKey: hash, Bond: coin},
		&modelstypes.MsgUpdateProvider{Provider: who, Name: "name", AnswerKey: hash},
		&modelstypes.MsgClaimFence{Provider: who, Fence: hash, Holder: hash},
		&modelstypes.MsgBondProvider{Provider: who, Amount: coin},
		&modelstypes.MsgUnbondProvider{Provider: who, Amount: coin},
		&modelstypes.MsgSetOffer{Provider: who, ModelId: 1, InputPrice: one, OutputPrice: sdkmath.ZeroInt()},
		&modelstypes.MsgRemoveOffer{Provider: who, ModelId: 1},
		&modelstypes.MsgUpdateParams{Authority: who, Params: modelstypes.DefaultParams()},
		&attributiontypes.MsgOpenSession{Payer: who, Provider: who, ModelId: 1, SessionKey: hash, Deposit: coin, MaxPrice: &attributiontypes.Price{Input: one, Output: one, Royalty: one}},
		&attributiontypes.MsgTopUpSession{Payer: who, SessionId: hash, Amount: coin},
		&attributiontypes.MsgCloseSession{Signer: who, SessionId: hash, Calls: 2, Head: hash},
		&attributiontypes.MsgSubmitReceipts{Provider: who, ProviderSeq: 1, Sessions: []attributiontypes.SessionClaim{{SessionId: hash, Calls: 1, CumulativeMax: one, Signature: hash}}, Receipts: hash, Evidence: hash},
		&attributiontypes.MsgUpdateParams{Authority: who, Params: attributiontypes.DefaultParams()},
		&rewardstypes.MsgClaim{Account: who},
		&rewardstypes.MsgSetPayoutThreshold{Account: who, Threshold: "1"},
		&rewardstypes.MsgFundBountyPool{Funder: who, Amount: coin},
		&rewardstypes.MsgUpdateParams{Authority: who, Params: rewardstypes.DefaultParams()},
	} {
		t.Run(sdk.MsgTypeURL(msg), func(t *testing.T) {
			legacy, err := a.LegacyAmino().MarshalJSON(msg)
			require.NoError(t, err)
			descriptor, err := gogoproto.HybridResolver.FindDescriptorByName(protoreflect.FullName(gogoproto.MessageName(msg)))
			require.NoError(t, err)
			encoded, err := gogoproto.Marshal(msg)
			require.NoError(t, err)
			dynamic := dynamicpb.NewMessage(descriptor.(protoreflect.MessageDescriptor))
			require.NoError(t, proto.Unmarshal(encoded, dynamic))
			signed, err := encoder.Marshal(dynamic)
			require.NoError(t, err)
			require.JSONEq(t, string(legacy), string(signed))
		})
	}
}
