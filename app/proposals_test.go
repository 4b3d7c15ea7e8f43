package app_test

import (
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	evidencetypes "github.com/cosmos/cosmos-sdk/x/evidence/types"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1"
	govv1beta1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1beta1"

	"github.com/openledger/openledger/testutil/chain"
)

// TestFailedProposalKeepsNoText: x/gov keeps why the message of a proposal failed, and what it keeps is hashed. It is a
// code.
func TestFailedProposalKeepsNoText(t *testing.T) {
	s := newScenario(t)
	gov := s.App.AccountKeeper.GetModuleAddress(govtypes.ModuleName)
	proposal, err := govv1.NewMsgSubmitProposal(
		[]sdk.Msg{banktypes.NewMsgSend(gov, s.Payer.Address, coins(chain.Open(1_000_000)))},
		coins(chain.Open(1_000)), s.Payer.String(), "", "Spend", "what is not there", false)
	require.NoError(t, err)
	s.Send(s.Payer, proposal)
	validator := chain.NewAccount("validator 0")
	s.Send(validator, govv1.NewMsgVote(validator.Address, 1, govv1.OptionYes, ""))
	params, err := s.App.GovKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	s.Skip(*params.VotingPeriod)
	s.Blocks(1)
	iterator, err := s.App.GovKeeper.Proposals.Iterate(s.Ctx(), nil)
	require.NoError(t, err)
	all, err := iterator.Values()
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, govv1.StatusFailed, all[0].Status)
	require.Equal(t, "codespace sdk code 5", all[0].FailedReason)
}

// TestMessagesOfTheSDKThatNeedARouter: proposals of the old form and evidence in a message reach routers that the SDK
// lets an application leave out, and then panics.
func TestMessagesOfTheSDKThatNeedARouter(t *testing.T) {
	s := newScenario(t)
	gov := s.App.AccountKeeper.GetModuleAddress(govtypes.ModuleName)
	legacy, err := govv1.NewLegacyContent(govv1beta1.NewTextProposal("Say", "something"), gov.String())
	require.NoError(t, err)
	proposal, err := govv1.NewMsgSubmitProposal([]sdk.Msg{legacy}, coins(chain.Open(1_000)), s.Payer.String(), "", "Old",
		"form", false)
	require.NoError(t, err)
	s.Send(s.Payer, proposal)
	validator := chain.NewAccount("validator 0")
	s.Send(validator, govv1.NewMsgVote(validator.Address, 1, govv1.OptionYes, ""))
	params, err := s.App.GovKeeper.Params.Get(s.Ctx())
	require.NoError(t, err)
	s.Skip(*params.VotingPeriod)
	s.Blocks(1)
	passed, err := s.App.GovKeeper.Proposals.Get(s.Ctx(), 1)
	require.NoError(t, err)
	require.Equal(t, govv1.StatusPassed, passed.Status, passed.FailedReason)

	evidence := &evidencetypes.Equivocation{Height: 1, Time: s.Time(), Power: 1,
		ConsensusAddress: sdk.ConsAddress(make([]byte, 20)).String()}
	msg, err := evidencetypes.NewMsgSubmitEvidence(s.Payer.Address, evidence)
	require.NoError(t, err)
	s.Refuse(s.Payer, evidencetypes.ErrNoEvidenceHandlerExists, msg)
}

// TestResultsAreHashedWithoutTexts: of a transaction's result the header holds code, data and gas. Log, info, events
// and codespace may differ from build to build; data may not.
func TestResultsAreHashedWithoutTexts(t *testing.T) {
	hash := func(result abci.ExecTxResult) string {
		return string(cmttypes.NewResults([]*abci.ExecTxResult{&result}).Hash())
	}
	plain := hash(abci.ExecTxResult{Code: 3, GasUsed: 1})
	require.Equal(
		t, plain, hash(
			abci.ExecTxResult{Code: 3, GasUsed: 1, Log: "a", Info: "b", Codespace: "c", Events: []abci.Event{{Type: "d"}}}))
	require.NotEqual(t, plain, hash(abci.ExecTxResult{Code: 3, GasUsed: 1, Data: []byte("a")}))
}

// named are string fields of responses that are no texts: ids that the chain gives.
var named = map[protoreflect.FullName]bool{}

// TestResponsesHoldNoTexts walks the responses of all messages of the chain's modules, which are the data of a result:
// every string in them is an amount or an address. A text of an error in one would fork a chain whose nodes run
// different builds.
func TestResponsesHoldNoTexts(t *testing.T) {
	files, err := proto.MergedRegistry()
	require.NoError(t, err)
	seen := 0
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Package().Parent() == "" || protoreflect.FullName("openledger") != root(file.Package()) {
			return true
		}
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			if service.Name() != "Msg" {
				continue
			}
			for j := range service.Methods().Len() {
				seen++
				checkStrings(t, service.Methods().Get(j).Output(), map[protoreflect.FullName]bool{})
			}
		}
		return true
	})
	require.Greater(t, seen, 40, "the walk found the messages")
}

func root(name protoreflect.FullName) protoreflect.FullName {
	for name.Parent() != "" {
		name = name.Parent()
	}
	return name
}

func checkStrings(t *testing.T, message protoreflect.MessageDescriptor, walked map[protoreflect.FullName]bool) {
	t.Helper()
	if walked[message.FullName()] {
		return
	}
	walked[message.FullName()] = true
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		switch field.Kind() {
		case protoreflect.MessageKind:
			checkStrings(t, field.Message(), walked)
		case protoreflect.StringKind:
			switch scalarOf(t, field) {
			case "cosmos.Int", "cosmos.Dec", "cosmos.AddressString", "cosmos.ValidatorAddressString":
			default:
				if message.FullName() != "cosmos.base.v1beta1.Coin" {
					require.True(t, named[field.FullName()], "%s is a text", field.FullName())
				}
			}
		}
	}
}

// scalarOf returns the option cosmos_proto.scalar of a field.
func scalarOf(t *testing.T, field protoreflect.FieldDescriptor) string {
	t.Helper()
	extension, err := protoregistry.GlobalTypes.FindExtensionByName("cosmos_proto.scalar")
	require.NoError(t, err)
	options := field.Options().ProtoReflect()
	if !options.Has(extension.TypeDescriptor()) {
		return ""
	}
	return options.Get(extension.TypeDescriptor()).String()
}
