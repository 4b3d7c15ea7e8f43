package cmd

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/audit"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagRank = "rank"
	flagFile = "file"
	flagDry  = "dry-run-only"

	flagProviderInfluence = "provider-influence"
)

func receiptsDisputeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dispute ID",
		Short: "Prove that a receipt is a lie, and be paid for it",
		Long: `Prove that a receipt is a lie: it pays a later copy of your text, or its weights
do not follow from its evidence.

With --rank and --file the command looks for words of the answer for which a
segment of yours qualifies, and which the receipt pays to a later contribution.
Without them it recomputes the weights from the evidence, and looks for
wrong_weights. For a receipt by method LORA it also looks for wrong_score,
wrong_amount and wrong_sum, in what contributions get by their influence on the
adapter. For that it needs the influence file of the model's version. It takes the
file of --influence, or looks for it at the address in the training record and at
providers of the model.

A receipt may commit to rows that do not follow from its evidence. Nobody can prove
anything about rows that are unknown: validators refuse such a receipt. If you know
that the provider used another influence file than that of the version, also give
that file, with --provider-influence: the command proves what is wrong with it.

The command commits to the proof, which holds a bond (Params.dispute_bond), and
reveals it in the next block. If the proof holds, you get the bond back and a part
of what is slashed from the provider, and the contributors who were harmed are paid
their loss. The command checks the proof first, and does not send one that fails: it
would cost the bond.`,
		Example: `openledgerd receipts dispute 3f0c…9a-1 --rank 3 --file notes.olseg --from alice
openledgerd receipts dispute 3f0c…9a-1 --rank 3 --file notes.olseg --from alice --dry-run-only
openledgerd receipts dispute 3f0c…9a-1 --from alice --dry-run-only
openledgerd receipts dispute 3f0c…9a-1 --influence adapter.olinf --from alice
openledgerd receipts dispute 3f0c…9a-1 --provider-influence other.olinf --from alice`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			send, err := newSender(cmd)
			if err != nil {
				return err
			}
			files, err := submittedFiles(cmd)
			if err != nil {
				return err
			}
			source, where, err := nodeSource(cmd, send.clientCtx)
			if err != nil {
				return err
			}
			receipt, err := openReceipt(cmd.Context(), source, args[0], files)
			if err != nil {
				return explain(err, args[0], where)
			}
			proof, err := findProof(cmd, send, receipt)
			if err != nil {
				return err
			}
			if dry, _ := cmd.Flags().GetBool(flagDry); dry {
				return nil
			}
			return dispute(cmd, send, receipt, proof)
		},
	}
	addSendFlags(cmd)
	addMirrorFlag(cmd)
	addSubmittedFlags(cmd)
	f := cmd.Flags()
	f.Uint64(flagRank, 0, "contribution of yours that was passed over")
	f.String(flagFile, "", "segment file of that contribution")
	f.String(flagProviderInfluence, "", "influence file that the provider used, if it is not that of the model's version")
	f.Bool(flagDry, false, "look for a proof and send nothing")
	cmd.MarkFlagsRequiredTogether(flagRank, flagFile)
	return cmd
}

// openReceipt reads a receipt and what was submitted with it, from the chain or from files.
func openReceipt(ctx context.Context, source audit.Source, id string, files *audit.Files) (audit.Opened, error) {
	if files == nil {
		return audit.Open(ctx, source, id)
	}
	return audit.OpenFiles(ctx, source, id, *files)
}

// findProof looks for a proof that a receipt is a lie.
func findProof(cmd *cobra.Command, send *sender, receipt audit.Opened) ([]byte, error) {
	if receipt.Claim.Record.Method == poa.MethodLora {
		if err := addInfluence(cmd, &receipt); err != nil {
			return nil, err
		}
		if err := receipt.Known(); err != nil {
			return nil, fmt.Errorf("%w; if you know the influence file that the provider used, give it with --%s", err,
				flagProviderInfluence)
		}
	}
	if cmd.Flags().Changed(flagRank) {
		return findOvertaken(cmd, send, receipt)
	}
	return findWrongWeights(cmd, receipt)
}

