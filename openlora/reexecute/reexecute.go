// Package reexecute computes again what an answer of method LORA asked the influence file, for whoever knows the call.
// It is the one number of a receipt that nobody else can compute: it needs question and answer, which the chain never
// sees, and the model.
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

// Call is what who asked knows of a call. It is secret: it opens the answer.
type Call struct {
	Receipt string `json:"receipt"`
	// CallKey opens the answer root.
	CallKey poa.Hash `json:"call_key"`
	// Body of the request, without what paid for it.
	Body   json.RawMessage `json:"body"`
	Answer string          `json:"answer"`
}

// CallOf returns what is known of a call that was answered.
func CallOf(asked session.Pending, answer *session.Answer) Call {
	said := answer.Message
	said.Content = answer.Text // up to what is signed for
	return Call{Receipt: answer.Proof.ReceiptID, CallKey: asked.Call.CallKey, Body: asked.Body, Answer: said.Answered()}
}

// Save writes a call to a file that nobody else can read.
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

// ErrNotTheCall says that a call is not the one of the receipt.
var ErrNotTheCall = errors.New("the call is not that of the receipt")

// check compares a call with what the provider has signed and submitted.
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

// Outcome of a comparison.
type Outcome string

// Outcomes.
const (
	Equal     Outcome = "equal"     // the provider asked the influence file what the answer asks
	Different Outcome = "different" // it asked something else
	Table     Outcome = "table"     // it asked nothing: the influence table has decided alone
)

// Run computes the query of a call again, and compares it with what the evidence says. The engine must be the one of
// the model's base, with the adapter loaded.
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
