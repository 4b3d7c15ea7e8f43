package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/reexecute"
	"github.com/openledger/openledger/slm/chat"
	modelstypes "github.com/openledger/openledger/x/models/types"
)

const (
	flagAdapter  = "adapter"
	flagCallFile = "call-file"
)

// receiptsCmd groups the commands that check receipts with a model at hand.
func receiptsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receipts",
		Short: "Check receipts with the model at hand",
		Example: "openlorad receipts reexecute call.json --adapter adapter.safetensors\n" +
			"openledgerd receipts verify ID                 # everything that needs no model",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(reexecuteCmd())
	return cmd
}

func reexecuteCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reexecute CALL-FILE",
		Short: "Compute the influence query of an adapter's answer again",
		Long: `Compute the query of an answer of method LORA again: what the answer asks the influence file of
its adapter.

"openledgerd receipts verify" recomputes everything else of such a receipt. The query needs question,
answer and model. The payer saves question and answer with "openlorad ask --call-file", and can pass
the file on. Base and adapter must be the files that the chain names. The embedded engine computes the
same bits on every machine.

The command fails if the provider used another query. Then the provider chose who got the part of the
answer that is paid by influence: at most 30 % of the answer, and for each contribution at most four
times its share in the influence table.

The result "table" means that the provider used no query, so that only the influence table decided.
Engines whose work nobody can repeat do this.`,
		Example: `openlorad ask "How is Darier disease treated?" --from carol --model 7 --call-file call.json
openlorad receipts reexecute call.json --adapter adapter.safetensors
openlorad receipts reexecute call.json --adapter adapter.safetensors --base ~/models/SmolLM2-360M-Instruct --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return reexecuteCall(cmd, args[0]) },
	}
	addNodeFlag(cmd)
	f := cmd.Flags()
	f.String(flagBase, "", "base of the adapter: a Hugging Face folder or a GGUF file (default the small one that ships)")
	f.String(flagAdapter, "", "artifact of the model version, as the chain names it by its SHA-256")
	f.Int(flagThreads, 0, "threads (default as many as there are cores)")
	f.StringSlice(flagAttestor, nil, "base URL of an attestor that holds the evidence; repeatable; the provider is asked "+
		"last")
	f.Bool(flagPrivate, false, "ask a provider whose address is not public too, for networks on one machine")
	f.Bool(flagJSON, false, "print one JSON object")
	_ = cmd.MarkFlagRequired(flagAdapter)
	return cmd
}

func reexecuteCall(cmd *cobra.Command, path string) error {
	ctx, f := cmd.Context(), cmd.Flags()
	call, err := reexecute.Read(path)
	if err != nil {
		return err
	}
	node, err := dial(cmd)
	if err != nil {
		return err
	}
	defer node.Close()
	mirrors, _ := f.GetStringSlice(flagAttestor)
	private, _ := f.GetBool(flagPrivate)
	from := audit.FromNode
	if private {
		from = audit.FromLocalNode
	}
	opened, err := audit.Open(ctx, from(node.ChainID, node.Connection(), node.RawTxs, mirrors...), call.Receipt)
	if err != nil {
		return fmt.Errorf("receipt %s: %w", call.Receipt, err)
	}
	embedded, adapter, err := openTrained(cmd, node, opened.Claim.Record.ModelID, opened.Claim.Record.ModelVersion)
	if err != nil {
		return err
	}
	defer embedded.Close()
	outcome, err := reexecute.Run(ctx, call, opened.Claim, opened.Answer.Query, embedded, adapter)
	if err != nil {
		return err
	}
	if asJSON, _ := f.GetBool(flagJSON); asJSON {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"receipt": call.Receipt, "query": outcome})
	} else {
		cmd.Println(outcome)
	}
	if err == nil && outcome == reexecute.Different {
		err = fmt.Errorf("receipt %s: the provider asked the influence file something else than what this answer asks it",
			call.Receipt)
	}
	return err
}

// openTrained opens base and adapter of a model version. It returns an error if they are not the ones that the chain
// names.
func openTrained(cmd *cobra.Command, node *chain.Client, model uint64, version uint32) (*engine.Embedded,
	*engine.Adapter, error) {
	f := cmd.Flags()
	found, err := node.Models.Model(cmd.Context(), &modelstypes.QueryModelRequest{ModelId: model, Version: version})
	if err != nil {
		return nil, nil, err
	}
	training := found.Version.Training
	if training == nil {
		return nil, nil, fmt.Errorf("version %d of model %d has no training record: nothing is to be computed again", version,
			model)
	}
	file, _ := f.GetString(flagAdapter)
	artifact, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	digest := sha256.Sum256(artifact)
	if string(digest[:]) != string(found.Version.Digest) {
		return nil, nil, fmt.Errorf("%s has SHA-256 %x, version %d of model %d is %x", file, digest, version, model,
			found.Version.Digest)
	}
	base, _ := f.GetString(flagBase)
	threads, _ := f.GetInt(flagThreads)
	embedded, err := engine.NewEmbedded(base, chat.Options{Threads: threads})
	if err != nil {
		return nil, nil, fmt.Errorf("--%s: %w", flagBase, err)
	}
	runs, err := embedded.BaseDigest()
	if err == nil && string(runs[:]) != string(training.BaseDigest) {
		err = fmt.Errorf("the base has digest %x, the adapter was trained on %x: name that with --%s", runs,
			training.BaseDigest, flagBase)
	}
	adapter := &engine.Adapter{Name: "reexecuted", Digest: digest, File: file, Bytes: int64(len(artifact))}
	if err == nil {
		err = embedded.Load(context.WithoutCancel(cmd.Context()), adapter)
	}
	if err != nil {
		return nil, nil, errors.Join(err, embedded.Close())
	}
	return embedded, adapter, nil
}
