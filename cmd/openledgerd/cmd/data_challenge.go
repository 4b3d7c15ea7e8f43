package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/content/manifest"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

func dataChallengeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "challenge RANK ORIGINAL",
		Short: "Show that segments of an accepted contribution copy an earlier one, and stop their pay",
		Long: `Show the chain that segments of contribution RANK copy contribution ORIGINAL, an
earlier one of any DataNet. These segments then earn nothing, and their part of
the deposit decays instead of being released. Reviewers who accepted RANK although
they could have compared it are slashed. The challenger gets nothing for it.
Segments that are not copied go on earning.

Others must have been able to see ORIGINAL before RANK was opened. Validators held
its text by then. And a panel had accepted it, or a model had pinned it, in a
DataNet that has earned something.

The command fetches both texts from the content store, from where their
contributors published them, or from an attestor. It looks for copied segments by
the test of the chain: half or more of a segment must be copied. It sends one
challenge for each.`,
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
			clientCtx, send, challenger, err := senderIf(cmd, !dry)
			if err != nil {
				return err
			}
			texts, err := openTexts(cmd, clientCtx)
			if err != nil {
				return err
			}
			err = challenge(cmd.Context(), cmd.OutOrStdout(), datanettypes.NewQueryClient(clientCtx), texts, send, challenger,
				both[0], both[1])
			return errors.Join(err, texts.Close())
		},
	}
	addSendFlags(cmd)
	cmd.Flags().Lookup(flags.FlagDryRun).Hidden = false
	cmd.Flag(flags.FlagDryRun).Usage = "look for a copied segment and send nothing; needs no key"
	addTextFlags(cmd)
	return cmd
}

// challenge finds and prints pairs of segments of which one copies the other, and sends them. Without a sender it
// prints the first pair.
func challenge(ctx context.Context, out io.Writer, query datanettypes.QueryClient, texts *texts, send transactor,
	challenger string, rank, original uint64) error {
	found, err := query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return fmt.Errorf("contribution %d: %w", rank, err)
	}
	switch c := found.Contribution; c.Status {
	case datanettypes.CONTRIBUTION_STATUS_ACCEPTED, datanettypes.CONTRIBUTION_STATUS_RECALLED:
	case datanettypes.CONTRIBUTION_STATUS_SUBMITTED:
		return fmt.Errorf(
			"contribution %d is under review: reject it with reason duplicate, or challenge it once it is accepted", rank)
	default:
		return fmt.Errorf("contribution %d is %s: only accepted and recalled ones can be challenged", rank,
			statusName(c.Status))
	}
	known, err := manifest.Stops(ctx, query, found.Contribution.DatanetId, rank)
	if err != nil {
		return fmt.Errorf("stopped segments of contribution %d: %w", rank, err)
	}
	var stopped []uint32
	for _, stop := range known.Stops {
		stopped = append(stopped, stop.Segment)
	}
	pinned, err := pinnedVersion(ctx, query, original, found.Contribution.RevealHeight)
	if err != nil {
		return err
	}
	for sent := 0; ; sent++ {
		shown, err := findCopy(ctx, query, texts, rank, original, stopped...)
		if errors.Is(err, errNoCopy) && sent > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "copied      %.1f %% of segment %d of contribution %d stands in segment %d of contribution %d\n",
			percent(shown.pair.CopiedPPM), shown.pair.Later, rank, shown.pair.Earlier, original)
		fmt.Fprintf(out, "\n[%d/%d]\n%s\n\n[%d/%d]\n%s\n\n", rank, shown.pair.Later, printable(string(shown.segment.Text)),
			original, shown.pair.Earlier, printable(string(shown.originalSegment.Text)))
		if send == nil {
			fmt.Fprintf(out, "next        nothing was sent; without --%s the challenge is sent\n", flags.FlagDryRun)
			return nil
		}
		response, err := send.send(ctx, &datanettypes.MsgChallengeDuplicate{
			Challenger: challenger, Rank: rank, Segment: shown.segment, Original: original,
			OriginalSegment: shown.originalSegment, PinnedVersion: pinned,
		})
		if err != nil {
			return fmt.Errorf("challenge: %w", err)
		}
		fmt.Fprintf(out, "stopped     segment %d of contribution %d earns nothing after block %d, transaction %s\n",
			shown.pair.Later, rank, response.Height, response.TxHash)
		stopped = append(stopped, uint32(shown.pair.Later))
	}
}

// pinnedVersion returns a version that contains a contribution and that a model had pinned before a block. The chain
// asks for such a version when no panel accepted the contribution. It returns 0 when a panel did, or when there is
// none.
func pinnedVersion(ctx context.Context, chain datanettypes.QueryClient, rank uint64, before int64) (uint64, error) {
	found, err := chain.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return 0, fmt.Errorf("contribution %d: %w", rank, err)
	}
	c := found.Contribution
	since := c.Version()
	if c.Cohort != 0 || since == 0 {
		return 0, nil
	}
	request := &datanettypes.QueryVersionsRequest{DatanetId: c.DatanetId}
	for {
		response, err := chain.Versions(ctx, request)
		if err != nil {
			return 0, fmt.Errorf("versions of DataNet %d: %w", c.DatanetId, err)
		}
		for _, version := range response.Versions {
			if version.Version >= since && version.PinnedHeight != 0 && version.PinnedHeight < before {
				return version.Version, nil
			}
		}
		if response.Pagination == nil || len(response.Pagination.NextKey) == 0 {
			return 0, nil
		}
		request.Pagination = nextPage(response.Pagination.NextKey)
	}
}
