package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cosmos/gogoproto/proto"
	"golang.org/x/sync/errgroup"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/content"
	"github.com/openledger/openledger/content/overlap"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// reviewParams make cohorts small and windows short. Phases end as soon as everybody has done his part, so the windows
// bound what a slow machine may take.
var reviewParams = []string{
	"datanet.review.cohort_items=3",
	"datanet.review.fill_window=40s",
	"datanet.review.commit_window=30s",
	"datanet.review.reveal_window=30s",
	"datanet.review.gold_window=30s",
	"datanet.review.appeal_window=30s",
	"datanet.review.liability_window=240s",
	"datanet.review.unbonding=480s",
	"datanet.review.credential_delay=10s",
}

const (
	// reviewPhaseLimit is longer than any window, so that the chain says first that one has passed.
	reviewPhaseLimit = 60 * time.Second
	// lazyScore for everything.
	lazyScore = 500
)

// reviewFee of a contribution of one segment; reviewers bond bond_per_fee times as much.
var reviewFee = open(1)

// feeOf a contribution of so many tokens: the DataNet asks for as much a token as the first segment costs.
func feeOf(tokens uint64) sdkmath.Int {
	return datanettypes.ReviewFee{Base: reviewFee, PerThousand: datanettypes.PerThousandOf(reviewFee)}.Of(tokens)
}

// review is what panels of a run see, do and decide.
type review struct {
	texts     *texts
	datanet   uint64
	reviewers []*reviewer
	cohorts   []*cohort
	checkFund sdkmath.Int // of the DataNet
	checking  sdkmath.Int // what checks by chance that are open have taken out of it
}

// reviewer with a bond.
type reviewer struct {
	name       string
	account    chain.Signer
	strictness int
}

// cohort of a review with everything that happened to it.
type cohort struct {
	items   []*submission // in the order of the chain
	panel   []*member
	state   datanettypes.Cohort
	opened  int64 // height at which the last gold was
	decided map[uint64]datanettypes.Contribution
	version uint64
	aside   sdkmath.Int // out of the fees, for checks by chance
	gas     sdkmath.Int // of the panel, that each item of the owner's gold pays
}

// member of a panel: a reviewer with seats.
type member struct {
	*reviewer
	seats    int
	lazy     bool
	opinions []opinion // by item
	salt     []byte
	earned   sdkmath.Int
	slashed  sdkmath.Int
	reasons  []string // of slashes
}

func planReview(source *source) (*review, error) {
	chosen, err := chooseTexts(source)
	if err != nil {
		return nil, fmt.Errorf("choose the texts of the review: %w", err)
	}
	r := &review{texts: chosen}
	for i := range reviewerCount {
		name := "reviewer-" + strconv.Itoa(i+1)
		r.reviewers = append(r.reviewers, &reviewer{name: name, account: newAccount(name), strictness: 15 * i})
	}
	return r, nil
}

// accounts of a review beside owner and authors.
func (r *review) accounts() []chain.Signer {
	var accounts []chain.Signer
	for _, reviewer := range r.reviewers {
		accounts = append(accounts, reviewer.account)
	}
	for _, s := range slices.Concat(r.texts.first, r.texts.second) {
		if s.nature != natureHonest {
			accounts = append(accounts, s.account)
		}
	}
	return accounts
}

// holdReviews has two cohorts reviewed: what copies accepted text can only be found when there is some.
func (w *world) holdReviews(ctx context.Context) error {
	var err error
	if w.store, err = content.Open(ctx, w.contentDir()); err != nil {
		return err
	}
	w.review.datanet = w.datanetID
	if err := w.bondReviewers(ctx); err != nil {
		return err
	}
	if err := w.holdReview(ctx, w.review.texts.first, false); err != nil {
		return fmt.Errorf("first cohort: %w", err)
	}
	// A copy is gold only if validators hold what it copies before voting begins.
	w.version = w.review.cohorts[0].version
	if err := w.awaitHeld(ctx); err != nil {
		return err
	}
	if err := w.holdReview(ctx, w.review.texts.second, true); err != nil {
		return fmt.Errorf("second cohort: %w", err)
	}
	found, err := w.chain.Datanet.DataNet(ctx, &datanettypes.QueryDataNetRequest{DatanetId: w.datanetID})
	if err != nil {
		return err
	}
	w.version, w.review.checkFund = found.Datanet.Version, found.Datanet.CheckFund
	if w.review.checking, err = w.cohortsHold(ctx); err != nil {
		return err
	}
	if err := w.review.print(w.print); err != nil {
		return err
	}
	// Sound gold earns like any text.
	for _, s := range slices.Concat(w.review.texts.first, w.review.texts.second) {
		if s.nature == natureSound {
			w.authors = append(w.authors, author{contributor: contributor{name: s.name}, account: s.account})
		}
	}
	return w.review.check()
}

