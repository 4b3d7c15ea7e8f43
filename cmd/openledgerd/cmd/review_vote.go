package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openledger/openledger/cmd/openledgerd/review"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

const (
	flagAccept = "accept"
	flagReject = "reject"
	flagReason = "reason"
	flagScore  = "score"
	flagCohort = "cohort"
	flagNoWait = "no-wait"
)

func reviewVoteCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vote ID",
		Short: "Decide an item; the last one of a cohort seals and opens your ballot",
		Long: `Note what you think of an item: ID is the rank of the contribution. What you note
stays on this machine until every item of the cohort is decided. Then the ballot
is sealed on chain, and opened when the phase for that comes. The command waits
for it; with --no-wait, leave ` + "`openledgerd review run`" + ` running, which opens it.

While ballots can be sealed you may vote again: the new ballot takes the place of
the old one. What opens a ballot is written to HOME/review before the ballot is
sent. Interrupted at any moment, run the command or ` + "`review run`" + ` again: it goes
on where it stopped.

An item is accepted with a score of 1 to 1000, which weighs what it earns in
bounties. Reasons of a rejection: ` + strings.Join(reasonNames(), ", ") + `.

In an appeal, and in a check, which is an appeal that chance makes, you decide
about the contribution anew. In a recall, to accept means that the contribution
stays, to reject that it goes.`,
		Example: `openledgerd review vote 17 --accept --score 820 --from reviewer
openledgerd review vote 18 --reject --reason off-topic --from reviewer
openledgerd review vote 19 --reject --reason duplicate --from reviewer --no-wait`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rank, err := parseRank(args[0])
			if err != nil {
				return err
			}
			vote, err := voteOf(cmd)
			if err != nil {
				return err
			}
			r, _, err := newSigner(cmd)
			if err != nil {
				return err
			}
			cohort, _ := cmd.Flags().GetUint64(flagCohort)
			noWait, _ := cmd.Flags().GetBool(flagNoWait)
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return r.vote(ctx, rank, cohort, vote, !noWait)
		},
	}
	addSendFlags(cmd)
	f := cmd.Flags()
	f.Bool(flagAccept, false, "accept the item")
	f.Bool(flagReject, false, "reject the item")
	f.Uint32(flagScore, 0, fmt.Sprintf("score, 1 to %d; may be 0 when the item is rejected", datanettypes.MaxScore))
	f.String(flagReason, "", "why the item is rejected: "+strings.Join(reasonNames(), ", "))
	f.Uint64(flagCohort, 0, "cohort, if the item is under review in several in which you have a seat")
	f.Bool(flagNoWait, false, "do not wait until the ballot can be opened")
	f.Duration(flagInterval, defaultInterval, "time between two looks at the chain")
	return cmd
}

func reviewRunCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Seal and open ballots, and open gold, whenever it is due",
		Long: `Do for an account whatever is due: seal ballots of which every item is decided,
open ballots, open gold. Looks again every few seconds until it is interrupted
with Ctrl-C. What fails is said and tried again.

A ballot or gold that is not opened in time costs money: leave this running from
the first decision to the end of the review.`,
		Example: `openledgerd review run --from reviewer
openledgerd review run --from reviewer --once      # from cron`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := newRunner(cmd)
			if err != nil {
				return err
			}
			once, _ := cmd.Flags().GetBool(flagOnce)
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			return r.run(ctx, once)
		},
	}
	addSendFlags(cmd)
	cmd.Flags().Bool(flagOnce, false, "look once and return; fails if something could not be done")
	cmd.Flags().Duration(flagInterval, defaultInterval, "time between two looks at the chain")
	return cmd
}

const flagOnce = "once"

// reasonNames lists the reasons of rejections.
func reasonNames() []string {
	var names []string
	for i := range len(datanettypes.RejectReason_name) {
		if reason := datanettypes.RejectReason(i); reason != datanettypes.REJECT_REASON_UNSPECIFIED {
			names = append(names, reasonName(reason))
		}
	}
	return names
}

func reasonName(reason datanettypes.RejectReason) string {
	return enumName(reason.String(), "REJECT_REASON_")
}

