package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/review"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagKind     = "kind"
	flagOriginal = "original"
)

// goldKinds by name.
var goldKinds = map[string]datanettypes.GoldKind{
	"duplicate": datanettypes.GOLD_KIND_DUPLICATE,
	"altered":   datanettypes.GOLD_KIND_ALTERED,
	"sound":     datanettypes.GOLD_KIND_SOUND,
}

func reviewGoldCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gold",
		Short: "Seal items with known verdicts, by which reviewers are graded",
		Long: `Seal items with known verdicts, by which reviewers are graded. Without gold of both
verdicts no cohort is reviewed.`,
		RunE: client.ValidateCmd,
	}
	cmd.AddCommand(reviewGoldSealCmd())
	return cmd
}

func reviewGoldSealCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "seal RANK",
		Short: "Declare that an item of a filling cohort is gold, without saying which",
		Long: `Declare that the cohort in which contribution RANK waits for a panel holds gold of
a kind. Nobody learns which item it is before the ballots are open. No cohort is
reviewed without gold of both verdicts.

  duplicate   it copies an accepted contribution, --original. Anybody may seal
              it, and the chain checks it when it is opened. The command looks
              for copied segments first, and seals only what the chain would take.
  altered     the owner of the DataNet spoilt it: it must be rejected.
  sound       the owner vouches for it: it must be accepted.

Altered and sound gold is contributed as gold, from an account that nobody connects
with the owner: ` + "`openledgerd data contribute --gold-for OWNER`" + `. The command looks
for the mark of that contribution in HOME/review. Without the mark nobody could
open the item as gold.

Gold costs a deposit (Params.review.gold_fees review fees). The deposit is returned
when the gold is opened, and lost otherwise: leave ` + "`openledgerd review run`" + ` running
with the same key, on the same machine. The salt that opens the gold is written to
HOME/review before anything is sent. If the command is interrupted, run it again.`,
		Example: `openledgerd review gold seal 18 --kind duplicate --original 3 --from carol
openledgerd review gold seal 19 --kind altered --from owner   # contributed with --gold-for owner
openledgerd review gold seal 20 --kind sound --from owner`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rank, err := parseRank(args[0])
			if err != nil {
				return err
			}
			name, _ := cmd.Flags().GetString(flagKind)
			kind, known := goldKinds[name]
			if !known {
				return fmt.Errorf("--%s %q: choose duplicate, altered or sound", flagKind, name)
			}
			original, _ := cmd.Flags().GetUint64(flagOriginal)
			if (kind == datanettypes.GOLD_KIND_DUPLICATE) != (original != 0) {
				return fmt.Errorf("--%s RANK names the contribution that a duplicate copies: give it with --%s duplicate, and "+
					"with no other kind", flagOriginal, flagKind)
			}
			r, clientCtx, err := newSigner(cmd)
			if err != nil {
				return err
			}
			texts, err := openTexts(cmd, clientCtx)
			if err != nil {
				return err
			}
			return errors.Join(r.sealGold(cmd.Context(), texts, rank, kind, original), texts.Close())
		},
	}
	addSendFlags(cmd)
	addTextFlags(cmd)
	cmd.Flags().String(flagKind, "", "duplicate, altered or sound")
	cmd.Flags().Uint64(flagOriginal, 0, "accepted contribution that a duplicate copies")
	_ = cmd.MarkFlagRequired(flagKind)
	return cmd
}

