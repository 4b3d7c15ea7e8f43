package cmd

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/baseapp"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/testutil/chain"
	attributionkeeper "github.com/openledger/openledger/x/attribution/keeper"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanetkeeper "github.com/openledger/openledger/x/datanet/keeper"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	modelskeeper "github.com/openledger/openledger/x/models/keeper"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

// adapterWorld is a chain with an adapter, and a provider who serves its influence file and evidence.
type adapterWorld struct {
	*chain.Scenario
	source audit.Source
	blocks map[int64][][]byte
	served map[string][]byte // by the last part of a path
}

func newAdapterWorld(t *testing.T) *adapterWorld {
	t.Helper()
	w := &adapterWorld{blocks: make(map[int64][][]byte), served: make(map[string][]byte)}
	w.Scenario = chain.NewScenario(func(accounts []chain.Account) *chain.Chain {
		c := chain.NewWithValidators(t, 1, accounts, chain.Attest(true))
		c.Voter = chain.AllSay(attributiontypes.VerdictValid)
		return c
	})
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		content, ok := w.served[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
		if !ok {
			http.NotFound(to, r)
			return
		}
		_, _ = to.Write(content)
	}))
	t.Cleanup(server.Close)
	provider, err := w.App.ModelsKeeper.GetProvider(w.Ctx(), w.Provider.Address)
	require.NoError(t, err)
	w.Send(w.Provider, &modelstypes.MsgUpdateProvider{Provider: w.Provider.String(), Name: "provider",
		Endpoint: server.URL, AnswerKey: provider.AnswerKey})
	w.PublishAdapter(w.InfluenceRows())
	file, err := poa.MarshalInfluence(w.Influence())
	require.NoError(t, err)
	w.served[w.Training().Influence.String()] = file
	return w
}

// answer has the adapter answer, and returns the receipt's id.
func (w *adapterWorld) answer(t *testing.T, lie func(c *chain.Conversation, att *poa.Attribution)) string {
	t.Helper()
	c := w.Open(chain.Open(100))
	c.Query = &poa.LoraQuery{Sketch: w.Influence()[1].Sketch}
	c.Lie = func(att *poa.Attribution) {
		if lie != nil {
			lie(c, att)
		}
	}
	c.Ask("In short: " + chain.Texts[0][0] + " The rest is of no book: lanterns drift across quiet harbours while " +
		"bakers argue about marmalade, umbrellas and the price of yellow bicycles in winter.")
	msg := c.Acknowledged()
	bundle, err := poa.MarshalBundle(msg.Receipts, msg.Evidence)
	require.NoError(t, err)
	w.served[c.Evidence.Root().String()] = bundle
	encoded := w.Sign(chain.Tx{Signer: w.Provider, Msgs: []sdk.Msg{c.Attested(msg)}}, 0)
	result := w.RawBlock(encoded).TxResults[0]
	require.Zero(t, result.Code, result.Log)
	w.blocks[w.Height()] = [][]byte{encoded}
	w.Blocks(2)

	conn := baseapp.NewQueryServerTestHelper(w.Ctx(), w.App.InterfaceRegistry())
	attributiontypes.RegisterQueryServer(conn, attributionkeeper.NewQueryServer(w.App.AttributionKeeper))
	datanettypes.RegisterQueryServer(conn, datanetkeeper.NewQueryServer(w.App.DatanetKeeper))
	modelstypes.RegisterQueryServer(conn, modelskeeper.NewQueryServer(w.App.ModelsKeeper))
	w.source = audit.FromLocalNode(chain.ID, conn, func(_ context.Context, height int64) ([][]byte, error) {
		if txs, ok := w.blocks[height]; ok {
			return txs, nil
		}
		return nil, fmt.Errorf("%w %d", audit.ErrPruned, height)
	})
	return c.ReceiptID(1)
}

// find runs the command up to the proof.
func (w *adapterWorld) find(t *testing.T, id string, flags ...string) (proof []byte, out string, err error) {
	t.Helper()
	cmd := receiptsDisputeCmd()
	var printed bytes.Buffer
	cmd.SetOut(&printed)
	require.NoError(t, cmd.ParseFlags(flags))
	files, err := submittedFiles(cmd)
	require.NoError(t, err)
	receipt, err := openReceipt(t.Context(), w.source, id, files)
	require.NoError(t, err)
	proof, err = findProof(cmd, nil, receipt)
	return proof, printed.String(), err
}