// voteOf reads the verdict of the flags.
func voteOf(cmd *cobra.Command) (datanettypes.Vote, error) {
	f := cmd.Flags()
	accept, _ := f.GetBool(flagAccept)
	reject, _ := f.GetBool(flagReject)
	score, _ := f.GetUint32(flagScore)
	name, _ := f.GetString(flagReason)
	vote := datanettypes.Vote{Accept: accept, Score: score}
	switch {
	case accept == reject:
		return vote, fmt.Errorf("say --%s --%s 820, or --%s --%s %s", flagAccept, flagScore, flagReject, flagReason,
			strings.Join(reasonNames(), "|"))
	case score > datanettypes.MaxScore:
		return vote, fmt.Errorf("--%s %d: at most %d", flagScore, score, datanettypes.MaxScore)
	case accept && name != "":
		return vote, fmt.Errorf("--%s goes with --%s", flagReason, flagReject)
	case accept && score == 0:
		return vote, fmt.Errorf("what is accepted has a score: --%s 1 to %d", flagScore, datanettypes.MaxScore)
	case accept:
		return vote, nil
	}
	at := slices.Index(reasonNames(), strings.ReplaceAll(strings.ToLower(name), "_", "-"))
	if at < 0 {
		return vote, fmt.Errorf("--%s %q: say why it is rejected: %s", flagReason, name, strings.Join(reasonNames(), ", "))
	}
	vote.Reason = datanettypes.RejectReason(at + 1)
	return vote, nil
}

func voteText(vote datanettypes.Vote) string {
	if vote.Accept {
		return fmt.Sprintf("accept, score %d", vote.Score)
	}
	text := "reject, " + reasonName(vote.Reason)
	if vote.Score > 0 {
		text += fmt.Sprintf(", score %d", vote.Score)
	}
	return text
}

