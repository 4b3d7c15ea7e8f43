package audit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/openledger/openledger/poa"
	datanettypes "github.com/openledger/openledger/x/datanet/types"
)

// checkOpenings follows the opened words to the answer root.
func (a *audit) checkOpenings() {
	// Without segments there is nothing to align, and the openings come first.
	bare := a.answer
	bare.Segments, bare.Seeds, bare.Windows, bare.Query = nil, nil, nil, nil
	// Nor does it matter what is owed, or by which method.
	claimed := a.claimed
	claimed.Method, claimed.Entries, claimed.UnattributedPPM = poa.MethodSPAN, nil, poa.TotalPPM
	err := poa.VerifyAnswer(claimed, bare, nil, poa.ProtocolStatistics())
	wrong := errors.Is(err, poa.ErrOpening) || errors.Is(err, poa.ErrAnswerRoot)
	a.truth("openings", !wrong,
		fmt.Sprintf("%d opened words of %d lead to the answer root %s with %d hashes", len(a.answer.Openings), a.answer.Count,
			short(a.claimed.AnswerRoot.String()), len(a.answer.Proof)),
		fmt.Sprintf("opened words: %v", err))
}

// checkSegments checks each segment of the answer: its contribution is in the
// model's manifest, its path leads to the root that the contributor sealed, and
// its text keeps the rules.
func (a *audit) checkSegments() error {
	for i, proof := range a.proofs {
		err := a.find(proof.Rank)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		what := fmt.Sprintf("segment %d of contribution %d", proof.Index, proof.Rank)
		if err != nil {
			a.truth("contribution", false, "", fmt.Sprintf("%s: %v", what, err))
			continue
		}
		c := a.known[proof.Rank]
		if i == 0 || a.proofs[i-1].Rank != proof.Rank {
			a.checkManifest(c)
		}
		a.checkPath(what, proof)
		err = poa.CheckSegmentNorm(c.Norm(), proof.Content, poa.SegmentRules{AllowFewStopWords: c.datanet.AllowFewStopWords})
		a.add(Step{Name: "segment_text", Status: outcome(err), Text: either(err,
			fmt.Sprintf("%s keeps the rules for text: %d bytes, %d words", what, len(proof.Content),
				len(poa.TokenIDs(proof.Content))), what)})
	}
	return nil
}

// checkManifest checks that the model uses a contribution.
func (a *audit) checkManifest(c contribution) {
	err := a.payable(c)
	a.add(Step{Name: "manifest", Status: outcome(err), Text: either(err,
		fmt.Sprintf("contribution %d is in DataNet %d since version %d, which version %d of model %d uses", c.Rank,
			c.DatanetId, c.Version(), a.model.Version, a.model.ModelId),
		fmt.Sprintf("contribution %d", c.Rank))})
}

// checkPath follows a segment from its leaf to the root of its contribution.
func (a *audit) checkPath(what string, proof poa.SegmentProof) {
	c, err := a.contribution(proof.Rank)
	step := Step{Name: "segment_path", Recorded: c.Root.String()}
	if err == nil {
		leaf := poa.SegmentLeafNorm(c.Norm, proof.Index, c.Contributor, proof.Content)
		step.Leaf = leaf.String()
		err = poa.VerifyPath(c.Root, leaf, uint64(proof.Index), uint64(c.Segments), proof.Path)
	}
	step.Status = outcome(err)
	if err == nil {
		step.Computed = step.Recorded // what package poa found equal
	}
	step.Text = either(err,
		fmt.Sprintf("%s is in its root %s: leaf %s, index %d of %d, path of %d hashes", what, short(step.Recorded),
			short(step.Leaf), proof.Index, c.Segments, len(proof.Path)),
		fmt.Sprintf("%s is not in its root %s: leaf %s", what, short(step.Recorded), short(step.Leaf)))
	a.add(step)
}

func outcome(err error) Status {
	if err != nil {
		return Failed
	}
	return Passed
}

func either(err error, passed, failed string) string {
	if err != nil {
		return failed + ": " + err.Error()
	}
	return passed
}

// find reads a contribution and its DataNet once.
func (a *audit) find(rank uint64) error {
	if _, ok := a.known[rank]; ok {
		return nil
	}
	found, err := a.source.Contribution(a.ctx, rank)
	if err != nil {
		return fmt.Errorf("contribution %d: %w", rank, err)
	}
	datanet, err := a.source.DataNet(a.ctx, found.DatanetId)
	if err != nil {
		return fmt.Errorf("DataNet %d: %w", found.DatanetId, err)
	}
	royalties, err := a.source.Royalties(a.ctx, datanet.Id, a.batch.Height)
	if err != nil {
		return fmt.Errorf("royalties of DataNet %d: %w", found.DatanetId, err)
	}
	stops := make(map[uint32]datanettypes.SegmentStop)
	if found.Stops > 0 {
		listed, err := a.source.Stops(a.ctx, datanet.Id, rank)
		if err != nil {
			return fmt.Errorf("stopped segments of contribution %d: %w", rank, err)
		}
		for _, stop := range listed {
			stops[stop.Segment] = stop
		}
	}
	a.known[rank] = contribution{found, datanet, royalties, stops}
	for _, stop := range stops {
		if stop.Beneficiary == 0 || !stop.Holds(a.batch.StopsHeight) {
			continue
		}
		if err := a.find(stop.Beneficiary); err != nil {
			return err
		}
	}
	return nil
}