func (w *world) bondReviewers(ctx context.Context) error {
	params, err := w.chain.Datanet.Params(ctx, &datanettypes.QueryParamsRequest{})
	if err != nil {
		return err
	}
	bond := sdkmath.MaxInt(params.Params.Review.MinBond, reviewFee.MulRaw(int64(params.Params.Review.BondPerFee)))
	err = inParallel(ctx, w.review.reviewers, func(ctx context.Context, r *reviewer) error {
		_, err := w.chain.Send(
			ctx, r.account, &datanettypes.MsgBondValidator{Validator: r.account.String(), DatanetId: w.datanetID, Amount: bond})
		return err
	})
	if err != nil {
		return fmt.Errorf("bond: %w", err)
	}
	w.progress("bonded    %d reviewers with %s OPEN each", len(w.review.reviewers), openAmount(bond))
	return nil
}

// inParallel does something for each item.
func inParallel[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, item := range items {
		group.Go(func() error { return do(ctx, item) })
	}
	return group.Wait()
}

// holdReview submits texts to a cohort and plays everybody's part until it is decided.
func (w *world) holdReview(ctx context.Context, submissions []*submission, lazy bool) error {
	id, err := w.submit(ctx, submissions)
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	if err := w.sealGold(ctx, id, submissions); err != nil {
		return fmt.Errorf("seal gold: %w", err)
	}
	c := &cohort{}
	if c.state, err = w.awaitPhase(ctx, id, datanettypes.COHORT_PHASE_COMMIT); err != nil {
		return err
	}
	w.review.cohorts = append(w.review.cohorts, c)
	if err := c.seat(w.review.reviewers, submissions, lazy); err != nil {
		return err
	}
	w.progress("drawn     %d seats of cohort %d in blocks %d to %d, for %d reviewers",
		len(c.state.Seats), id, c.state.Seats[0].Height, c.state.Seats[len(c.state.Seats)-1].Height, len(c.panel))
	before, err := w.records(ctx)
	if err != nil {
		return err
	}
	if err := w.vote(ctx, c); err != nil {
		return err
	}
	if err := w.openGold(ctx, c); err != nil {
		return fmt.Errorf("open gold: %w", err)
	}
	return w.conclude(ctx, c, before)
}

