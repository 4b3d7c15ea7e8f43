package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"

	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

func dataChallengeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "challenge RANK ORIGINAL",
		Short: "Show that an accepted contribution copies an earlier one, and get half of its deposit",
		Long: `Show the chain that a segment of contribution RANK copies one of contribution
ORIGINAL, an earlier one of any DataNet. RANK is then paid no more; half of its
deposit goes to the challenger, half is burned, and reviewers who accepted what
they could have compared are slashed.

Fetches both texts from the content store, from where their contributors published
them, or from an attestor, looks for the segment of which most is copied by the
test of the chain (half or more must be), and shows it. What the chain would
refuse is not sent.`,
		Example: `openledgerd data challenge 18 3 --from carol
openledgerd data challenge 18 3 --dry-run                   # look and send nothing
openledgerd data challenge 18 3 --from carol --attestor http://attestor.example.org:8090`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var both [2]uint64
			for i, arg := range args {
				var err error
				if both[i], err = parseRank(arg); err != nil {
					return err
				}
			}
			dry, _ := cmd.Flags().GetBool(flags.FlagDryRun)
			var clientCtx client.Context
			var send transactor
			challenger := ""
			if dry {
				var err error
				if clientCtx, err = client.GetClientQueryContext(cmd); err != nil {
					return err
				}
			} else {
				sender, err := newSender(cmd)
				if err != nil {
					return err
				}
				clientCtx, send, challenger = sender.clientCtx, sender, sender.address().String()
			}
			texts, err := openTexts(cmd, clientCtx)
			if err != nil {
				return err
			}
			err = challenge(cmd.Context(), cmd.OutOrStdout(), datanettypes.NewQueryClient(clientCtx), texts, send, challenger, both[0], both[1])
			return errors.Join(err, texts.Close())
		},
	}
	flags.AddTxFlagsToCmd(cmd)
	cmd.Flag(flags.FlagDryRun).Usage = "look for the copied segment and send nothing; needs no key"
	addTextFlags(cmd)
	return cmd
}

// challenge finds and shows the copied pair of segments, and sends it unless there is nobody to.
func challenge(ctx context.Context, out io.Writer, query datanettypes.QueryClient, texts *texts, send transactor, challenger string, rank, original uint64) error {
	found, err := query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return fmt.Errorf("contribution %d: %w", rank, err)
	}
	switch c := found.Contribution; c.Status {
	case datanettypes.CONTRIBUTION_STATUS_ACCEPTED, datanettypes.CONTRIBUTION_STATUS_RECALLED:
	case datanettypes.CONTRIBUTION_STATUS_SUBMITTED:
		return fmt.Errorf("contribution %d is under review: reject it with reason duplicate, or challenge it once it is accepted", rank)
	default:
		return fmt.Errorf("contribution %d is %s: only accepted and recalled ones can be challenged", rank, statusName(c.Status))
	}
	shown, err := findCopy(ctx, query, texts, rank, original)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "copied      %.1f %% of segment %d of contribution %d stands in segment %d of contribution %d\n",
		percent(shown.pair.CopiedPPM), shown.pair.Later, rank, shown.pair.Earlier, original)
	fmt.Fprintf(out, "\n[%d/%d]\n%s\n\n[%d/%d]\n%s\n\n", rank, shown.pair.Later, plain(string(shown.segment.Text)), original, shown.pair.Earlier, plain(string(shown.originalSegment.Text)))
	if send == nil {
		fmt.Fprintf(out, "next        nothing was sent: without --%s the challenge is, for %s\n", flags.FlagDryRun, formatOpen(found.Contribution.Deposit.Amount.QuoRaw(2)))
		return nil
	}
	response, err := send.send(ctx, &datanettypes.MsgChallengeDuplicate{
		Challenger: challenger, Rank: rank, Segment: shown.segment, Original: original, OriginalSegment: shown.originalSegment,
	})
	if err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	fmt.Fprintf(out, "upheld      contribution %d is an alias of %d from block %d, half of its deposit is yours, transaction %s\n", rank, original, response.Height, response.TxHash)
	return nil
}