// findWrongWeights looks for weights, and parts by influence, that do not follow from the evidence.
func findWrongWeights(cmd *cobra.Command, receipt audit.Opened) ([]byte, error) {
	proofs, err := receipt.Disputes()
	if err != nil {
		return nil, err
	}
	if len(proofs) == 0 {
		return nil, fmt.Errorf("the weights of the receipt follow from its evidence: there is nothing to dispute. To look "+
			"for words that it pays to a later contribution than yours, give --%s and --%s", flagRank, flagFile)
	}
	for _, proof := range proofs {
		cmd.Printf("found       %s: %s\n", proof.Kind(), wrongs[proof.Kind()])
		for _, loss := range proof.Losses {
			cmd.Printf("lost        %d ppm of the answer, by contribution %d\n", loss.PPM, loss.Rank)
		}
	}
	// A batch is slashed once, and pays the losses that the proof shows. So the proof with the largest loss is sent.
	best := slices.MaxFunc(proofs, func(a, b audit.Proof) int { return cmp.Compare(a.Lost(), b.Lost()) })
	return best.MarshalBinary()
}

// wrongs says what a proof of each kind shows.
var wrongs = map[string]string{
	poa.KindWrongWeights: "the recorded weights do not follow from the rows",
	poa.KindWrongScore:   "a score by influence is not that of query and sketch",
	poa.KindWrongAmount: "an amount by influence does not follow from its score and its share in the influence table, " +
		"or the recorded weight not from the amount",
	poa.KindWrongSum: "scores by influence do not add up, or more goes by influence than may",
}

// addInfluence adds the influence files of the flags to a receipt by method LORA.
func addInfluence(cmd *cobra.Command, receipt *audit.Opened) error {
	file, err := readFlag(cmd, flagInfluence)
	if err != nil {
		return err
	}
	if err := receipt.AddInfluence(file); err != nil {
		return fmt.Errorf("%w; give the influence file of the model's version with --%s", err, flagInfluence)
	}
	supposed, err := readFlag(cmd, flagProviderInfluence)
	if err != nil || supposed == nil {
		return err
	}
	if err := receipt.Suppose(supposed); err != nil {
		return fmt.Errorf("--%s: %w", flagProviderInfluence, err)
	}
	return nil
}

// readFlag returns the content of the file that a flag names, nil without the flag.
func readFlag(cmd *cobra.Command, flag string) ([]byte, error) {
	name, _ := cmd.Flags().GetString(flag)
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return data, nil
}

// findOvertaken looks for a segment of the file that the receipt passes over.
func findOvertaken(cmd *cobra.Command, send *sender, receipt audit.Opened) ([]byte, error) {
	rank, _ := cmd.Flags().GetUint64(flagRank)
	name, _ := cmd.Flags().GetString(flagFile)
	encoded, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	file, err := poa.ParseSegmentFile(encoded)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	found, err := datanettypes.NewQueryClient(send.clientCtx).Contribution(cmd.Context(),
		&datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return nil, fmt.Errorf("contribution %d: %w", rank, err)
	}
	if err := receipt.Know(rank); err != nil {
		return nil, err
	}
	contributor, err := sdk.AccAddressFromBech32(found.Contribution.Contributor)
	if err != nil {
		return nil, err
	}
	file.Norm = found.Contribution.Norm()
	leaves := file.Leaves(contributor)
	if root := poa.MerkleRoot(leaves); string(root[:]) != string(found.Contribution.Root) {
		return nil, fmt.Errorf("%s is not the segment file of contribution %d: its root is %s, the chain says %x", name, rank,
			root, found.Contribution.Root)
	}
	for i, text := range file.Segments {
		path, err := poa.MerklePath(leaves, i)
		if err != nil {
			return nil, err
		}
		segment := poa.SegmentProof{Rank: rank, Index: uint32(i), Content: text, Path: path}
		proofs, err := poa.Overtakes(receipt.Claim, receipt.Attribution, receipt.Answer, segment, receipt.Source,
			poa.ProtocolStatistics())
		if err != nil {
			return nil, err
		}
		if len(proofs) == 0 {
			continue
		}
		row := proofs[0].Row.Row
		cmd.Printf("found       segment %d: words %d to %d of the answer are paid to segment %d of contribution %d, which "+
			"came later\n",
			i, row.Position, row.Position+row.Length-1, row.Segment, row.Rank)
		claim := receipt.Claim
		return poa.Dispute{QueryHash: claim.QueryHash, AnswerRoot: claim.AnswerRoot, EvidenceRoot: claim.EvidenceRoot,
			Lora: claim.Lora, EarlierSegment: &proofs[0]}.MarshalBinary()
	}
	return nil, errors.New("the receipt passes over no segment of this contribution: there is nothing to dispute")
}