// submit seals and reveals texts and returns the cohort they wait in.
func (w *world) submit(ctx context.Context, submissions []*submission) (uint64, error) {
	err := inParallel(ctx, submissions, func(ctx context.Context, s *submission) error {
		var err error
		if s.reveal, err = w.seal(ctx, s.account, s.title, s.file); err != nil || !s.nature.owners() {
			return err
		}
		// Its contributor lets the owner open it as gold.
		if s.salt, err = random(); err == nil {
			s.reveal.Mark = datanettypes.GoldMark(w.owner.Address, s.salt)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	reveals, texts := make([]datanettypes.RevealItem, len(submissions)), make([]revealed, len(submissions))
	for i, s := range submissions {
		reveals[i] = s.reveal
		texts[i] = revealed{item: &s.reveal, file: s.file, enters: s.nature.sound()}
	}
	if err := w.derive(texts); err != nil {
		return 0, err
	}
	if err := w.awaitRevealable(ctx, reveals); err != nil {
		return 0, err
	}
	err = inParallel(ctx, submissions, func(ctx context.Context, s *submission) error {
		_, err := w.chain.Send(
			ctx, s.account, &datanettypes.MsgRevealContributions{Contributor: s.account.String(),
				Items: []datanettypes.RevealItem{s.reveal}})
		return err
	})
	if err != nil {
		return 0, err
	}
	id := uint64(0)
	for _, s := range submissions {
		found, err := w.chain.Datanet.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: s.rank()})
		if err != nil {
			return 0, err
		}
		if id != 0 && id != found.Contribution.Cohort {
			return 0, fmt.Errorf("contribution %d waits in cohort %d, the others in %d", s.rank(), found.Contribution.Cohort, id)
		}
		id = found.Contribution.Cohort
	}
	w.progress("submitted %d contributions with a review fee of %s OPEN for a segment, to cohort %d", len(submissions),
		openAmount(reviewFee), id)
	return id, nil
}

// sealGold declares the items with known verdicts: duplicates by whoever knows of them, the others by the owner, whose
// last one starts the review.
func (w *world) sealGold(ctx context.Context, id uint64, submissions []*submission) error {
	var owner []sdk.Msg
	n := 0
	for _, s := range submissions {
		kind := s.nature.gold()
		if kind == datanettypes.GOLD_KIND_UNSPECIFIED {
			continue
		}
		n++
		if !s.nature.owners() {
			var err error
			if s.salt, err = random(); err != nil {
				return err
			}
		}
		planter := w.planter(s)
		msg := &datanettypes.MsgSealGold{
			Planter: planter.String(), Cohort: id, Kind: kind,
			Hashes: [][]byte{datanettypes.GoldHash(id, s.rank(), kind, planter.Address, s.salt)},
		}
		if s.nature.owners() {
			owner = append(owner, msg)
			continue
		}
		if _, err := w.chain.Send(ctx, planter, msg); err != nil {
			return err
		}
	}
	result, err := w.chain.Send(ctx, w.owner, owner...)
	if err == nil {
		w.progress("sealed    %d of them as gold, whose verdict is known, in block %d; nobody can see which", n,
			result.Height)
	}
	return err
}

// planter of gold: the owner, or who plants a duplicate.
func (w *world) planter(s *submission) chain.Signer {
	if s.nature.owners() {
		return w.owner
	}
	return s.account
}

// awaitPhase waits until a cohort is in a phase.
func (w *world) awaitPhase(ctx context.Context, id uint64,
	phase datanettypes.CohortPhase) (datanettypes.Cohort, error) {
	ctx, cancel := context.WithTimeout(ctx, reviewPhaseLimit)
	defer cancel()
	for {
		found, err := w.chain.Datanet.Cohort(ctx, &datanettypes.QueryCohortRequest{Id: id})
		if err != nil {
			return datanettypes.Cohort{}, err
		}
		if found.Cohort.Phase == phase && found.Cohort.Round == 1 {
			return found.Cohort, nil
		}
		if found.Cohort.Phase > phase || found.Cohort.Round > 1 {
			return found.Cohort, fmt.Errorf("cohort %d is in %s of round %d, a window passed before %s", id, found.Cohort.Phase,
				found.Cohort.Round, phase)
		}
		select {
		case <-ctx.Done():
			return found.Cohort, fmt.Errorf("cohort %d is in %s, not in %s: %w", id, found.Cohort.Phase, phase, ctx.Err())
		case <-time.After(recordPoll):
		}
	}
}

// seat finds out who has been drawn. If one is to be lazy, it is the one with fewest seats, who cannot decide alone.
func (c *cohort) seat(reviewers []*reviewer, submissions []*submission, lazy bool) error {
	for _, rank := range c.state.Items {
		at := slices.IndexFunc(submissions, func(s *submission) bool { return s.rank() == rank })
		if at < 0 {
			return fmt.Errorf("cohort %d holds contribution %d, which nobody submitted", c.state.Id, rank)
		}
		c.items = append(c.items, submissions[at])
	}
	for _, seat := range c.state.Seats {
		at := slices.IndexFunc(c.panel, func(m *member) bool { return m.account.String() == seat.Address })
		if at < 0 {
			known := slices.IndexFunc(reviewers, func(r *reviewer) bool { return r.account.String() == seat.Address })
			if known < 0 {
				return fmt.Errorf("a seat of cohort %d went to %s, who is no reviewer of the demo", c.state.Id, seat.Address)
			}
			at = len(c.panel)
			c.panel = append(c.panel, &member{reviewer: reviewers[known]})
		}
		c.panel[at].seats++
	}
	if lazy {
		if len(c.panel) == 1 {
			return fmt.Errorf("%s was drawn for all seats of cohort %d: nobody is left to be diligent; run again",
				c.panel[0].name, c.state.Id)
		}
		slices.MinFunc(c.panel, func(a, b *member) int { return a.seats - b.seats }).lazy = true
	}
	return nil
}

// records of the reviewers by address.
func (w *world) records(ctx context.Context) (map[string]datanettypes.ReviewRecord, error) {
	found, err := w.chain.Datanet.DataValidators(ctx, &datanettypes.QueryDataValidatorsRequest{DatanetId: w.datanetID})
	if err != nil {
		return nil, err
	}
	records := make(map[string]datanettypes.ReviewRecord)
	for _, v := range found.Validators {
		records[v.Address] = v.Record
	}
	return records, nil
}

// vote has the panel read, and seal and open its ballots.
func (w *world) vote(ctx context.Context, c *cohort) error {
	accepted, err := w.acceptedText(ctx)
	if err != nil {
		return err
	}
	err = inParallel(ctx, c.panel, func(ctx context.Context, m *member) error {
		if err := w.judge(ctx, c, m, accepted); err != nil {
			return fmt.Errorf("%s reads: %w", m.name, err)
		}
		var err error
		if m.salt, err = random(); err != nil {
			return err
		}
		_, err = w.chain.Send(ctx, m.account, &datanettypes.MsgCommitBallot{
			Validator: m.account.String(), Cohort: c.state.Id,
			Hash: datanettypes.BallotHash(c.state.Id, c.state.Round, m.account.Address, m.votes(), m.salt),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("seal ballots: %w", err)
	}
	if _, err := w.awaitPhase(ctx, c.state.Id, datanettypes.COHORT_PHASE_REVEAL); err != nil {
		return err
	}
	w.progress("voted     %d sealed ballots", len(c.panel))
	err = inParallel(ctx, c.panel, func(ctx context.Context, m *member) error {
		_, err := w.chain.Send(
			ctx, m.account, &datanettypes.MsgRevealBallot{Validator: m.account.String(), Cohort: c.state.Id, Votes: m.votes(),
				Salt: m.salt})
		return err
	})
	if err != nil {
		return fmt.Errorf("open ballots: %w", err)
	}
	_, err = w.awaitPhase(ctx, c.state.Id, datanettypes.COHORT_PHASE_GOLD)
	return err
}

func (m *member) votes() []datanettypes.Vote {
	votes := make([]datanettypes.Vote, len(m.opinions))
	for i, o := range m.opinions {
		votes[i] = o.vote
	}
	return votes
}

// acceptedText of the DataNet to compare with, nil if there is none.
func (w *world) acceptedText(ctx context.Context) (*overlap.Checker, error) {
	contributions, err := w.contributions(ctx, true)
	if err != nil {
		return nil, err
	}
	var known []overlap.Known
	for _, c := range contributions {
		file, err := w.fetch(ctx, c)
		if err != nil {
			return nil, err
		}
		known = append(known, overlap.Known{Name: w.review.nameOf(c.Contributor), Rank: c.Rank, File: file})
	}
	if len(known) == 0 {
		return nil, nil
	}
	return overlap.New(known)
}

// fetch reads a text from where contributors put it, and checks that it is what they committed to.
func (w *world) fetch(ctx context.Context, c datanettypes.Contribution) (poa.SegmentFile, error) {
	encoded, err := w.store.Get(ctx, [32]byte(c.ContentHash))
	if err != nil {
		return poa.SegmentFile{}, fmt.Errorf("contribution %d: %w", c.Rank, err)
	}
	file, err := poa.ParseSegmentFile(encoded)
	if err != nil {
		return file, fmt.Errorf("contribution %d: %w", c.Rank, err)
	}
	contributor, err := sdk.AccAddressFromBech32(c.Contributor)
	if err != nil {
		return file, err
	}
	if root := file.Root(contributor); string(root[:]) != string(c.Root) {
		return file, fmt.Errorf("the text of contribution %d is not the one that was committed", c.Rank)
	}
	return file, nil
}

// judge has a reviewer form an opinion about each item, out of what anybody can see.
func (w *world) judge(ctx context.Context, c *cohort, m *member, accepted *overlap.Checker) error {
	for _, rank := range c.state.Items {
		if m.lazy {
			m.opinions = append(m.opinions, opinion{vote: datanettypes.Vote{Accept: true, Score: lazyScore}})
			continue
		}
		found, err := w.chain.Datanet.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
		if err != nil {
			return err
		}
		file, err := w.fetch(ctx, found.Contribution)
		if err != nil {
			return err
		}
		o, err := read(file, accepted, m.strictness)
		if err != nil {
			return err
		}
		m.opinions = append(m.opinions, o)
	}
	return nil
}

// openGold says which items were gold; the block of the last one decides the cohort.
func (w *world) openGold(ctx context.Context, c *cohort) error {
	var owner []sdk.Msg
	for _, s := range c.items {
		if s.salt == nil {
			continue
		}
		planter := w.planter(s)
		msg := &datanettypes.MsgOpenGold{Planter: planter.String(), Cohort: c.state.Id, Rank: s.rank(), Salt: s.salt}
		if s.nature.owners() {
			owner = append(owner, msg)
			continue
		}
		var err error
		if msg.Segment, err = s.proof(0); err != nil {
			return err
		}
		if msg.OriginalSegment, err = s.original.proof(s.segment); err != nil {
			return err
		}
		msg.Original = s.original.rank()
		if _, err := w.chain.Send(ctx, planter, msg); err != nil {
			return err
		}
	}
	result, err := w.chain.Send(ctx, w.owner, owner...)
	if err != nil {
		return err
	}
	c.opened = result.Height
	return nil
}

// proof of a segment under the root of its contribution.
func (s *submission) proof(segment int) (*datanettypes.SegmentProof, error) {
	path, err := poa.MerklePath(s.file.Leaves(s.account.Address), segment)
	if err != nil {
		return nil, err
	}
	proof := &datanettypes.SegmentProof{Index: uint32(segment), Text: s.file.Segments[segment]}
	for _, hash := range path {
		proof.Path = append(proof.Path, hash[:])
	}
	return proof, nil
}

// slashes reads from the events of the block that decided the cohort why its seats were slashed, and by how much. The
// records of reviewers would not do: a check by chance, in which nobody votes here, slashes too.
func (w *world) slashes(ctx context.Context, c *cohort) error {
	latest, err := w.chain.Height(ctx)
	if err != nil {
		return err
	}
	decided := false
	for height := c.opened; height <= latest && !decided; height++ {
		events, err := w.chain.BlockEvents(ctx, height)
		if err != nil {
			return err
		}
		for _, event := range events {
			switch event.Type {
			case proto.MessageName(&datanettypes.EventValidatorSlashed{}), proto.MessageName(&datanettypes.EventCohortDecided{}):
			default:
				continue
			}
			parsed, err := sdk.ParseTypedEvent(event)
			if err != nil {
				return err
			}
			switch e := parsed.(type) {
			case *datanettypes.EventValidatorSlashed:
				c.slash(e)
			case *datanettypes.EventCohortDecided:
				if e.Cohort == c.state.Id {
					decided = true
					w.progress("decided   cohort %d at the end of block %d, in which the last gold was opened", e.Cohort, height)
				}
			}
		}
	}
	if !decided {
		return fmt.Errorf("no block from %d to %d says that cohort %d was decided", c.opened, latest, c.state.Id)
	}
	return nil
}

func (c *cohort) slash(e *datanettypes.EventValidatorSlashed) {
	for _, m := range c.panel {
		if e.Cohort == c.state.Id && e.Address == m.account.String() {
			m.slashed, m.reasons = m.slashed.Add(e.Amount), append(m.reasons, e.Reason)
		}
	}
}

// conclude collects what was decided, and what it earned and cost.
func (w *world) conclude(ctx context.Context, c *cohort, before map[string]datanettypes.ReviewRecord) error {
	var err error
	if c.state, err = w.awaitPhase(ctx, c.state.Id, datanettypes.COHORT_PHASE_DECIDED); err != nil {
		return err
	}
	after, err := w.records(ctx)
	if err != nil {
		return err
	}
	for _, m := range c.panel {
		now, then := after[m.account.String()], before[m.account.String()]
		m.earned, m.slashed = now.Earned.Sub(then.Earned), sdkmath.ZeroInt()
	}
	if err := w.slashes(ctx, c); err != nil {
		return err
	}
	params, err := w.chain.Datanet.Params(ctx, &datanettypes.QueryParamsRequest{})
	if err != nil {
		return err
	}
	review := params.Params.Review
	c.gas = sdkmath.MinInt(reviewFee, review.GasRefund.MulRaw(int64(len(c.state.Seats))).QuoRaw(int64(len(c.items))))
	c.aside = c.fees().MulRaw(int64(review.CheckPpm)).QuoRaw(rewardstypes.PPM)
	c.decided = make(map[uint64]datanettypes.Contribution)
	var mu sync.Mutex
	return inParallel(ctx, c.state.Items, func(ctx context.Context, rank uint64) error {
		found, err := w.chain.Datanet.Contribution(ctx, &datanettypes.QueryContributionRequest{Rank: rank})
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		c.decided[rank] = found.Contribution
		c.version = max(c.version, found.Contribution.AcceptedVersion)
		return nil
	})
}

// fees of a cohort that were not returned; of those of the owner's gold that is
// its part of the panel's gas.
func (c *cohort) fees() sdkmath.Int {
	fees := sdkmath.ZeroInt()
	for _, s := range c.items {
		if s.nature.owners() {
			fees = fees.Add(c.gas)
		} else {
			fees = fees.Add(feeOf(s.reveal.Tokens))
		}
	}
	return fees
}

// earned by the panel.
func (c *cohort) earned() sdkmath.Int {
	earned := sdkmath.ZeroInt()
	for _, m := range c.panel {
		earned = earned.Add(m.earned)
	}
	return earned
}

// check reports a review that did not come out as the texts deserve.
func (r *review) check() error {
	aside := sdkmath.ZeroInt()
	for _, c := range r.cohorts {
		if aside = aside.Add(c.aside); c.fees().LT(c.earned().Add(c.aside)) {
			return fmt.Errorf("of fees of %s OPEN cohort %d paid %s to its panel and set %s aside", openAmount(c.fees()),
				c.state.Id, openAmount(c.earned()), openAmount(c.aside))
		}
		for i, s := range c.items {
			want := s.nature.sound()
			if c.state.Outcomes[i].Accepted != want {
				return fmt.Errorf("contribution %d, %s, came out as %s: %q", s.rank(), s.nature, c.decided[s.rank()].Status,
					c.decided[s.rank()].Reason)
			}
		}
		for _, m := range c.panel {
			if m.slashed.IsPositive() != m.lazy {
				return fmt.Errorf("%s of cohort %d lost %s OPEN for %v", m.name, c.state.Id, openAmount(m.slashed), m.reasons)
			}
		}
	}
	// Nobody votes in checks here: what they take out of the fund waits in them, or returns to it.
	if has := r.checkFund.Add(r.checking); !has.Equal(aside) {
		return fmt.Errorf("%s OPEN were set aside for checks, there are %s in the fund and %s in checks", openAmount(aside),
			openAmount(r.checkFund), openAmount(r.checking))
	}
	return nil
}

// nameOf an account of the review.
func (r *review) nameOf(address string) string {
	for _, s := range slices.Concat(r.texts.first, r.texts.second) {
		if s.account.String() == address {
			return s.name
		}
	}
	return address
}
