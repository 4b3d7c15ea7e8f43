package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/openledger/openledger/content/manifest"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

func dataChallengeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "challenge RANK ORIGINAL",
		Short: "Show that segments of an accepted contribution copy an earlier one, and stop their pay",
		Long: `Show the chain that segments of contribution RANK copy contribution ORIGINAL, an
earlier one of any DataNet. They are then paid no more, and their part of the
deposit only decays; reviewers who accepted what they could have compared are
slashed. The challenger gets nothing for it. What is not copied goes on.

ORIGINAL must have been there to be seen when RANK was opened: held by validators,
and accepted by a panel, or pinned by a model of a DataNet that earns.

Fetches both texts from the content store, from where their contributors published
them, or from an attestor, looks for segments that are copied by the test of the
chain (half or more must be), and shows one after another.`,
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
			err = challenge(cmd.Context(), cmd.OutOrStdout(), datanettypes.NewQueryClient(clientCtx), texts, send, challenger,
				both[0], both[1])
			return errors.Join(err, texts.Close())
		},
	}
	addSendFlags(cmd)
	cmd.Flags().Lookup(flags.FlagDryRun).Hidden = false
	cmd.Flag(flags.FlagDryRun).Usage = "look for the copied segment and send nothing; needs no key"
	addTextFlags(cmd)
	return cmd
}

// challenge finds and shows the copied pair of segments, and sends it unless there is nobody to.
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
		fmt.Fprintf(out, "\n[%d/%d]\n%s\n\n[%d/%d]\n%s\n\n", rank, shown.pair.Later, plain(string(shown.segment.Text)),
			original, shown.pair.Earlier, plain(string(shown.originalSegment.Text)))
		if send == nil {
			fmt.Fprintf(out, "next        nothing was sent: without --%s the challenge is\n", flags.FlagDryRun)
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

// pinnedVersion returns a version that has a contribution and that a model had
// pinned before a block: the chain asks for it when no panel accepted the
// contribution. It returns 0 when a panel did, or when there is none.
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
		request.Pagination = &query.PageRequest{Key: response.Pagination.NextKey}
	}
}
