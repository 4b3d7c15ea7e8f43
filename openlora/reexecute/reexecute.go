// Package reexecute computes the query of an answer of method LORA again. The query needs question and answer, which
// the chain never sees, and the model. So only somebody who knows the call can compute it; everything else of a receipt
// follows from its evidence.
package reexecute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/engine"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Call is what the payer knows of a call. It is secret, because it opens the answer.
type Call struct {
	Receipt string `json:"receipt"`
	// CallKey opens the answer root.
	CallKey poa.Hash `json:"call_key"`
	// Body is the body of the request, without the payment.
	Body   json.RawMessage `json:"body"`
	Answer string          `json:"answer"`
}

// CallOf returns the Call of a request that was answered.
func CallOf(asked session.Pending, answer *session.Answer) Call {
	said := answer.Message
	said.Content = answer.Text // the part of the text that the provider signed
	return Call{Receipt: answer.Proof.ReceiptID, CallKey: asked.Call.CallKey, Body: asked.Body, Answer: said.Answered()}
}

// Save writes a call to a file that only its owner can read.
func (c Call) Save(path string) error {
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return file.Write(path, append(raw, '\n'), 0o600)
}

// Read reads a call from a file.
func Read(path string) (Call, error) {
	var c Call
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err == nil {
		_, _, err = attributiontypes.ParseReceiptID(c.Receipt)
	}
	if err != nil {
		return c, fmt.Errorf("%s is no call that `openlorad ask --call-file` wrote: %w", path, err)
	}
	return c, nil
}

// ErrNotTheCall reports that a call does not belong to the receipt.
var ErrNotTheCall = errors.New("the call is not that of the receipt")

// check compares a call with what the provider signed and submitted.
func (c Call) check(claim poa.Claim) (*api.Request, error) {
	request, err := api.ParseChat(c.Body)
	if err != nil {
		return nil, err
	}
	query, err := api.Query(c.Body)
	if err != nil {
		return nil, err
	}
	if api.QueryHash(c.CallKey, query) != claim.QueryHash {
		return nil, fmt.Errorf("%w: another question was asked", ErrNotTheCall)
	}
	if poa.TextRoot(c.CallKey, []byte(c.Answer), claim.Record.Method) != claim.AnswerRoot {
		return nil, fmt.Errorf("%w: another answer was signed", ErrNotTheCall)
	}
	return request, nil
}

// Outcome is the result of a comparison.
type Outcome string

// Outcomes.
const (
	Equal     Outcome = "equal"     // the provider used the query of the answer
	Different Outcome = "different" // the provider used another query
	Table     Outcome = "table"     // the provider used no query: only the influence table decided
)

// Run computes the query of a call again, and compares it with the query in the evidence. The engine must run the
// model's base, with the adapter loaded. Run returns ErrNotTheCall for a call of another receipt.
func Run(ctx context.Context, c Call, claim poa.Claim, evidence *poa.LoraQuery, sketcher engine.Sketcher,
	adapter *engine.Adapter) (Outcome, error) {
	if claim.Record.Method != poa.MethodLora {
		return "", fmt.Errorf("receipt %s is attributed by method %d: nothing of it needs the model, and `openledgerd "+
			"receipts verify` recomputes all of it", c.Receipt, claim.Record.Method)
	}
	request, err := c.check(claim)
	if err != nil {
		return "", err
	}
	if evidence == nil {
		return Table, nil
	}
	found, err := sketcher.Sketch(ctx, adapter, request.Messages, c.Answer)
	switch {
	case err != nil:
		return "", err
	case *found == *evidence:
		return Equal, nil
	}
	return Different, nil
}
