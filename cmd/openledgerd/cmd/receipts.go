package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/audit"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	flagEvidence  = "evidence"
	flagReceipts  = "receipts"
	flagContents  = "contents"
	flagInfluence = "influence"
	flagJSON      = "json"
	flagMirror    = "attestor"
)

// receiptsCmd groups the commands that check receipts.
func receiptsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "receipts",
		Short: "Check receipts of answers, and dispute them",
		Long: `Check receipts of answers, and dispute them.

A receipt says which contributions shaped an answer, by how much, and what they
earned. Anybody can recompute it: the provider submits the evidence with it.`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(receiptsVerifyCmd(), receiptsDisputeCmd())
	return cmd
}

func receiptsVerifyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify ID",
		Short: "Recompute a receipt from the chain and its evidence",
		Long: `Recompute a receipt from what the chain recorded and from the evidence that
the provider submitted, and print each step: the submission against its hashes,
the receipt against the root of its batch, the fee against the price of the
session, every segment against the root of its contribution, the opened words
against the root of the answer, and the alignment and weights that follow.

ID is "SESSION-CALL", the session in hex, as answers and the gateway name it. A
failed step makes the command fail. A skipped step needs data that were not
given; the results of the other steps are valid without it.

The evidence of an answer of method LORA contains the query of the adapter's
influence file, and the command takes the query as it is. To compute the query
again you need question, answer and model: see "openlorad receipts reexecute".
What the answer owes by influence is recomputed with the influence file of the
model's version. The command looks for that file at the address in the training
record and at providers of the model, and compares it with the record.
--influence gives the file instead.

The command trusts the node about the state of the chain: ask your own node, or
two nodes.

State keeps receipts through their dispute window, and a node may have pruned
the block of the batch. For an older receipt ask a node that keeps state and
blocks, with --height of the batch or shortly after. If only the block is gone,
give the receipts and the evidence of the batch as submitted, byte for byte,
from anybody who kept the transaction: "openledgerd query tx HASH -o json" shows
both in base64.`,
		Example: `openledgerd receipts verify 3f0c…9a-1
openledgerd receipts verify 3f0c…9a-1 --contents --node tcp://127.0.0.1:26657
openledgerd receipts verify 3f0c…9a-1 --json | jq '.steps[] | select(.status == "FAIL")'
openledgerd receipts verify 3f0c…9a-1 --receipts batch-7.receipts --evidence batch-7.evidence
openledgerd receipts verify 3f0c…9a-1 --influence adapter.olinf`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clientCtx, err := client.GetClientQueryContext(cmd)
			if err != nil {
				return err
			}
			files, err := submittedFiles(cmd)
			if err != nil {
				return err
			}
			source, where, err := nodeSource(cmd, clientCtx)
			if err != nil {
				return err
			}
			var report audit.Report
			if files == nil {
				report, err = audit.Verify(cmd.Context(), source, args[0])
			} else {
				report, err = audit.VerifyFiles(cmd.Context(), source, args[0], *files)
			}
			if err != nil {
				return explain(err, args[0], where)
			}
			return printReport(cmd, report)
		},
	}
	addSubmittedFlags(cmd)
	addMirrorFlag(cmd)
	cmd.Flags().Bool(flagContents, false, "print the text of each attributed run of words")
	cmd.Flags().Bool(flagJSON, false, "print steps, entries and runs as JSON")
	flags.AddQueryFlagsToCmd(cmd)
	return cmd
}

// addSubmittedFlags adds the flags of files that are otherwise fetched.
func addSubmittedFlags(cmd *cobra.Command) {
	cmd.Flags().String(flagReceipts, "", "file with the receipts of the batch as submitted, instead of its block")
	cmd.Flags().String(flagEvidence, "", "file with the evidence of the batch as submitted, instead of its block")
	cmd.Flags().String(flagInfluence, "",
		"influence file of the model's version, for receipts by method LORA (default the one that is found)")
	cmd.MarkFlagsRequiredTogether(flagReceipts, flagEvidence)
}

// addMirrorFlag adds the flags that name attestors, which hold evidence that is not on chain.
func addMirrorFlag(cmd *cobra.Command) {
	cmd.Flags().StringSlice(flagMirror, nil,
		"base URL of an attestor that holds the evidence of attested batches; repeatable; the provider is asked last")
	cmd.Flags().Bool(flagAllowPrivate, false,
		"also ask addresses that are not public, and read files that owners name: for networks on one machine")
}

