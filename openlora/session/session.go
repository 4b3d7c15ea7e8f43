// Package session is the paying side of a conversation: it keeps the session key, signs a voucher for each question,
// and checks every answer before it signs the next one.
package session

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hdevalence/ed25519consensus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/openledger/openledger/internal/file"
	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// ErrAnswer reports an answer that the client does not acknowledge.
var ErrAnswer = errors.New("the answer is not what the provider signed")

// requestTimeout is the timeout of all requests but questions.
const requestTimeout = 15 * time.Second

// State is what a client must remember; it is written before each question.
type State struct {
	ChainID      string      `json:"chain_id"`
	Payer        string      `json:"payer"`
	Gateway      string      `json:"gateway"`
	ID           poa.Hash    `json:"id"`
	Seed         []byte      `json:"seed"` // of the session key
	Provider     string      `json:"provider"`
	ModelID      uint64      `json:"model_id"`
	ModelVersion uint32      `json:"model_version"`
	AnswerKey    []byte      `json:"answer_key"`
	Price        poa.Price   `json:"price"`
	N            uint64      `json:"n"`
	Head         poa.Hash    `json:"head"`
	Last         poa.Outcome `json:"last"`
	Spent        poa.Amount  `json:"spent"`
	// Pending is the last question, if its answer is not complete.
	Pending *Pending `json:"pending,omitempty"`
}

// Client asks questions in one session.
type Client struct {
	State State
	// MaxFee of one answer, in aopen.
	MaxFee poa.Amount
	// Late is the answer to an earlier question that Ask recovered before it asked its own.
	Late *Answer
	// Note, if not nil, is called with each checked answer before the session continues from it. It may be called twice
	// for an answer if the process ended in between. If it returns an error, the question stays pending.
	Note func(asked Pending, answer *Answer) error
	// Said, if not nil, is called with each checked answer before Note. If the process ends in between, the question is
	// pending, and its answer is asked for again, which costs nothing.
	Said func(answer *Answer)

	// Later has what the session goes on from behind an answer written with the next question, acknowledgement or Flush.
	// If the process ends before, the question is pending, and its answer is asked for again, which costs nothing.
	Later bool

	late bool   // something is to be written
	path string // of the state; empty keeps it in memory
	lock *lock
	http *http.Client
}

// Answer is an answer and its cost.
type Answer struct {
	Question string
	Text     string
	// Unproved is text that was sent after Text and is not part of the answer: it could not be proved, and is not charged.
	Unproved string
	Message  api.Message // as it was sent, including Unproved
	Finish   string      // why it ends
	Proof    api.Answer
}

// cut moves the text that the provider does not sign from Text to Unproved.
func (a *Answer) cut() {
	tokens := poa.Tokenize([]byte(a.Text))
	if n := int(a.Proof.OutputTokens); n > 0 && n < len(tokens) {
		end := tokens[n-1].End
		a.Text, a.Unproved = a.Text[:end], a.Text[end:]
	}
}

// Address returns the URL of a gateway in the form that sessions keep.
func Address(gateway string) string { return strings.TrimRight(gateway, "/") }

// Models asks a gateway for the models that it serves.
func Models(ctx context.Context, gateway string) (api.ModelList, error) {
	return ModelsBy(ctx, http.DefaultClient, gateway)
}

// ModelsBy is Models with a client that decides where it connects to.
func ModelsBy(ctx context.Context, client *http.Client, gateway string) (api.ModelList, error) {
	var list api.ModelList
	err := call(ctx, client, http.MethodGet, Address(gateway)+"/v1/models", nil, &list)
	return list, err
}

