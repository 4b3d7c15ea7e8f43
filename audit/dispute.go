package audit

import (
	"errors"
	"fmt"

	"github.com/openledger/openledger/poa"
)

// ErrUnknownRows says that a receipt commits to other rows than those that follow from its evidence. Without these rows
// nothing about them can be proved. Validators refuse such a receipt.
var ErrUnknownRows = errors.New("the receipt commits to rows that do not follow from its evidence")

// AddInfluence adds the influence rows to a receipt by method LORA. It takes them from the given influence file, or
// finds the file of the model's version if none is given. It returns poa.ErrInfluence if the file is not that of the
// training record.
func (o *Opened) AddInfluence(file []byte) error {
	rows, err := o.audit.influenceRows(file)
	if err != nil {
		return err
	}
	training, err := o.audit.training()
	if err != nil {
		return err
	}
	o.Influence, o.Claim.Training = rows, &training
	return o.follow(rows, o.Answer.Query)
}

// Suppose makes the attribution what follows from an influence file that is not that of the model's version, such as
// one that the provider has made up. Call AddInfluence before.
func (o *Opened) Suppose(file []byte) error {
	rows, err := poa.UnmarshalInfluence(file)
	if err != nil {
		return err
	}
	return o.follow(rows, o.Answer.Query)
}

func (o *Opened) follow(rows []poa.InfluenceRow, query *poa.LoraQuery) error {
	if o.Claim.Record.Method != poa.MethodLora {
		return fmt.Errorf("%w: the receipt is by method %d", poa.ErrInfluence, o.Claim.Record.Method)
	}
	if err := o.audit.weighInfluence(&o.Attribution, rows, query); err != nil {
		return err
	}
	seal := o.Attribution.Lora.Seal()
	o.Claim.Lora = &seal
	return nil
}

// Proof is a dispute that convicts, and what it shows to be lost.
type Proof struct {
	poa.Dispute
	Losses []poa.Loss
}

// Lost is what is lost in all, in ppm of the answer.
func (p Proof) Lost() (ppm uint64) {
	for _, loss := range p.Losses {
		ppm += uint64(loss.PPM)
	}
	return ppm
}

// Known returns ErrUnknownRows if the receipt commits to other rows than those of the attribution.
func (o *Opened) Known() error {
	if got := o.Attribution.Root(); got != o.Claim.EvidenceRoot {
		return fmt.Errorf("%w: these lead to %s, it has %s", ErrUnknownRows, got, o.Claim.EvidenceRoot)
	}
	return nil
}

// Disputes returns what convicts the receipt's provider of wrong weights, and by method LORA, after AddInfluence, of
// lies about influence: at most one proof of each kind. An honest receipt has none. One that is not Known is
// ErrUnknownRows.
func (o *Opened) Disputes() ([]Proof, error) {
	if err := o.Known(); err != nil {
		return nil, err
	}
	found, err := o.candidates()
	if err != nil {
		return nil, err
	}
	var proofs []Proof
	for _, dispute := range found {
		losses, err := dispute.Verify(o.Claim.Record, o.Claim.Bundle, o.Claim.Training, o.Source, poa.ProtocolStatistics())
		if err == nil {
			proofs = append(proofs, Proof{dispute, losses})
		} else if !poa.Refutes(err) {
			return nil, err
		}
	}
	return proofs, nil
}

// candidates are disputes of which some may prove nothing.
func (o *Opened) candidates() ([]poa.Dispute, error) {
	if o.Claim.Record.Method == poa.MethodLora {
		return poa.LoraDisputes(o.Claim, o.Attribution, o.Influence, o.Source)
	}
	weights, err := poa.NewWrongWeights(o.Attribution, o.Claim.Record.Entries)
	return []poa.Dispute{{QueryHash: o.Claim.QueryHash, AnswerRoot: o.Claim.AnswerRoot,
		EvidenceRoot: o.Claim.EvidenceRoot, WrongWeights: &weights}}, err
}