func fileOf(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "influence.bin")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// TestReceiptsByInfluenceAreChecked: the influence file is found at the provider and compared with the record, and an
// honest receipt passes and cannot be disputed. Without the file that part is skipped, and with another one it fails.
func TestReceiptsByInfluenceAreChecked(t *testing.T) {
	w := newAdapterWorld(t)
	id := w.answer(t, nil)
	status := func() (audit.Report, audit.Status) {
		report, err := audit.Verify(t.Context(), w.source, id)
		require.NoError(t, err)
		at := slices.IndexFunc(report.Steps, func(s audit.Step) bool { return s.Name == "influence" })
		require.GreaterOrEqual(t, at, 0)
		return report, report.Steps[at].Status
	}
	report, found := status()
	require.True(t, report.OK, "%+v", report.Steps)
	require.Equal(t, audit.Passed, found)
	_, _, err := w.find(t, id)
	require.ErrorContains(t, err, "nothing to dispute")

	name := w.Training().Influence.String()
	file := w.served[name]
	w.served[name] = append(slices.Clone(file), 0)
	report, found = status()
	require.True(t, report.OK)
	require.Equal(t, audit.Skipped, found, "what has another hash is not the file")
	_, _, err = w.find(t, id)
	require.ErrorContains(t, err, "--influence")
	_, _, err = w.find(t, id, "--influence", fileOf(t, w.served[name]))
	require.ErrorIs(t, err, poa.ErrInfluence)
	_, _, err = w.find(t, id, "--influence", fileOf(t, file))
	require.ErrorContains(t, err, "nothing to dispute")
}

// TestDisputesByInfluenceAreBuilt: what the command finds convicts the provider on chain.
func TestDisputesByInfluenceAreBuilt(t *testing.T) {
	made := func(w *adapterWorld) []poa.InfluenceRow {
		rows := slices.Clone(w.Influence())
		rows[0].Sketch = rows[1].Sketch
		return rows
	}
	for name, lie := range map[string]struct {
		change func(w *adapterWorld, c *chain.Conversation, att *poa.Attribution)
		made   bool
		kind   string
	}{
		"entry": {func(_ *adapterWorld, c *chain.Conversation, att *poa.Attribution) {
			at := slices.IndexFunc(att.Entries, func(e poa.Entry) bool { return e.LoraPPM > 0 })
			att.UnattributedPPM += att.Entries[at].LoraPPM
			att.Entries[at].WeightPPM -= att.Entries[at].LoraPPM
			att.Entries[at].LoraPPM = 0
			if att.Entries[at].WeightPPM == 0 {
				att.Entries = slices.Delete(att.Entries, at, at+1)
			}
		}, false, poa.KindWrongAmount},
		"another influence file": {func(w *adapterWorld, c *chain.Conversation, att *poa.Attribution) {
			require.NoError(c.T, att.AddLora(made(w), c.Query))
			c.Weigh(att)
		}, true, poa.KindWrongScore},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAdapterWorld(t)
			id := w.answer(t, func(c *chain.Conversation, att *poa.Attribution) { lie.change(w, c, att) })
			var flags []string
			if lie.made {
				_, _, err := w.find(t, id)
				require.ErrorIs(t, err, audit.ErrUnknownRows)
				require.ErrorContains(t, err, "--provider-influence")
				file, err := poa.MarshalInfluence(made(w))
				require.NoError(t, err)
				flags = []string{"--provider-influence", fileOf(t, file)}
			}
			proof, out, err := w.find(t, id, flags...)
			require.NoError(t, err)
			require.Contains(t, out, lie.kind)
			if lie.kind == poa.KindWrongAmount {
				require.Contains(t, out, fmt.Sprintf("by contribution %d", w.Influence()[1].Rank))
			}

			found, err := w.Receipt(id)
			require.NoError(t, err)
			salt := bytes.Repeat([]byte{7}, saltSize)
			commitment := poa.DisputeCommitment(w.Stranger.Address, found.Receipt.BatchId, found.Receipt.Index, proof, salt)
			w.Send(w.Stranger, &attributiontypes.MsgCommitDispute{Challenger: w.Stranger.String(), Commitment: commitment[:]})
			var verdict attributiontypes.MsgRevealDisputeResponse
			require.NoError(t, chain.Decode(w.Send(w.Stranger, &attributiontypes.MsgRevealDispute{
				Challenger: w.Stranger.String(), BatchId: found.Receipt.BatchId, Index: found.Receipt.Index, Proof: proof,
				Salt: salt,
			}), &verdict))
			require.True(t, verdict.Upheld)
			require.True(t, verdict.Slashed.IsPositive())
		})
	}
}

// TestDisputeFlags: a contribution and its file go together.
func TestDisputeFlags(t *testing.T) {
	for _, flags := range [][]string{{"--rank", "3"}, {"--file", "notes.olseg"}, {"--receipts", "batch"}} {
		cmd := receiptsDisputeCmd()
		require.NoError(t, cmd.ParseFlags(flags))
		require.Error(t, cmd.ValidateFlagGroups(), flags)
	}
}