// payable checks that a contribution is in the model's manifest; what was stopped stays there.
func (a *audit) payable(c contribution) error {
	for _, entry := range a.model.Manifest {
		if entry.DatanetId == c.DatanetId && c.Version() != 0 && c.Version() <= entry.Version {
			return nil
		}
	}
	return fmt.Errorf("%s in DataNet %d, not in the manifest of version %d of model %d", c.Status, c.DatanetId,
		a.model.Version, a.model.ModelId)
}

// contribution is a known contribution as package poa takes it.
func (a *audit) contribution(rank uint64) (poa.Contribution, error) {
	c := a.known[rank]
	return c.Proved(c.datanet)
}

// Contribution implements poa.ContributionSource by the state that was read.
func (a *audit) Contribution(rank uint64) (poa.Contribution, error) {
	c, ok := a.known[rank]
	if !ok {
		return poa.Contribution{}, ErrNotFound
	}
	if err := a.payable(c); err != nil {
		return poa.Contribution{}, err
	}
	return a.contribution(rank)
}

// Stopped implements poa.ContributionSource, as of the block that the batch was weighed by.
func (a *audit) Stopped(_ int, rank uint64, segment uint32) (bool, uint64, error) {
	stop, known := a.known[rank].stops[segment]
	if !known || !stop.Holds(a.batch.StopsHeight) {
		return false, 0, nil
	}
	return true, stop.PaysTo(a.batch.StopsHeight, func(rank uint64) bool {
		c, ok := a.known[rank]
		return ok && a.payable(c) == nil
	}), nil
}

// Standing implements poa.ContributionSource.
func (a *audit) Standing(_ int, rank uint64) (poa.Standing, error) {
	if err := a.find(rank); errors.Is(err, ErrNotFound) {
		return poa.Standing{}, nil
	} else if err != nil {
		return poa.Standing{}, err
	}
	c := a.known[rank]
	if a.payable(c) != nil {
		return poa.Standing{}, nil
	}
	standing := poa.Standing{Segments: c.Segments}
	for _, stop := range c.stops {
		if stop.Holds(a.batch.StopsHeight) {
			standing.Stopped++
		}
	}
	return standing, nil
}

// checkAttribution aligns the opened words with the segments again, and compares
// rows and weights with the receipt. What is owed by influence takes the
// influence file.
func (a *audit) checkAttribution() error {
	a.checkCovered()
	got, err := poa.Recompute(a.alone(), a.claimed.Method, a.segments(), poa.ProtocolStatistics())
	if err != nil {
		a.truth("alignment", false, "", fmt.Sprintf("opened words do not align with the segments: %v", err))
		return nil
	}
	a.listRuns(got.Rows)
	a.checkOwners(got.Rows)
	a.same("entries", "weights that the chain recorded:", weights(a.claimed.Entries, a.claimed.UnattributedPPM),
		recordedWeights(a.receipt))
	if a.claimed.Method == poa.MethodLora {
		if known, err := a.addInfluence(&got); err != nil || !known {
			return err
		}
	}
	a.same("evidence_root", fmt.Sprintf("root of the %d runs of words:", len(got.Rows)), got.Root().String(),
		a.claimed.EvidenceRoot.String())
	a.same("weights", "weights in ppm by contribution:", weights(got.Entries, got.UnattributedPPM),
		weights(a.claimed.Entries, a.claimed.UnattributedPPM))
	if a.claimed.Method == poa.MethodLora {
		return nil // poa.VerifyEvidence is for what evidence alone proves
	}
	err = a.chainRule()
	a.truth("verify_evidence", err == nil, "poa.VerifyEvidence, the check of every validator, accepts the receipt",
		fmt.Sprintf("poa.VerifyEvidence, the check of every validator: %v", err))
	return nil
}

// addInfluence adds what contributions get by their influence on the adapter, and reports whether the influence file
// was had. It takes the query as the provider gave it.
func (a *audit) addInfluence(got *poa.Attribution) (bool, error) {
	rows, err := a.influenceRows(a.influence)
	if err != nil && !errors.Is(err, poa.ErrInfluence) {
		if a.ctx.Err() != nil {
			return false, err
		}
		a.skip("influence", fmt.Sprintf(
			"what is owed by influence takes the influence file of the model's version: give --influence FILE; %v", err))
		return false, nil
	}
	asked := "the influence table alone, as the answer has no query"
	if a.answer.Query != nil {
		asked = "the query that the provider gave, within the bounds of the table"
	}
	if !a.truth("influence", err == nil,
		fmt.Sprintf("the influence file of %d contributions is that of the training record; its part follows from %s",
			len(rows), asked), fmt.Sprintf("influence file: %v", err)) {
		return false, nil
	}
	return true, a.weighInfluence(got, rows, a.answer.Query)
}