// sealGold seals an item of a filling cohort.
func (r *reviewer) sealGold(ctx context.Context, texts *texts, rank uint64, kind datanettypes.GoldKind,
	original uint64) error {
	found, err := r.query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return fmt.Errorf("contribution %d: %w", rank, err)
	}
	if found.Contribution.Cohort == 0 {
		return fmt.Errorf("contribution %d waits for no panel: the owner of DataNet %d decides it", rank,
			found.Contribution.DatanetId)
	}
	cohort, known, err := r.cohort(ctx, found.Contribution.Cohort)
	if err != nil {
		return err
	}
	if !known || !slices.Contains(cohort.Items, rank) {
		return fmt.Errorf("the review of contribution %d is over: gold is sealed while a cohort is filling", rank)
	}
	state, err := r.load(cohort.Id)
	if err != nil {
		return err
	}
	gold, err := r.goldOf(state, rank, kind, original)
	if err != nil {
		return err
	}
	if gold != nil && review.NextGold(cohort, *gold) != review.GoldUnsealed {
		r.printf("sealed      contribution %d is gold already, in cohort %d: leave `openledgerd review run` running, "+
			"which opens it\n", rank, cohort.Id)
		return nil
	}
	if cohort.Phase != datanettypes.COHORT_PHASE_FILLING {
		return fmt.Errorf("cohort %d is in phase %s: gold is sealed while a cohort is filling", cohort.Id,
			phaseName(cohort.Phase))
	}
	deposit, err := r.mayPlant(ctx, cohort, kind)
	if err != nil {
		return err
	}
	if gold == nil {
		if gold, err = r.newGold(ctx, texts, cohort.Id, found.Contribution, kind, original); err != nil {
			return err
		}
	}
	hash, err := gold.Hash()
	if err != nil {
		return err
	}
	response, err := r.tx.send(
		ctx, &datanettypes.MsgSealGold{Planter: r.address, Cohort: cohort.Id, Kind: kind, Hashes: [][]byte{hash}})
	if err != nil {
		return fmt.Errorf("perhaps the gold was not sealed: %w; its salt is kept: run the command again", err)
	}
	r.printf("sealed      %s gold in cohort %d, deposit %s, in block %d, transaction %s\n",
		enumName(kind.String(), "GOLD_KIND_"), cohort.Id, deposit, response.Height, response.TxHash)
	r.printf("next        leave `openledgerd review run` running: it opens the gold when the ballots are open; the " +
		"deposit is lost otherwise\n")
	return nil
}

// goldOf returns the gold of an earlier run, nil if there was none.
func (r *reviewer) goldOf(state review.State, rank uint64, kind datanettypes.GoldKind,
	original uint64) (*review.Gold, error) {
	for _, gold := range state.Gold {
		if gold.Rank != rank {
			continue
		}
		if gold.Kind != kind || gold.Original != original {
			return nil, fmt.Errorf("contribution %d was noted as %s gold of %d before: one item is gold once", rank,
				enumName(gold.Kind.String(), "GOLD_KIND_"), gold.Original)
		}
		return &gold, nil
	}
	return nil, nil
}

// mayPlant returns the deposit of gold, or an error if the chain would refuse the gold.
func (r *reviewer) mayPlant(ctx context.Context, cohort datanettypes.Cohort,
	kind datanettypes.GoldKind) (string, error) {
	params, err := r.query.Params(ctx, &datanettypes.QueryParamsRequest{})
	if err != nil {
		return "", err
	}
	datanet, err := r.query.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: cohort.DatanetId})
	if err != nil {
		return "", err
	}
	if kind != datanettypes.GOLD_KIND_DUPLICATE && r.address != datanet.Datanet.Owner {
		return "", fmt.Errorf(
			"only the owner of DataNet %d, %s, vouches for gold that the chain cannot check: others seal duplicates",
			cohort.DatanetId, datanet.Datanet.Owner)
	}
	if most := int(params.Params.Review.MaxGold); len(cohort.Gold) >= most {
		return "", fmt.Errorf("cohort %d has %d gold items, as many as it may have", cohort.Id, most)
	}
	return amount.Format(params.Params.Review.GoldDeposit(datanet.Datanet.HighestFee(0), cohort)), nil
}

