package gateway

import (
	"context"
	"crypto/ed25519"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/outbox"
	"github.com/openledger/openledger/poa"
)

// prove attributes an answer and signs its outcome, unless allowed returns an error. If the whole answer cannot be
// proved, its beginning is the answer. allowed may be nil.
func (x *exchange) prove(ctx context.Context, said *answered, allowed func() error) error {
	whole := said.message.Answered()
	began := time.Now()
	x.call.Influence = x.sketch(ctx, whole)
	attribution, err := provable(said, x.attribute)
	if cut := said.message.Answered(); err == nil && cut != whole && x.call.Influence != nil {
		x.call.Influence = x.sketch(ctx, cut) // the query is of the answer that was given, which can be recomputed
		attribution, err = x.attribute(cut)
	}
	x.gateway.metrics.attributionSeconds.Observe(time.Since(began).Seconds())
	if err != nil {
		return err
	}
	text := said.message.Answered()
	if text != whole {
		x.gateway.metrics.cut.Add(1)
		x.gateway.Log.Error("an answer is cut to what can be proved: is there text in the DataNet that was planted for this?",
			"receipt", x.id(), "bytes", len(whole), "provable", len(text))
	}
	if allowed != nil {
		if err := allowed(); err != nil {
			return err
		}
	}
	x.call.Attribution = &attribution
	said.proof, err = x.sign(text, attribution)
	return err
}

// provable attributes an answer. If the answer takes more work or evidence than can be verified, it is cut after the
// last token up to which it can be. Text that was planted in a DataNet can bring an answer above the bound, and what
// was streamed by then must be paid. Tool calls are dropped before words.
func provable(said *answered, attribute func(text string) (poa.Attribution, error)) (poa.Attribution, error) {
	text := said.message.Answered()
	tokens := poa.Tokenize([]byte(text))
	if len(tokens) == 0 {
		return poa.Attribution{}, errors.New("the engine gave an empty answer")
	}
	attribution, err := attribute(text)
	if !tooMuch(err) {
		return attribution, err
	}
	if len(said.message.ToolCalls) > 0 {
		said.message.ToolCalls, said.finish = nil, engine.FinishLength
		if !worded(*said) {
			return poa.Attribution{}, unprovable(err)
		}
		return provable(said, attribute)
	}
	// A beginning of low tokens can be proved, and one of high tokens cannot.
	low, high := 0, len(tokens)
	for high-low > 1 {
		middle := (low + high) / 2
		shorter, failed := attribute(text[:tokens[middle-1].End])
		switch {
		case failed == nil:
			low, attribution = middle, shorter
		case tooMuch(failed):
			high = middle
		default:
			return poa.Attribution{}, failed
		}
	}
	if low == 0 {
		return poa.Attribution{}, unprovable(err)
	}
	said.message.Content, said.finish = text[:tokens[low-1].End], engine.FinishLength
	return attribution, nil
}

// attribute attributes a text that can be submitted as an answer.
func (x *exchange) attribute(text string) (poa.Attribution, error) {
	attribution, err := x.library.Attribute([]byte(text), x.call.Retrieved, x.call.Influence)
	if err == nil {
		err = outbox.CheckEvidence(x.call.CallKey, text, attribution, x.library.Proof)
	}
	return attribution, err
}

// tooMuch reports whether an answer cannot be proved because it takes too much work or evidence.
func tooMuch(err error) bool {
	return errors.Is(err, poa.ErrWork) || errors.Is(err, outbox.ErrEvidence)
}

const codeUnprovable = "answer_unprovable"

// unprovable returns the error for an answer of which nothing can be proved, and which is therefore a gap.
func unprovable(err error) error {
	return &httpError{status: http.StatusBadGateway, code: codeUnprovable,
		message: "the answer cannot be proved, and nothing is charged: " + err.Error()}
}

// sign signs the outcome of an answer.
func (x *exchange) sign(text string, attribution poa.Attribution) (*api.Answer, error) {
	tokens := poa.Tokenize([]byte(text))
	ids := make([]poa.TokenID, len(tokens))
	for i, token := range tokens {
		ids[i] = token.ID
	}
	input := x.input
	fee, err := x.price.Total(input, uint32(len(ids)))
	if err != nil {
		return nil, err
	}
	if fee.Cmp(x.call.MaxFee) > 0 {
		return nil, badRequest("openledger.max_fee", "the answer has %d tokens and costs %s aopen, above the maximum of %s",
			len(ids), fee, x.call.MaxFee)
	}
	x.library.Weigh(&attribution, math.MaxInt64) // with what is known now; the batch weighs again when it is formed
	x.call.Outcome = poa.Outcome{
		AnswerRoot: poa.TextRoot(x.call.CallKey, []byte(text), uint8(x.library.Version.Method)), InputTokens: input,
		OutputTokens: uint32(len(ids)), Fee: fee,
	}
	signed := poa.SignedAnswer{ChainID: x.gateway.Node.ChainID, Session: x.state.ID, N: x.state.N, Outcome: x.call.Outcome}
	proof := &api.Answer{
		ReceiptID: x.id(), Session: x.state.ID, N: x.state.N,
		AnswerRoot: x.call.Outcome.AnswerRoot, EvidenceRoot: attribution.Root(),
		InputTokens: input, OutputTokens: uint32(len(ids)), Fee: fee.String(),
		AnswerSignature: ed25519.Sign(x.gateway.AnswerKey, signed.SignBytes()), UnattributedPPM: attribution.UnattributedPPM,
		Spans: []api.Span{}, Sources: []api.Source{},
	}
	for _, row := range attribution.Rows {
		contribution, _ := x.library.Contribution(row.Rank)
		proof.Spans = append(proof.Spans, api.Span{
			Start: tokens[row.Position].Start, End: tokens[row.Position+row.Length-1].End,
			Contribution: row.Rank, Contributor: contribution.Contributor, DatanetID: contribution.DatanetId,
			Segment: row.Segment, Offset: row.SegmentOffset(uint8(x.library.Version.Method)), ScoreBits: uint32(row.Score >> 16),
			Window: row.Window,
		})
	}
	for _, entry := range attribution.Entries {
		contribution, _ := x.library.Contribution(entry.Rank)
		proof.Sources = append(proof.Sources, api.Source{
			Contribution: entry.Rank, Contributor: contribution.Contributor, DatanetID: contribution.DatanetId,
			Title: contribution.Title, Licence: contribution.Licence, WeightPPM: entry.WeightPPM,
			LoraPPM: entry.LoraPPM,
		})
	}
	return proof, nil
}
