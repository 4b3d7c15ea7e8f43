package cmd

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

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
)

func receiptsDisputeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dispute ID",
		Short: "Show that a receipt pays a later copy of your text, and be paid for it",
		Long: `Show that a receipt passes over an earlier segment: one of yours qualifies for
words that the receipt pays to a later contribution.

Looks for such words with the segment file of a contribution, builds the proof,
commits to it, which holds the bond of the parameters, and reveals it in the
next block. If it holds, the bond is back, the loss is paid to the contributor of
the segment, and a part of what the provider is slashed to you. A proof that does
not hold would cost the bond; it is checked here first and then not sent.`,
		Example: `openledgerd receipts dispute 3f0c…9a-1 --rank 3 --file notes.olseg --from alice
openledgerd receipts dispute 3f0c…9a-1 --rank 3 --file notes.olseg --from alice --dry-run-only`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			send, err := newSender(cmd)
			if err != nil {
				return err
			}
			source, where, err := nodeSource(cmd, send.clientCtx)
			if err != nil {
				return err
			}
			receipt, err := audit.Open(cmd.Context(), source, args[0])
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
	f := cmd.Flags()
	f.Uint64(flagRank, 0, "contribution that was passed over")
	f.String(flagFile, "", "its segment file")
	f.Bool(flagDry, false, "look for a proof and send nothing")
	_ = cmd.MarkFlagRequired(flagRank)
	_ = cmd.MarkFlagRequired(flagFile)
	return cmd
}

// findProof looks for a segment of the file that the receipt passes over.
func findProof(cmd *cobra.Command, send *sender, receipt audit.Opened) ([]byte, error) {
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
			EarlierSegment: &proofs[0]}.MarshalBinary()
	}
	return nil, errors.New("the receipt passes over no segment of this contribution: there is nothing to dispute")
}

// dispute commits and reveals.
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
			"this one; the reward is divided when it is revealed, or can be no more\n",
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
