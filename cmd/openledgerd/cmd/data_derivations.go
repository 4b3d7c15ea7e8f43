package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/content/manifest"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const flagPropose = "propose"

func dataDerivationsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "derivations RANK",
		Short: "Compute the derivations of a contribution, as validators do, and correct them",
		Long: `Compute from the text what the segments of contribution RANK are derived from, and
compare it with the derivations on chain. Validators do the same before the
contribution enters a version of its DataNet. If they compute other derivations,
the contribution is set aside: it earns nothing until somebody corrects it.

With --propose the command sends the right derivations. Anybody may do that. The
deposit (derivation_deposit) is returned once validators have computed the same.

Needs the text of all contributions that entered the DataNet before. The command
reads it from the content store, from where the contributors published it, or from
an attestor.`,
		Example: `openledgerd data derivations 17
openledgerd data derivations 17 --attestor http://attestor.example.org:8090
openledgerd data derivations 17 --propose --from bob`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rank, err := parseRank(args[0])
			if err != nil {
				return err
			}
			propose, _ := cmd.Flags().GetBool(flagPropose)
			clientCtx, send, proposer, err := senderIf(cmd, propose)
			if err != nil {
				return err
			}
			texts, err := openTexts(cmd, clientCtx)
			if err != nil {
				return err
			}
			err = derivations(cmd.Context(), cmd.OutOrStdout(), datanettypes.NewQueryClient(clientCtx), texts, send, proposer,
				rank)
			return errors.Join(err, texts.Close())
		},
	}
	addSendFlags(cmd)
	cmd.Flags().Bool(flagPropose, false, "send the derivations, if validators have found those on chain to be wrong")
	addTextFlags(cmd)
	return cmd
}

// derivations prints the derivations of a contribution, and proposes them if there is a sender.
func derivations(ctx context.Context, out io.Writer, query datanettypes.QueryClient, texts *texts, send transactor,
	proposer string, rank uint64) error {
	found, err := query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return fmt.Errorf("contribution %d: %w", rank, err)
	}
	c := found.Contribution
	wrong := c.Hold != nil && c.MayEnter() && c.Hold.Reason == datanettypes.HOLD_VERDICT_DERIVATIONS
	if send != nil && (!wrong || c.Hold.Asked || c.Hold.AskHeight != 0) {
		return fmt.Errorf("contribution %d: %s", rank, whyNotProposed(c))
	}
	before, err := enteringBefore(ctx, query, c)
	if err != nil {
		return err
	}
	table, err := computeDerivations(ctx, texts, c, before)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "computed    from the text of %d contributions of DataNet %d\n", len(before), c.DatanetId)
	for _, d := range table {
		fmt.Fprintf(out, "derived     segment %d: %.1f %% of its pay passes on to contribution %d\n", d.Segment,
			percent(d.Ppm), d.Rank)
	}
	if len(table) == 0 {
		fmt.Fprintln(out, "derived     nothing: all of its pay is its own")
	}
	if n := len(table); n > datanettypes.MaxDerivations {
		return fmt.Errorf(
			"its text has %d derivations, a contribution takes at most %d: it enters no version; contribute it in parts", n,
			datanettypes.MaxDerivations)
	}
	switch {
	case slices.Equal(table, c.Derivations):
		fmt.Fprintln(out, "on chain    the same")
		if send == nil {
			return nil
		}
	default:
		fmt.Fprintf(out, "on chain    %d derivations, which differ\n", len(c.Derivations))
	}
	if send == nil {
		if wrong {
			fmt.Fprintf(
				out, "next        `openledgerd data derivations %d --%s --from KEY` corrects them; its deposit is returned\n", rank,
				flagPropose)
		}
		return nil
	}
	response, err := send.send(
		ctx, &datanettypes.MsgProposeDerivations{Proposer: proposer, Rank: rank, Sources: uint64(len(before)),
			Derivations: table})
	if err != nil {
		return fmt.Errorf("propose: %w", err)
	}
	fmt.Fprintf(out, "proposed    in block %d, transaction %s; validators compare them in some blocks\n", response.Height,
		response.TxHash)
	return nil
}

// whyNotProposed says why the derivations of a contribution cannot be corrected now.
func whyNotProposed(c datanettypes.Contribution) string {
	switch {
	case c.HeldHeight != 0:
		return "validators have found its derivations to be right: it is in a version"
	case c.Hold != nil && (c.Hold.Asked || c.Hold.AskHeight != 0):
		return "validators are being asked about it; look again in some blocks"
	case c.Waits():
		return "validators have not been asked about it yet; look again in some blocks"
	case c.Status == datanettypes.CONTRIBUTION_STATUS_SUBMITTED:
		return "it is not accepted yet: validators compare derivations after that"
	}
	return fmt.Sprintf("it is %s, and its derivations were not found to be wrong", statusName(c.Status))
}

// enteringBefore returns the contributions from which the derivations of a contribution are computed. For one that was
// set aside, these are all that validators hold. For one that has entered, they are those that entered before it. For
// any other, they are those that will enter before it if nothing comes between.
func enteringBefore(ctx context.Context, query datanettypes.QueryClient,
	c datanettypes.Contribution) ([]datanettypes.Contribution, error) {
	entering, held, err := manifest.Entering(ctx, query, c.DatanetId)
	if err != nil {
		return nil, err
	}
	if c.Hold != nil && c.HeldHeight == 0 {
		return entering[:held], nil
	}
	if i := slices.IndexFunc(
		entering, func(other datanettypes.Contribution) bool { return other.Rank == c.Rank }); i >= 0 {
		return entering[:i], nil
	}
	return entering, nil
}

// computeDerivations returns the derivations of a contribution that follow from the text of those that enter before it.
func computeDerivations(ctx context.Context, texts *texts, c datanettypes.Contribution,
	before []datanettypes.Contribution) ([]datanettypes.Derivation, error) {
	loaded, _, err := texts.load(ctx, c)
	if err != nil {
		return nil, err
	}
	p := poa.NewProvenance()
	for _, earlier := range before {
		found, _, err := texts.load(ctx, earlier)
		if err != nil {
			return nil, err
		}
		if err := p.AddFile(earlier.Rank, found.File, manifest.Passed(earlier.Derivations)); err != nil {
			return nil, err
		}
	}
	return manifest.Derivations(p, c.Rank, loaded.File, p.Len(), ctx.Err)
}
