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
		Long: `Decide an item. ID is the rank of the contribution. Your decision stays on this
machine until every item of the cohort is decided. Then your ballot is sealed on
chain, and opened when the phase for that begins. The command waits for it. With
--no-wait, leave ` + "`openledgerd review run`" + ` running, which opens the ballot.

While ballots can be sealed you may vote again: the new ballot replaces the old
one. The salt that opens a ballot is written to HOME/review before the ballot is
sent. If the command is interrupted, run it or ` + "`review run`" + ` again: it goes on
where it stopped.

An item is accepted with a score of 1 to 1000: what it earns in bounties is in
proportion to the score. Reasons of a rejection:
` + strings.Join(reasonNames(), ", ") + `.

In an appeal, and in a check, which is an appeal of an item drawn by chance, you
decide about the contribution anew. In a recall, to accept means that the
contribution stays, and to reject means that it is recalled.`,
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
	f.Bool(flagNoWait, false, "do not wait until the ballot is opened")
	f.Duration(flagInterval, defaultInterval, "time between two queries of the chain")
	return cmd
}

func reviewRunCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Seal and open ballots, and open gold, whenever it is due",
		Long: `Do for an account whatever is due: seal ballots whose items are all decided, open
ballots, and open gold. The command looks every few seconds, until it is interrupted
with Ctrl-C. It prints what fails, and tries it again.

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
	cmd.Flags().Bool(flagOnce, false, "look once and end; fails if something could not be done")
	cmd.Flags().Duration(flagInterval, defaultInterval, "time between two queries of the chain")
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

// voteOf returns the vote that the flags give.
func voteOf(cmd *cobra.Command) (datanettypes.Vote, error) {
	f := cmd.Flags()
	accept, _ := f.GetBool(flagAccept)
	reject, _ := f.GetBool(flagReject)
	score, _ := f.GetUint32(flagScore)
	name, _ := f.GetString(flagReason)
	vote := datanettypes.Vote{Accept: accept, Score: score}
	switch {
	case accept == reject:
		return vote, fmt.Errorf("give --%s --%s 820, or --%s --%s %s", flagAccept, flagScore, flagReject, flagReason,
			strings.Join(reasonNames(), "|"))
	case score > datanettypes.MaxScore:
		return vote, fmt.Errorf("--%s %d: at most %d", flagScore, score, datanettypes.MaxScore)
	case accept && name != "":
		return vote, fmt.Errorf("--%s goes with --%s: leave it out, or reject the item", flagReason, flagReject)
	case accept && score == 0:
		return vote, fmt.Errorf("an item that is accepted has a score: give --%s 1 to %d", flagScore, datanettypes.MaxScore)
	case accept:
		return vote, nil
	}
	at := slices.Index(reasonNames(), strings.ReplaceAll(strings.ToLower(name), "_", "-"))
	if at < 0 {
		return vote, fmt.Errorf("--%s %q: choose why the item is rejected: %s", flagReason, name,
			strings.Join(reasonNames(), ", "))
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

// seat returns the cohort with an item in which the account has a seat.
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

// vote stores a decision. If it was the last of its cohort, it seals and opens the ballot.
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
				return fmt.Errorf("the decision was not stored: %w", err)
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

// follow does what is due about a cohort until its ballot is open. Without wait it ends when the ballot is sealed.
func (r *reviewer) follow(ctx context.Context, cohort uint64, wait bool) error {
	for {
		done, err := r.advance(ctx, cohort, wait)
		if done {
			return err
		}
		if err != nil && !interrupted(ctx, err) {
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

// advance takes the next step about a cohort, and reports whether it was the last.
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
		// The command tries to open the ballot for as long as that is possible. It returns an error at sealing at once,
		// while the user can still do something about it.
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
			r.printf("next        the panel is being drawn: leave `openledgerd review run` running, which seals and opens " +
				"your ballot\n")
			return true, nil
		}
		r.shown.show("waiting for the panel to be drawn", r.until(a.Cohort.Deadline))
	default:
		if !wait {
			r.printf("next        leave `openledgerd review run` running: it opens your ballot when all are sealed, or after "+
				"%s\n", r.until(a.Cohort.Deadline))
			return true, nil
		}
		r.shown.show(fmt.Sprintf("cohort %d: your ballot is sealed; waiting until it can be opened", cohort),
			"at the latest after "+r.until(a.Cohort.Deadline))
	}
	return false, nil
}

// unseated prints what became of a cohort in which the account no longer has a seat.
func (r *reviewer) unseated(ctx context.Context, id uint64) (bool, error) {
	cohort, found, err := r.cohort(ctx, id)
	switch {
	case err != nil:
		return false, err
	case !found:
		r.printf("gone        cohort %d is no longer in the state of the chain: it was decided long ago\n", id)
	case cohort.Phase == datanettypes.COHORT_PHASE_DECIDED:
		r.printf("decided     cohort %d is decided: `openledgerd query datanet cohort %d`\n", id, id)
	default:
		r.printf("dismissed   the panel of cohort %d did not decide, and you have no seat in the next one: nothing is "+
			"left to do\n", id)
	}
	return true, nil
}

// step does what is due about a cohort now: it seals or opens the ballot. It returns the plan from before the step.
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

// seal sends a ballot, after it has written to disk what opens the ballot.
func (r *reviewer) seal(ctx context.Context, a datanettypes.Assignment, plan review.Plan) error {
	ballot := plan.Ballot
	if ballot == nil {
		made, err := review.NewBallot(a.Cohort, r.address, plan.Votes, r.now())
		if err != nil {
			return err
		}
		if err := r.store.SaveBallot(made); err != nil {
			return fmt.Errorf("the ballot was not sent, because its salt could not be written: %w", err)
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
			"perhaps the ballot for cohort %d was not sealed: %w; its salt is kept: run `openledgerd review run` before %s",
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
		return fmt.Errorf("the ballot for cohort %d was not opened: %w", ballot.Cohort, err)
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
		if err != nil && !interrupted(ctx, err) {
			r.shown.warn(fmt.Errorf("%w; trying again", err))
		}
		if r.pause(ctx, r.interval) != nil {
			r.shown.clear()
			r.printf("stopped     what is due waits for the next `openledgerd review run`\n")
			return nil
		}
	}
}

// pass does once what is due. It goes on with the other cohorts if one fails.
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

// tidy opens the gold of a cohort when it is due, and returns how many gold items wait. It removes a cohort that is
// decided from disk, with the marks of its gold. It keeps a cohort that the node does not know: another node may.
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
