package signing_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"
	"github.com/stretchr/testify/require"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"cosmossdk.io/log/v2"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	simtestutil "github.com/cosmos/cosmos-sdk/testutil/sims"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx"
	signingtypes "github.com/cosmos/cosmos-sdk/types/tx/signing"
	authsigning "github.com/cosmos/cosmos-sdk/x/auth/signing"

	"github.com/openledger/openledger/app"
)

var write = flag.Bool("write-documents", false, "rewrite the sign documents in testdata")

// document is what a wallet signs for one message. testutil/wallets makes the same of value with CosmJS.
type document struct {
	// Type is the type URL of the message.
	Type string `json:"type"`
	// Case says which fields are set: "full", all of them, or "least", those that cannot be left out.
	Case string `json:"case"`
	// Value is the message, protobuf in base64.
	Value string `json:"value"`
	// Sign is the sorted JSON of the sign document.
	Sign string `json:"sign"`
}

// What is the same in all sign documents of testdata.
const (
	chainID  = "openledger-test-1"
	account  = 1<<63 + 12345 // as the accounts of this chain: above what a float can hold
	sequence = 7
	gas      = 200_000
	memo     = "a <note> & more"
)

// TestWalletsSignWhatNodesVerify: for every message, with all fields and with as few as can be, the JSON that a client
// signs is what a node verifies, also when the transaction went through a JSON file; and it does not change by
// accident.
func TestWalletsSignWhatNodesVerify(t *testing.T) {
	a := app.New(log.NewNopLogger(), dbm.NewMemDB(), true, simtestutil.NewAppOptionsWithFlagHome(t.TempDir()))
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	path := filepath.Join("testdata", "sign_documents.json")
	var golden []document
	if raw, err := os.ReadFile(path); !*write {
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, &golden))
	}
	var got []document
	for _, name := range messages(a) {
		for _, full := range []bool{true, false} {
			msg := sample(t, name, full)
			value, err := protov2.MarshalOptions{Deterministic: true}.Marshal(msg)
			require.NoError(t, err)
			d := document{Type: "/" + name, Case: "least", Value: base64.StdEncoding.EncodeToString(value)}
			if full {
				d.Case = "full"
			}
			t.Run(name+"/"+d.Case, func(t *testing.T) {
				sent := transaction(t, "/"+name, value)
				decoded, err := a.TxConfig().TxDecoder()(sent)
				require.NoError(t, err)
				d.Sign = signBytes(t, a, decoded)
				require.Equal(t, d.Sign, signBytes(t, a, built(t, a, msg)), "openledgerd signs another document than nodes verify")
				require.NotContains(t, d.Sign, "null", "no field is null: other libraries leave it out or write an empty list")

				// The file of --generate-only writes all amounts out. Signed and sent from there, the node verifies what was
				// signed.
				written, err := a.TxConfig().TxJSONEncoder()(decoded)
				require.NoError(t, err)
				read, err := a.TxConfig().TxJSONDecoder()(written)
				require.NoError(t, err)
				resent, err := a.TxConfig().TxEncoder()(read)
				require.NoError(t, err)
				again, err := a.TxConfig().TxDecoder()(resent)
				require.NoError(t, err)
				require.Equal(t, signBytes(t, a, read), signBytes(t, a, again))
			})
			got = append(got, d)
		}
	}
	require.NotEmpty(t, got)
	if *write {
		raw, err := json.MarshalIndent(got, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, append(raw, '\n'), 0o644))
		return
	}
	require.Equal(
		t, golden, got, "sign documents changed: wallets that know the old ones can no longer sign; if that is meant, run "+
			"with -write-documents")
}

// messages returns the names of all our messages, sorted.
func messages(a *app.App) []string {
	var names []string
	for _, url := range a.InterfaceRegistry().ListImplementations(sdk.MsgInterfaceProtoName) {
		if strings.HasPrefix(url, "/openledger.") {
			names = append(names, url[1:])
		}
	}
	sort.Strings(names)
	return names
}

// transaction returns an unsigned transaction with one message, as a client sends it.
func transaction(t *testing.T, url string, value []byte) []byte {
	t.Helper()
	body, err := proto.Marshal(&tx.TxBody{Messages: []*codectypes.Any{{TypeUrl: url, Value: value}}, Memo: memo})
	require.NoError(t, err)
	key, err := codectypes.NewAnyWithValue(secp256k1.GenPrivKeyFromSecret([]byte("wallet")).PubKey())
	require.NoError(t, err)
	auth, err := proto.Marshal(&tx.AuthInfo{
		SignerInfos: []*tx.SignerInfo{{
			PublicKey: key, Sequence: sequence,
			ModeInfo: &tx.ModeInfo{
				Sum: &tx.ModeInfo_Single_{Single: &tx.ModeInfo_Single{Mode: signingtypes.SignMode_SIGN_MODE_LEGACY_AMINO_JSON}}},
		}},
		Fee: &tx.Fee{Amount: fee, GasLimit: gas},
	})
	require.NoError(t, err)
	raw, err := proto.Marshal(&tx.TxRaw{BodyBytes: body, AuthInfoBytes: auth, Signatures: [][]byte{{}}})
	require.NoError(t, err)
	return raw
}

// built returns the transaction as openledgerd builds it.
func built(t *testing.T, a *app.App, msg *dynamicpb.Message) sdk.Tx {
	t.Helper()
	builder := a.TxConfig().NewTxBuilder()
	require.NoError(t, builder.SetMsgs(msg))
	builder.SetMemo(memo)
	builder.SetGasLimit(gas)
	builder.SetFeeAmount(fee)
	return builder.GetTx()
}

// signBytes returns the document that is signed or verified for a transaction.
func signBytes(t *testing.T, a *app.App, decoded sdk.Tx) string {
	t.Helper()
	signed, err := authsigning.GetSignBytesAdapter(context.Background(), a.TxConfig().SignModeHandler(),
		signingtypes.SignMode_SIGN_MODE_LEGACY_AMINO_JSON,
		authsigning.SignerData{Address: address, ChainID: chainID, AccountNumber: account, Sequence: sequence}, decoded)
	require.NoError(t, err)
	return string(signed)
}

var fee = sdk.NewCoins(sdk.NewInt64Coin("aopen", 1_000_000_000))

// address stands in every field of an address.
var address = sdk.AccAddress(secp256k1.GenPrivKeyFromSecret([]byte("wallet")).PubKey().Address()).String()
