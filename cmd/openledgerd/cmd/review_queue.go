package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/review"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

func reviewQueueCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Show the cohorts in which you have a seat, and what is next",
		Long: `Show the cohorts in which an account has a seat: what is reviewed, the phase and
its end, how many items are decided on this machine, whether the ballot is sealed
or opened, and what to do next. Without a seat it shows the bonds of the account.`,
		Example: `openledgerd review queue --from reviewer
openledgerd review queue --address open1… --output json | jq '.[].next'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, _, err := newReviewer(cmd, false)
			if err != nil {
				return err
			}
			entries, err := r.queue(cmd.Context())
			if err != nil {
				return err
			}
			if output, _ := cmd.Flags().GetString(flags.FlagOutput); output == flags.OutputFormatJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetIndent("", "  ")
				encoder.SetEscapeHTML(false)
				return encoder.Encode(entries)
			}
			return r.printQueue(cmd.Context(), entries)
		},
	}
	flags.AddQueryFlagsToCmd(cmd)
	addAddressFlags(cmd)
	return cmd
}

// queued is a cohort in which the account has a seat.
type queued struct {
	Cohort      uint64      `json:"cohort"`
	DatanetID   uint64      `json:"datanet_id"`
	Datanet     string      `json:"datanet"`
	Kind        string      `json:"kind"`
	Phase       string      `json:"phase"`
	Round       uint32      `json:"round"`
	Deadline    time.Time   `json:"deadline"`
	SecondsLeft int64       `json:"seconds_left"`
	Seats       uint32      `json:"seats"`
	PanelSeats  uint32      `json:"panel_seats"`
	Items       []uint64    `json:"items"`
	Undecided   []uint64    `json:"undecided"`
	Decided     int         `json:"decided"`
	Ballot      string      `json:"ballot"`
	Step        review.Step `json:"step"`
	Next        string      `json:"next"`
}

// queue returns the cohorts of the account, those that end first at the top.
func (r *reviewer) queue(ctx context.Context) ([]queued, error) {
	assignments, err := r.assignments(ctx)
	if err != nil {
		return nil, err
	}
	entries := []queued{}
	for _, a := range assignments {
		datanet, err := r.query.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: a.Cohort.DatanetId})
		if err != nil {
			return nil, err
		}
		state, err := r.load(a.Cohort.Id)
		if err != nil {
			return nil, err
		}
		plan := review.Next(a, r.address, state)
		entry := queued{
			Cohort: a.Cohort.Id, DatanetID: a.Cohort.DatanetId, Datanet: datanet.Datanet.Name, Kind: kindName(a.Cohort.Kind),
			Phase: phaseName(a.Cohort.Phase), Round: a.Cohort.Round, Deadline: a.Cohort.Deadline,
			SecondsLeft: max(0, int64(a.Cohort.Deadline.Sub(r.now()).Seconds())),
			Seats:       a.Seats, PanelSeats: a.Cohort.Wanted, Items: a.Cohort.Items, Undecided: plan.Undecided,
			Decided: len(a.Cohort.Items) - len(plan.Undecided), Ballot: ballotState(a, plan), Step: plan.Step,
		}
		if entry.Undecided == nil {
			entry.Undecided = []uint64{}
		}
		entry.Next = r.next(a, plan)
		entries = append(entries, entry)
	}
	return entries, nil
}

func ballotState(a datanettypes.Assignment, plan review.Plan) string {
	switch {
	case a.Ballot == nil:
		return "not sealed"
	case len(a.Ballot.Votes) > 0:
		return "opened"
	case plan.Foreign:
		return "sealed, but its salt is not on this machine"
	case plan.Step == review.Seal:
		return "sealed, but you have decided otherwise since"
	}
	return "sealed"
}

// next tells the user what to do about a cohort.
func (r *reviewer) next(a datanettypes.Assignment, plan review.Plan) string {
	const run = "`openledgerd review run`"
	decide := fmt.Sprintf(
		"look at each undecided item with `openledgerd review show %d` and decide it with `openledgerd review vote %d`",
		first(plan.Undecided), first(plan.Undecided))
	switch plan.Step {
	case review.Wait:
		if len(plan.Undecided) > 0 {
			return "the panel is being drawn; " + decide
		}
		return "the panel is being drawn; " + run + " then seals your ballot"
	case review.Decide:
		if plan.Foreign {
			return fmt.Sprintf("copy %s from the machine that sealed your ballot, or replace the ballot: %s", r.store.Dir,
				decide)
		}
		return decide
	case review.Seal:
		return run + " seals what you have decided and opens it"
	case review.Sealed:
		return "nothing until ballots can be opened; leave " + run + " running, which opens yours"
	case review.Reveal:
		return run + " opens your ballot: do it before the deadline, or a part of your bond is slashed"
	case review.Lost:
		return fmt.Sprintf(
			"copy %s from the machine that sealed your ballot, then %s: a ballot that is not opened is slashed", r.store.Dir,
			run)
	case review.Missed:
		datanet := "DATANET-ID"
		if a.Cohort.Panel != 0 {
			datanet = strconv.FormatUint(a.Cohort.Panel, 10)
		}
		return fmt.Sprintf(
			"no ballot of yours was sealed and opened in time: a part of your bond is slashed when the phase ends, and you "+
				"are drawn no more; to be drawn again, then run `openledgerd tx datanet activate %s`", datanet)
	}
	return "nothing: wait for the verdict"
}

func first(ranks []uint64) uint64 {
	if len(ranks) == 0 {
		return 0
	}
	return ranks[0]
}

func (r *reviewer) printQueue(ctx context.Context, entries []queued) error {
	if len(entries) == 0 {
		return r.printBonds(ctx)
	}
	for i, e := range entries {
		if i > 0 {
			r.printf("\n")
		}
		round := ""
		if e.Round > 1 {
			round = fmt.Sprintf(", panel %d: the first did not decide", e.Round)
		}
		r.printf("cohort %d   %s for DataNet %d, %s%s\n", e.Cohort, e.Kind, e.DatanetID, printableLine(e.Datanet), round)
		r.printf("  phase     %s until %s\n", e.Phase, r.until(e.Deadline))
		r.printf("  seats     %d of %d\n", e.Seats, e.PanelSeats)
		r.printf("  decided   %d of %d items\n", e.Decided, len(e.Items))
		if len(e.Undecided) > 0 {
			r.printf("  undecided %s\n", ranks(e.Undecided))
		}
		r.printf("  ballot    %s\n", e.Ballot)
		r.printf("  next      %s\n", e.Next)
	}
	return nil
}

func ranks(all []uint64) string { return strings.Trim(fmt.Sprint(all), "[]") }

// printBonds prints the bonds of an account without a seat.
func (r *reviewer) printBonds(ctx context.Context) error {
	r.printf("no cohort has a seat for %s\n", r.address)
	found, err := r.query.DataValidatorsByAddress(ctx,
		&datanettypes.QueryDataValidatorsByAddressRequest{Address: r.address})
	if err != nil {
		return err
	}
	if len(found.Validators) == 0 {
		r.printf("next      bond on a DataNet: `openledgerd tx datanet bond DATANET-ID AMOUNT`, see `openledgerd review " +
			"--help`\n")
	}
	for _, v := range found.Validators {
		state := "you may be drawn"
		switch {
		case !v.Active && v.Bond.IsPositive():
			state = fmt.Sprintf(
				"not drawn: `openledgerd tx datanet activate %d` changes that; add to the bond first if it is too small",
				v.DatanetId)
		case !v.Active:
			state = "not drawn: there is no bond"
		}
		r.printf("DataNet %-3d %s bonded, %s\n", v.DatanetId, amount.Format(v.Bond), state)
	}
	return nil
}