// seat finds the review of an item in which the account has a seat.
func (r *reviewer) seat(ctx context.Context, rank, cohort uint64) (datanettypes.Assignment, error) {
	all, err := r.assignments(ctx)
	if err != nil {
		return datanettypes.Assignment{}, err
	}
	var found []datanettypes.Assignment
	for _, a := range all {
		if slices.Contains(a.Cohort.Items, rank) && (cohort == 0 || a.Cohort.Id == cohort) {
			found = append(found, a)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return datanettypes.Assignment{}, fmt.Errorf(
			"contribution %d is not under review with a seat for %s: `openledgerd review queue` shows what is", rank, r.address)
	}
	return datanettypes.Assignment{}, fmt.Errorf(
		"contribution %d is under review in cohorts %d and %d: choose one with --%s", rank, found[0].Cohort.Id,
		found[1].Cohort.Id, flagCohort)
}

// vote notes a decision, and sees to the ballot when it was the last.
func (r *reviewer) vote(ctx context.Context, rank, cohort uint64, vote datanettypes.Vote, wait bool) error {
	a, err := r.seat(ctx, rank, cohort)
	if err != nil {
		return err
	}
	state, err := r.load(a.Cohort.Id)
	if err != nil {
		return err
	}
	noted, decided := state.Decisions[rank]
	switch a.Cohort.Phase {
	case datanettypes.COHORT_PHASE_DRAWING, datanettypes.COHORT_PHASE_COMMIT:
		if !decided || noted != vote {
			if err := r.store.Decide(
				review.Decision{Cohort: a.Cohort.Id, Rank: rank, Vote: vote, At: r.now().UTC()}); err != nil {
				return fmt.Errorf("the decision is not noted: %w", err)
			}
		}
	default:
		if !decided || noted != vote {
			return fmt.Errorf(
				"cohort %d is in phase %s: it is too late to decide; `openledgerd review run` opens what you sealed", a.Cohort.Id,
				phaseName(a.Cohort.Phase))
		}
	}
	r.printf("decided     contribution %d in cohort %d: %s\n", rank, a.Cohort.Id, voteText(vote))
	if state, err = r.load(a.Cohort.Id); err != nil {
		return err
	}
	if plan := review.Next(a, r.address, state); len(plan.Undecided) > 0 {
		r.printf("undecided   %d of %d: %s\n", len(plan.Undecided), len(a.Cohort.Items), ranks(plan.Undecided))
		r.printf("next        `openledgerd review show %d`; ballots can be sealed until %s\n", plan.Undecided[0],
			r.until(a.Cohort.Deadline))
		return nil
	}
	return r.follow(ctx, a.Cohort.Id, wait)
}

// follow does what is due about a cohort until its ballot is open, or sealed if
// it is not to wait.
func (r *reviewer) follow(ctx context.Context, cohort uint64, wait bool) error {
	for {
		done, err := r.advance(ctx, cohort, wait)
		if done {
			return err
		}
		if err != nil && !stopped(ctx, err) {
			r.shown.warn(fmt.Errorf("%w; trying again", err))
		}
		if err := r.pause(ctx, r.interval); err != nil {
			r.shown.clear()
			return fmt.Errorf(
				"interrupted before the ballot for cohort %d was opened: run `openledgerd review run` before the deadline, or a "+
					"part of your bond is slashed", cohort)
		}
	}
}

// advance takes the next step about a cohort, and says whether it was the last.
func (r *reviewer) advance(ctx context.Context, cohort uint64, wait bool) (done bool, err error) {
	a, err := r.assignment(ctx, cohort)
	if err != nil {
		return false, err
	}
	if a == nil {
		return r.unseated(ctx, cohort)
	}
	plan, err := r.step(ctx, *a)
	if err != nil {
		// A command that stays running tries to open the ballot as long as that is possible. An error at sealing is returned
		// at once, while the user can still do something.
		return plan.Step != review.Reveal, err
	}
	switch plan.Step {
	case review.Revealed:
		return true, nil
	case review.Reveal: // just now
		return true, nil
	case review.Decide:
		r.printf("undecided   %d of %d: %s\n", len(plan.Undecided), len(a.Cohort.Items), ranks(plan.Undecided))
		return true, nil
	case review.Missed, review.Lost:
		return true, errors.New(r.next(*a, plan))
	case review.Wait:
		if !wait {
			r.printf("next        the panel is being drawn: leave `openledgerd review run` running, it seals and opens your ballot\n")
			return true, nil
		}
		r.shown.show("waiting for the panel to be drawn", r.until(a.Cohort.Deadline))
	default:
		if !wait {
			r.printf("next        leave `openledgerd review run` running: it opens your ballot when all are sealed, or after %s\n", r.until(a.Cohort.Deadline))
			return true, nil
		}
		r.shown.show(fmt.Sprintf("cohort %d: your ballot is sealed; waiting until it can be opened", cohort),
			"at the latest after "+r.until(a.Cohort.Deadline))
	}
	return false, nil
}

// unseated says what became of a cohort in which the account has no seat any more.
func (r *reviewer) unseated(ctx context.Context, id uint64) (bool, error) {
	cohort, found, err := r.cohort(ctx, id)
	switch {
	case err != nil:
		return false, err
	case !found:
		r.printf("gone        cohort %d was decided long ago\n", id)
	case cohort.Phase == datanettypes.COHORT_PHASE_DECIDED:
		r.printf("decided     cohort %d is decided: `openledgerd query datanet cohort %d`\n", id, id)
	default:
		r.printf("dismissed   the panel of cohort %d did not decide, and you have no seat in the next one: nothing is "+
			"left to do\n", id)
	}
	return true, nil
}

// step does what is due about a cohort now: seals or opens the ballot. The plan
// is that from before.
func (r *reviewer) step(ctx context.Context, a datanettypes.Assignment) (review.Plan, error) {
	state, err := r.load(a.Cohort.Id)
	if err != nil {
		return review.Plan{}, err
	}
	plan := review.Next(a, r.address, state)
	switch plan.Step {
	case review.Seal:
		err = r.seal(ctx, a, plan)
	case review.Reveal:
		err = r.reveal(ctx, *plan.Ballot)
	}
	return plan, err
}

// seal sends a ballot. What opens it is on disk before.
func (r *reviewer) seal(ctx context.Context, a datanettypes.Assignment, plan review.Plan) error {
	ballot := plan.Ballot
	if ballot == nil {
		made, err := review.NewBallot(a.Cohort, r.address, plan.Votes, r.now())
		if err != nil {
			return err
		}
		if err := r.store.SaveBallot(made); err != nil {
			return fmt.Errorf("the ballot was not sent, because what opens it could not be written: %w", err)
		}
		ballot = &made
	}
	hash, err := ballot.Hash()
	if err != nil {
		return err
	}
	response, err := r.tx.send(ctx, &datanettypes.MsgCommitBallot{Validator: r.address, Cohort: ballot.Cohort, Hash: hash})
	if err != nil {
		return fmt.Errorf(
			"the ballot for cohort %d may not be sealed: %w; what opens it is kept: run `openledgerd review run` before %s",
			ballot.Cohort, err, a.Cohort.Deadline.Local().Format(timeLayout))
	}
	r.printf("sealed      ballot of %d votes for cohort %d in block %d, transaction %s\n", len(ballot.Votes),
		ballot.Cohort, response.Height, response.TxHash)
	return nil
}

// reveal opens a ballot.
func (r *reviewer) reveal(ctx context.Context, ballot review.Ballot) error {
	response, err := r.tx.send(
		ctx, &datanettypes.MsgRevealBallot{Validator: r.address, Cohort: ballot.Cohort, Votes: ballot.Votes,
			Salt: ballot.Salt})
	if err != nil {
		return fmt.Errorf("the ballot for cohort %d is not open: %w", ballot.Cohort, err)
	}
	r.printf("opened      ballot for cohort %d in block %d, transaction %s\n", ballot.Cohort, response.Height,
		response.TxHash)
	return nil
}

// run does what is due until it is interrupted.
func (r *reviewer) run(ctx context.Context, once bool) error {
	for {
		err := r.pass(ctx)
		if once {
			return err
		}
		if err != nil && !stopped(ctx, err) {
			r.shown.warn(fmt.Errorf("%w; trying again", err))
		}
		if r.pause(ctx, r.interval) != nil {
			r.shown.clear()
			r.printf("stopped     what is due waits for the next `openledgerd review run`\n")
			return nil
		}
	}
}

// pass does once what is due, for each cohort even if another one fails.
func (r *reviewer) pass(ctx context.Context) error {
	assignments, err := r.assignments(ctx)
	if err != nil {
		return err
	}
	var failed []error
	waiting, deadline := 0, datanettypes.Cohort{}
	for _, a := range assignments {
		plan, err := r.step(ctx, a)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		switch plan.Step {
		case review.Lost, review.Missed:
			r.shown.warn(fmt.Errorf("cohort %d: %s", a.Cohort.Id, r.next(a, plan)))
		case review.Decide:
			r.shown.warn(
				fmt.Errorf("cohort %d: %d of %d items are undecided, ballots can be sealed until %s", a.Cohort.Id,
					len(plan.Undecided), len(a.Cohort.Items),
					a.Cohort.Deadline.Local().Format(timeLayout)))
		}
		if waiting++; waiting == 1 || a.Cohort.Deadline.Before(deadline.Deadline) {
			deadline = a.Cohort
		}
	}
	cohorts, err := r.store.Cohorts()
	if err != nil {
		return errors.Join(append(failed, err)...)
	}
	gold := 0
	for _, id := range cohorts {
		n, err := r.tidy(ctx, id)
		gold += n
		failed = append(failed, err)
	}
	what, when := fmt.Sprintf("%d cohorts under review, %d gold items to open", waiting, gold), "nothing is due"
	if waiting > 0 {
		when = fmt.Sprintf("cohort %d: %s until %s", deadline.Id, phaseName(deadline.Phase), r.until(deadline.Deadline))
	}
	r.shown.show(what, when)
	return errors.Join(failed...)
}

// tidy opens the gold of a cohort when it is due, forgets cohorts that are
// decided with the marks of their gold, and returns how much gold waits. What a node does not know is kept:
// another one may.
func (r *reviewer) tidy(ctx context.Context, id uint64) (int, error) {
	cohort, found, err := r.cohort(ctx, id)
	if err != nil || !found {
		return 0, err
	}
	waiting, err := r.openGold(ctx, cohort)
	if err != nil || cohort.Phase != datanettypes.COHORT_PHASE_DECIDED {
		return waiting, err
	}
	r.printf("decided     cohort %d is decided: `openledgerd query datanet cohort %d`\n", id, id)
	state, err := r.load(id)
	if err != nil {
		return 0, err
	}
	for _, gold := range state.Gold {
		if err := r.marks.Remove(gold); err != nil {
			return 0, err
		}
	}
	return 0, r.store.Remove(id)
}
