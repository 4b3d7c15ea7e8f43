package audit

import (
	"context"
	"fmt"

	"github.com/openledger/openledger/poa"
)

// Opened is a receipt with its evidence, as a dispute needs it.
type Opened struct {
	// BatchID and Index place the receipt.
	BatchID uint64
	Index   uint32
	// Claim is what the provider claims, Answer what the bundle opens, and
	// Attribution what follows from it. By method LORA they lack what is about
	// influence: see AddInfluence.
	Claim       poa.Claim
	Answer      poa.AnswerEvidence
	Attribution poa.Attribution
	// Influence are the rows of the influence file, after AddInfluence.
	Influence []poa.InfluenceRow
	// Source answers for the manifest of the receipt's model.
	Source poa.ContributionSource

	audit *audit
}

// Open reads a receipt and its evidence for a dispute. The evidence must be what
// was submitted; whether it proves the receipt is left open.
func Open(ctx context.Context, source Source, id string) (Opened, error) {
	return openWith(ctx, source, id, nil)
}

// OpenFiles is Open with the receipts and evidence that files hold.
func OpenFiles(ctx context.Context, source Source, id string, files Files) (Opened, error) {
	return openWith(ctx, source, id, &files)
}

func openWith(ctx context.Context, source Source, id string, files *Files) (Opened, error) {
	a, err := start(ctx, source, id, files)
	if err != nil {
		return Opened{}, err
	}
	if !a.checkSubmission() || !a.decode() {
		return Opened{}, fmt.Errorf("receipt %s cannot be opened: %d steps failed, see `openledgerd receipts verify`",
			a.report.ID, a.report.Failed())
	}
	for _, proof := range a.proofs {
		if err := a.find(proof.Rank); err != nil {
			return Opened{}, err
		}
	}
	attribution, err := poa.Recompute(a.alone(), a.claimed.Method, a.segments(), poa.ProtocolStatistics())
	if err != nil {
		return Opened{}, err
	}
	record, err := a.rebuild()
	if err != nil {
		return Opened{}, err
	}
	return Opened{
		BatchID: a.batch.Id, Index: a.receipt.Index, Answer: a.answer, Attribution: attribution, Source: a, audit: a,
		Claim: poa.Claim{
			Record: record, QueryHash: a.claimed.QueryHash, AnswerRoot: a.claimed.AnswerRoot,
			EvidenceRoot: a.claimed.EvidenceRoot, Bundle: a.evidence.Root(),
		},
	}, nil
}

// Know reads a contribution that the receipt does not name, so that Source
// answers for it.
func (o Opened) Know(rank uint64) error { return o.audit.find(rank) }