// Load opens the state of an earlier run.
func Load(path string) (*Client, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	later, err := lastState(path)
	if err != nil {
		return nil, err
	}
	if later != nil {
		content = later
	}
	c := &Client{path: path, http: &http.Client{}}
	if err := json.Unmarshal(content, &c.State); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Use sets the HTTP client, which can limit the addresses that it connects to.
func (c *Client) Use(client *http.Client) { c.http = client }

// In reports whether the session is kept in a folder.
func (c *Client) In(dir string) bool { return filepath.Dir(c.path) == filepath.Clean(dir) }

// Lock keeps other processes out of the session until Unlock or the end of this process, and reads the state that they
// left. It returns ErrInUse while another process uses the session.
func (c *Client) Lock() error {
	held, err := acquire(c.path)
	if err != nil {
		return err
	}
	if c.path != "" {
		fresh, err := Load(c.path)
		if err != nil {
			held.release()
			return err
		}
		c.State = fresh.State
	}
	c.lock = held
	return nil
}

// Locked reports whether this process holds the lock.
func (c *Client) Locked() bool { return c.lock != nil }

// Unlock lets other processes in again.
func (c *Client) Unlock() {
	c.lock.release()
	c.lock = nil
}

// save writes the state, if it is kept.
func (c *Client) save() error {
	if c.path == "" {
		return nil
	}
	state, err := json.Marshal(c.State)
	if err != nil {
		return err
	}
	if err := appendState(c.path, state); err != nil {
		return err
	}
	c.late = false
	return nil
}

// Flush writes what Later has put off.
func (c *Client) Flush() error {
	if !c.late {
		return nil
	}
	return c.save()
}

// write replaces a file by one that is on the disk when it returns.
func write(path string, value any) error { return writeBy(file.Write, path, value) }

// create writes a new file, or returns os.ErrExist.
func create(path string, value any) error { return writeBy(file.Create, path, value) }

func writeBy(put func(path string, content []byte, mode fs.FileMode) error, path string, value any) error {
	if err := file.MakeFolder(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return put(path, content, 0o600)
}

// sign signs the voucher of call n.
func (c *Client) sign(n uint64, head poa.Hash, cumulative poa.Amount) ([]byte, error) {
	provider, err := sdk.AccAddressFromBech32(c.State.Provider)
	if err != nil {
		return nil, err
	}
	voucher := poa.Voucher{
		ChainID: c.State.ChainID, Session: c.State.ID, Provider: provider, ModelID: c.State.ModelID,
		ModelVersion: c.State.ModelVersion,
		Price:        c.State.Price, N: n, Head: head, CumulativeMax: cumulative,
	}
	return ed25519.Sign(ed25519.NewKeyFromSeed(c.State.Seed), voucher.SignBytes()), nil
}

// check recomputes what can be recomputed: the root of the text, the tokens, the fee, and the provider's signature over
// all of it. The text must keep the rules of segments: text that looks like words but has other tokens would pay nobody
// for them.
func (c *Client) check(answer *Answer, asked *Pending, request *api.Request) error {
	proof, key, input := answer.Proof, asked.Call.CallKey, request.InputTokens()
	tokens := poa.TokenIDs([]byte(answer.Text))
	outcome := outcomeOf(proof)
	switch {
	case proof.Session != c.State.ID || proof.N != c.State.N:
		return fmt.Errorf("%w: it belongs to call %d of session %s", ErrAnswer, proof.N, proof.Session)
	case proof.Gap:
		if outcome != (poa.Outcome{}) || proof.Fee != "0" || len(proof.Sources) > 0 {
			return fmt.Errorf("%w: it says that the sources say nothing, and charges %s aopen", ErrAnswer, proof.Fee)
		}
		return nil
	case poa.TextRoot(key, []byte(answer.Text), poa.MethodMeaning) != proof.AnswerRoot &&
		poa.TextRoot(key, []byte(answer.Text), poa.MethodSPAN) != proof.AnswerRoot:
		return fmt.Errorf("%w: the root is of another text", ErrAnswer)
	case int(proof.OutputTokens) != len(tokens) || proof.InputTokens != input:
		return fmt.Errorf("%w: %d and %d tokens are billed, there are %d and %d", ErrAnswer, proof.InputTokens,
			proof.OutputTokens, input, len(tokens))
	}
	if err := poa.CheckText([]byte(answer.Text)); err != nil {
		return fmt.Errorf("%w: its text hides words from attribution: %w", ErrAnswer, err)
	}
	quoted, err := c.State.Price.Total(proof.InputTokens, proof.OutputTokens)
	if err != nil {
		return err
	}
	if outcome.Fee.Cmp(quoted) > 0 || outcome.Fee.Cmp(asked.MaxFee) > 0 {
		return fmt.Errorf("%w: the fee is %s aopen, the price is %s and the maximum %s", ErrAnswer, outcome.Fee, quoted,
			asked.MaxFee)
	}
	signed := poa.SignedAnswer{ChainID: c.State.ChainID, Session: c.State.ID, N: proof.N, Outcome: outcome}
	if !ed25519consensus.Verify(c.State.AnswerKey, signed.SignBytes(), proof.AnswerSignature) {
		return fmt.Errorf("%w: the signature is not the provider's", ErrAnswer)
	}
	return nil
}

func outcomeOf(proof api.Answer) poa.Outcome {
	outcome := poa.Outcome{AnswerRoot: proof.AnswerRoot, InputTokens: proof.InputTokens, OutputTokens: proof.OutputTokens}
	if fee, ok := new(big.Int).SetString(proof.Fee, 10); ok {
		outcome.Fee, _ = poa.AmountFromBig(fee)
	}
	return outcome
}

// acknowledged returns the leaf that acknowledges the last answer without a question.
func (c *Client) acknowledged() (n uint64, head poa.Hash) {
	return c.State.N + 1, poa.NextHash(c.State.Head, poa.AckCall, c.State.Last)
}

// Acknowledge acknowledges the last answer without another question, so that its contributors are paid now.
func (c *Client) Acknowledge(ctx context.Context) error {
	if c.State.Last == (poa.Outcome{}) {
		return nil
	}
	if err := c.Flush(); err != nil { // a question that is pending on disk must not be acknowledged
		return err
	}
	n, head := c.acknowledged()
	signature, err := c.sign(n, head, c.State.Spent)
	if err != nil {
		return err
	}
	body := api.Acknowledgement{N: n, CumulativeMax: c.State.Spent.String(), Head: head, Signature: signature}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if err := call(ctx, c.http, http.MethodPost, c.State.Gateway+"/v1/openledger/sessions/"+c.State.ID.String()+"/voucher",
		body, nil); err != nil {
		return err
	}
	c.State.N, c.State.Head, c.State.Last = n, head, poa.Outcome{}
	return c.save()
}

// Receipt asks the gateway where a receipt is.
func (c *Client) Receipt(ctx context.Context, id string) (api.ReceiptStatus, error) {
	var status api.ReceiptStatus
	err := c.get(ctx, "/v1/openledger/receipts/"+id, &status)
	return status, err
}

// Close acknowledges the last answer, closes the session on chain, and removes its state. The rest of the deposit
// returns when the claim window has ended. If the chain has already closed the session, Close only removes the state.
func (c *Client) Close(ctx context.Context, node *chain.Client, payer chain.Signer) error {
	_, _ = c.Recover(ctx) // without its answer, the session is closed without an acknowledgement
	msg := &attributiontypes.MsgCloseSession{Signer: payer.String(), SessionId: c.State.ID[:]}
	if c.State.Last != (poa.Outcome{}) {
		n, head := c.acknowledged()
		msg.Calls, msg.Head = n, head[:]
	}
	_, err := node.Send(ctx, payer, msg)
	if err != nil {
		stored, unknown := c.OnChain(ctx, node)
		if unknown != nil || stored != nil && stored.Status == attributiontypes.SESSION_STATUS_OPEN {
			return fmt.Errorf("close the session: %w", errors.Join(err, unknown))
		}
	}
	return c.Forget()
}

// OnChain reads the session from the chain. It returns nil if the chain does not have it any more.
func (c *Client) OnChain(ctx context.Context, node *chain.Client) (*attributiontypes.Session, error) {
	found, err := node.Attribution.Session(ctx, &attributiontypes.QuerySessionRequest{SessionId: c.State.ID.String()})
	if status.Code(err) == codes.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &found.Session, nil
}

// Forget removes the state from the disk.
func (c *Client) Forget() error {
	c.Unlock()
	return remove(c.path)
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return call(ctx, c.http, http.MethodGet, c.State.Gateway+path, nil, into)
}

// call sends a JSON request and decodes the answer or the error.
func call(ctx context.Context, client *http.Client, method, url string, body, into any) error {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return gatewayError(response)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}