// dispute commits to a proof and reveals it.
func dispute(cmd *cobra.Command, send *sender, receipt audit.Opened, proof []byte) error {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return err
	}
	challenger := send.address()
	commitment := poa.DisputeCommitment(challenger, receipt.BatchID, receipt.Index, proof, salt)
	committed, err := send.send(cmd.Context(),
		&attributiontypes.MsgCommitDispute{Challenger: challenger.String(), Commitment: commitment[:]})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	cmd.Printf("committed   %s in block %d\n", commitment, committed.Height)
	if err := send.waitHeight(cmd.Context(), committed.Height+1); err != nil {
		return err
	}
	revealed, err := send.send(cmd.Context(), &attributiontypes.MsgRevealDispute{
		Challenger: challenger.String(), BatchId: receipt.BatchID, Index: receipt.Index, Proof: proof, Salt: salt,
	})
	if err != nil {
		return fmt.Errorf("reveal: %w", err)
	}
	verdict, err := verdictOf(revealed)
	if err != nil {
		return err
	}
	if !verdict.Upheld {
		return fmt.Errorf("the dispute was rejected and its bond is burned: %s", whyRejected(revealed))
	}
	if verdict.Pending {
		cmd.Printf("upheld      in block %d: slashed %s, your bond is in the ledger. Another dispute was committed before "+
			"this one: the reward is divided when that one is revealed or has expired\n",
			revealed.Height, amount.Format(verdict.Slashed))
		return nil
	}
	cmd.Printf("upheld      in block %d: slashed %s, your reward %s and the bond are in the ledger\n", revealed.Height,
		amount.Format(verdict.Slashed), amount.Format(verdict.Reward))
	return nil
}

// whyRejected reads the reason out of the events of a reveal.
func whyRejected(response *sdk.TxResponse) string {
	for _, event := range response.Events {
		if typed, err := sdk.ParseTypedEvent(event); err == nil {
			if rejected, is := typed.(*attributiontypes.EventDisputeRejected); is {
				return rejected.Reason
			}
		}
	}
	return "transaction " + response.TxHash
}

// verdictOf reads the response of a reveal.
func verdictOf(response *sdk.TxResponse) (attributiontypes.MsgRevealDisputeResponse, error) {
	var verdict attributiontypes.MsgRevealDisputeResponse
	encoded, err := hex.DecodeString(response.Data)
	if err != nil {
		return verdict, err
	}
	var data sdk.TxMsgData
	if err := data.Unmarshal(encoded); err != nil {
		return verdict, err
	}
	if len(data.MsgResponses) != 1 {
		return verdict, fmt.Errorf("transaction %s has %d responses", response.TxHash, len(data.MsgResponses))
	}
	return verdict, verdict.Unmarshal(data.MsgResponses[0].Value)
}