// newGold makes gold and writes what opens it to disk. It proves a duplicate first. The other kinds need the mark of
// the contribution.
func (r *reviewer) newGold(ctx context.Context, texts *texts, cohort uint64, c datanettypes.Contribution,
	kind datanettypes.GoldKind, original uint64) (*review.Gold, error) {
	gold, err := review.NewGold(cohort, c.Rank, kind, r.address, r.now())
	if err != nil {
		return nil, err
	}
	if kind == datanettypes.GOLD_KIND_DUPLICATE {
		shown, err := findCopy(ctx, r.query, texts, c.Rank, original)
		if err == nil {
			err = r.held(ctx, original)
		}
		if err != nil {
			return nil, fmt.Errorf("nothing was sealed: %w", err)
		}
		gold.Segment, gold.Original, gold.OriginalSegment = &shown.segment, original, &shown.originalSegment
		r.printf("duplicate   %.1f %% of segment %d of contribution %d stands in segment %d of contribution %d\n",
			percent(shown.pair.CopiedPPM), shown.pair.Later, c.Rank, shown.pair.Earlier, original)
	} else if gold.Salt, err = r.markSalt(c); err != nil {
		return nil, fmt.Errorf("nothing was sealed: %w", err)
	}
	if err := r.store.SaveGold(gold); err != nil {
		return nil, fmt.Errorf("the gold was not sent, because its salt could not be written: %w", err)
	}
	return &gold, nil
}

// held returns an error if validators do not hold the text of a contribution: reviewers may not have been able to get
// it, so a copy of it is no gold.
func (r *reviewer) held(ctx context.Context, rank uint64) error {
	found, err := r.query.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
	if err != nil {
		return err
	}
	datanet, err := r.query.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: found.Contribution.DatanetId})
	if err != nil {
		return err
	}
	return heldIn(found.Contribution, datanet.Datanet)
}

func heldIn(c datanettypes.Contribution, datanet datanettypes.DataNet) error {
	if c.HeldHeight != 0 {
		return nil
	}
	return fmt.Errorf(
		"contribution %d was accepted for version %d of DataNet %d, and validators do not hold its text yet: try again "+
			"when they do",
		c.Rank, c.AcceptedVersion, datanet.Id)
}

// markSalt returns the salt of the mark that a contribution carries. With another salt nobody could open it as altered
// or sound gold.
func (r *reviewer) markSalt(c datanettypes.Contribution) ([]byte, error) {
	mark, found, err := r.marks.Load(c.Mark)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf(
			"%s is not there: contribution %d was not contributed as your gold with this home directory. Altered and sound "+
				"gold is contributed with `openledgerd data contribute PATH --datanet %d --%s %s --from ANOTHER-ACCOUNT`; if "+
				"that was done on another machine, copy the file from there",
			r.marks.Path(c.Mark), c.Rank, c.DatanetId, flagGoldFor, r.address)
	}
	if mark.Planter != r.address {
		return nil, fmt.Errorf("contribution %d was contributed with --%s %s, who alone may open it as gold; you are %s",
			c.Rank, flagGoldFor, mark.Planter, r.address)
	}
	return mark.Salt, nil
}

// openGold opens the gold of a cohort that is due, and returns how many gold items still wait.
func (r *reviewer) openGold(ctx context.Context, cohort datanettypes.Cohort) (int, error) {
	state, err := r.load(cohort.Id)
	if err != nil {
		return 0, err
	}
	waiting := 0
	var failed []error
	for _, gold := range state.Gold {
		switch review.NextGold(cohort, gold) {
		case review.GoldUnsealed:
			if cohort.Phase == datanettypes.COHORT_PHASE_FILLING {
				r.shown.warn(
					fmt.Errorf("the gold for contribution %d is not sealed: run `openledgerd review gold seal %d` again", gold.Rank,
						gold.Rank))
			}
		case review.GoldWait:
			waiting++
		case review.GoldTaken:
			r.shown.warn(fmt.Errorf("contribution %d was opened as gold by somebody else: your deposit is lost", gold.Rank))
		case review.GoldOver:
			r.shown.warn(
				fmt.Errorf("the gold for contribution %d was not opened: its deposit is lost, unless no panel decided", gold.Rank))
		case review.GoldOpen:
			response, err := r.tx.send(ctx, gold.Open())
			if err != nil {
				waiting++
				failed = append(failed, fmt.Errorf("the gold for contribution %d was not opened: %w", gold.Rank, err))
				continue
			}
			r.printf("opened      gold for contribution %d of cohort %d in block %d, transaction %s\n", gold.Rank, cohort.Id,
				response.Height, response.TxHash)
		}
	}
	return waiting, errors.Join(failed...)
}