// submittedFiles reads the files of receipts, evidence and influence that the flags name. It returns nil without these
// flags.
func submittedFiles(cmd *cobra.Command) (*audit.Files, error) {
	receipts, _ := cmd.Flags().GetString(flagReceipts)
	evidence, _ := cmd.Flags().GetString(flagEvidence)
	influence, _ := cmd.Flags().GetString(flagInfluence)
	if receipts == "" && evidence == "" && influence == "" {
		return nil, nil
	}
	var files audit.Files
	var err error
	if influence != "" {
		if files.Influence, err = os.ReadFile(influence); err != nil {
			return nil, fmt.Errorf("--%s: %w", flagInfluence, err)
		}
	}
	if receipts == "" {
		return &files, nil
	}
	if files.Receipts, err = os.ReadFile(receipts); err != nil {
		return nil, fmt.Errorf("--%s: %w", flagReceipts, err)
	}
	if files.Evidence, err = os.ReadFile(evidence); err != nil {
		return nil, fmt.Errorf("--%s: %w", flagEvidence, err)
	}
	return &files, nil
}

// printReport prints a report, and fails if a step of it failed.
func printReport(cmd *cobra.Command, report audit.Report) error {
	contents, _ := cmd.Flags().GetBool(flagContents)
	output, _ := cmd.Flags().GetString(flags.FlagOutput)
	if asJSON, _ := cmd.Flags().GetBool(flagJSON); asJSON || output == flags.OutputFormatJSON {
		if !contents {
			report.Runs = nil
		}
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else if err := report.WriteText(cmd.OutOrStdout(), contents); err != nil {
		return err
	}
	if failed := report.Failed(); failed > 0 {
		return fmt.Errorf("%d of %d steps failed: receipt %s is not what its evidence proves", failed, len(report.Steps),
			report.ID)
	}
	return nil
}

// nodeSource returns a source that reads from the node of the client, and a description of that node for errors.
func nodeSource(cmd *cobra.Command, clientCtx client.Context) (audit.Source, string, error) {
	ctx := cmd.Context()
	mirrors, _ := cmd.Flags().GetStringSlice(flagMirror)
	local, _ := cmd.Flags().GetBool(flagAllowPrivate)
	node, status, err := nodeStatus(ctx, clientCtx)
	if err != nil {
		return nil, "", err
	}
	chainID, sync := status.NodeInfo.Network, status.SyncInfo
	where := fmt.Sprintf("node %s of chain %q, at height %d", clientCtx.NodeURI, chainID, sync.LatestBlockHeight)
	if sync.CatchingUp {
		where += " and still catching up"
	}
	blocks := func(ctx context.Context, height int64) ([][]byte, error) {
		if height < sync.EarliestBlockHeight {
			return nil, fmt.Errorf("%w %d: its first one is %d", audit.ErrPruned, height, sync.EarliestBlockHeight)
		}
		block, err := node.Block(ctx, &height)
		if err != nil {
			return nil, err
		}
		if block.Block == nil {
			return nil, fmt.Errorf("%w %d", audit.ErrPruned, height)
		}
		return block.Block.Txs.ToSliceOfBytes(), nil
	}
	from := audit.FromNode
	if local {
		from = audit.FromLocalNode
	}
	return from(chainID, clientCtx, blocks, mirrors...), where, nil
}

// explain adds to an error what the user can do about a receipt that could not be read.
func explain(err error, id, where string) error {
	switch {
	case errors.Is(err, attributiontypes.ErrReceiptNotFound):
		// The id is malformed: the chain was not asked.
		return errors.New(err.Error())
	case errors.Is(err, audit.ErrPruned):
		return fmt.Errorf("%w: --%s and --%s\nasked %s", err, flagReceipts, flagEvidence, where)
	case errors.Is(err, audit.ErrNotFound):
		return fmt.Errorf("%w\nasked %s; `openledgerd receipts verify --help` tells how to verify an older receipt", err,
			where)
	case strings.Contains(err.Error(), "unknown query path"):
		return fmt.Errorf("%s does not know receipts: it is not a node of OpenLedger; name one with --node", where)
	default:
		return fmt.Errorf("receipt %s: %w\nasked %s", id, err, where)
	}
}