// influenceRows returns the rows of the given influence file, or finds the file if it is nil. It returns
// poa.ErrInfluence if the file does not match the model's training record.
func (a *audit) influenceRows(file []byte) ([]poa.InfluenceRow, error) {
	training, err := a.training()
	if err != nil {
		return nil, err
	}
	if file == nil {
		return a.source.Influence(a.ctx, a.model)
	}
	return poa.OpenInfluence(file, training)
}

// training is what the version of the receipt's model says about its training.
func (a *audit) training() (poa.Training, error) {
	if a.model.Training == nil {
		return poa.Training{}, fmt.Errorf("%w: version %d of model %d has no training record", poa.ErrInfluence,
			a.model.Version, a.model.ModelId)
	}
	return a.model.Training.Committed()
}

// weighInfluence adds the part that follows from the rows of an influence file and a query.
func (a *audit) weighInfluence(got *poa.Attribution, rows []poa.InfluenceRow, query *poa.LoraQuery) error {
	if err := got.AddLora(rows, query); err != nil {
		return err
	}
	var failed error
	got.Weigh(a.derived, func(rank uint64) poa.Standing {
		standing, err := a.Standing(0, rank)
		failed = errors.Join(failed, err)
		return standing
	})
	return failed
}

// derived is what a segment of the answer passes on.
func (a *audit) derived(rank uint64, segment uint32) []poa.Derivation {
	for _, s := range a.segments() {
		if s.Rank == rank && s.Index == segment {
			return s.Derived
		}
	}
	return nil
}

// segments of the answer, with what their contributions declare.
func (a *audit) segments() []poa.Segment {
	out := make([]poa.Segment, len(a.proofs))
	for i, proof := range a.proofs {
		out[i] = poa.NewSegment(proof.Rank, proof.Index, proof.Content)
		if poa.ByMeaning(a.claimed.Method) {
			out[i].Interpret(proof.Content)
		}
		if stopped, to, _ := a.Stopped(0, proof.Rank, proof.Index); stopped {
			out[i].Derived = []poa.Derivation{{Rank: to, PPM: poa.TotalPPM}}
			continue
		}
		for _, d := range a.known[proof.Rank].Derivations {
			if d.Segment == proof.Index {
				out[i].Derived = append(out[i].Derived, poa.Derivation{Rank: d.Rank, PPM: d.Ppm})
			}
		}
	}
	return out
}

// checkCovered names contributions that are paid without a segment to show.
func (a *audit) checkCovered() {
	for _, entry := range a.claimed.Entries {
		if entry.LoraPPM == entry.WeightPPM {
			continue // by influence alone
		}
		shown := slices.ContainsFunc(a.proofs, func(proof poa.SegmentProof) bool { return proof.Rank == entry.Rank })
		if !shown {
			a.truth("segment_missing", false, "", fmt.Sprintf(
				"contribution %d weighs %d ppm, but the evidence shows no segment of it for this answer", entry.Rank,
				entry.WeightPPM))
		}
	}
}

// checkOwners checks that each segment explains words, and tells how many.
func (a *audit) checkOwners(rows []poa.Row) {
	for _, proof := range a.proofs {
		runs, words := 0, uint32(0)
		for _, row := range rows {
			if row.Rank == proof.Rank && row.Segment == proof.Index {
				runs, words = runs+1, words+row.Length
			}
		}
		what := fmt.Sprintf("segment %d of contribution %d", proof.Index, proof.Rank)
		if runs == 0 && poa.ByMeaning(a.claimed.Method) {
			// poa.VerifyEvidence refuses what is not needed.
			a.truth("alignment", true, what+" explains words that an earlier segment explains as well", "")
			continue
		}
		a.truth("alignment", runs > 0, fmt.Sprintf("%s explains %d words of the answer, runs: %d", what, words, runs),
			what+" explains no word of the answer")
	}
}

// chainRule runs the check of the chain on this receipt alone.
func (a *audit) chainRule() error {
	evidence := poa.Evidence{Segments: a.proofs, Answers: []poa.AnswerEvidence{a.alone()}}
	return poa.VerifyEvidence([]poa.Receipt{a.claimed}, evidence, a, poa.ProtocolStatistics())
}

// alone returns the answer's evidence with its own segments numbered from 0.
func (a *audit) alone() poa.AnswerEvidence {
	out := a.answer
	out.Segments, out.Windows = make([]uint32, len(a.answer.Segments)), nil
	for i, segment := range a.answer.Segments {
		out.Segments[i] = uint32(i)
		if slices.Contains(a.answer.Windows, segment) {
			out.Windows = append(out.Windows, uint32(i))
		}
	}
	return out
}
