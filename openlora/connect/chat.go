package connect

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openledger/openledger/openlora/api"
)

const maxBody = 4 << 20

// complete answers POST /v1/chat/completions and, prompted, POST /v1/completions.
func (p *Proxy) complete(w http.ResponseWriter, r *http.Request, prompted bool) {
	key := keyIn(r)
	if key.Name == everybody { // the secret of this machine's commands reads only
		key = Key{Name: Local}
	}
	c, stream, err := p.read(w, r, key, prompted)
	if err != nil {
		fail(w, err)
		return
	}
	if stream.asked {
		p.stream(w, r, c, stream)
		return
	}
	answer, err := p.fly(r, c)
	if err != nil {
		if r.Context().Err() == nil {
			fail(w, err)
		}
		return
	}
	response := p.whole(answer, prompted)
	header := w.Header()
	header.Set("OpenLedger-Receipt", answer.Proof.ReceiptID)
	header.Set("OpenLedger-Fee", answer.Proof.Fee)
	header.Set("OpenLedger-Provider", answer.provider)
	if len(answer.Proof.Sources) > 0 {
		header.Set("OpenLedger-Sources", sourcesHeader(answer.Proof))
	}
	writeJSON(w, http.StatusOK, response)
	if http.NewResponseController(w).Flush() == nil {
		answer.call.delivered()
	}
}

// sourcesHeader lists contributions with their weights in ppm, and with the part of the weight for training the
// adapter, as a structured field (RFC 9651): 1;ppm=469600;lora=31000;contributor="open1…", …
func sourcesHeader(proof api.Answer) string {
	parts := make([]string, len(proof.Sources))
	for i, source := range proof.Sources {
		lora := ""
		if source.LoraPPM > 0 {
			lora = fmt.Sprintf(";lora=%d", source.LoraPPM)
		}
		parts[i] = fmt.Sprintf("%d;ppm=%d%s;contributor=%q", source.Contribution, source.WeightPPM, lora, source.Contributor)
	}
	return strings.Join(parts, ", ")
}

// delivery is how an answer is wanted.
type delivery struct {
	asked    bool // as a stream
	usage    bool
	prompted bool
	notes    bool // footnotes may be appended
}

// read reads a request. It removes the fields that are only for this proxy from the body that goes to a provider.
func (p *Proxy) read(w http.ResponseWriter, r *http.Request, key Key, prompted bool) (*call, delivery, error) {
	var how delivery
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, how, &httpError{
			status:  http.StatusRequestEntityTooLarge,
			code:    "request_too_large",
			message: "the body is above 4 MiB: send less",
		}
	}
	if err != nil {
		return nil, how, &httpError{
			status:  http.StatusBadRequest,
			code:    api.CodeJSON,
			message: "the body could not be read to its end",
		}
	}
	parse := api.ParseChat
	if prompted {
		parse = api.ParsePrompt
	}
	given, err := parse(body)
	if err != nil {
		return nil, how, err
	}
	if given.OpenLedger != nil {
		return nil, how, &httpError{
			status:  http.StatusBadRequest,
			code:    api.CodeUnsupported,
			param:   "openledger",
			message: "openledger: this proxy pays by itself: leave it out",
		}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, how, err
	}
	for _, aside := range []string{"stream", "stream_options", "openledger", "prompt"} {
		delete(fields, aside)
	}
	if prompted {
		fields["messages"] = encoded([]api.Message{{Role: "user", Content: given.Question()}})
	} else if messages, ok := fields["messages"]; ok {
		fields["messages"] = withoutFootnotes(messages)
	}
	request, err := api.ParseChat(encoded(fields))
	if err != nil {
		return nil, how, err
	}
	if strings.TrimSpace(request.Question()) == "" {
		return nil, how, &httpError{
			status:  http.StatusBadRequest,
			code:    api.CodeInvalid,
			param:   "messages",
			message: "messages: no message of the user that asks something",
		}
	}
	_, formatted := request.Options["response_format"]
	how = delivery{
		asked:    given.Stream,
		usage:    given.IncludeUsage,
		prompted: prompted,
		notes:    p.config.Footnotes && !formatted,
	}
	c := &call{proxy: p, key: key, request: request, body: fields, model: given.Model}
	c.notes = how.notes
	return c, how, nil
}

// flightKey names a call that is not streamed: who asks what.
type flightKey struct {
	name string
	hash [sha256.Size]byte
}

// flight is a call that goes on when its client gives up waiting, for when it asks again.
type flight struct {
	done   chan struct{}
	answer answered
	err    error
	mark   string // Idempotency-Key
}

// flightTime is how long an answer that was not delivered waits for its client.
const flightTime = 2 * time.Minute

// fly asks, or waits for the answer to the same request if the client says that it repeats it.
func (p *Proxy) fly(r *http.Request, c *call) (answered, error) {
	id, mark := flightKey{c.key.Name, sha256.Sum256(c.request.Query)}, r.Header.Get("Idempotency-Key")
	count, _ := strconv.Atoi(r.Header.Get("X-Stainless-Retry-Count"))
	p.mu.Lock()
	f := p.flights[id]
	if f == nil || count == 0 && (mark == "" || mark != f.mark) {
		f = &flight{done: make(chan struct{}), mark: mark}
		p.flights[id] = f
		go p.conclude(r.Context(), id, f, c)
	}
	p.mu.Unlock()
	select {
	case <-f.done:
		p.land(id, f) // delivered
		return f.answer, f.err
	case <-r.Context().Done():
		return answered{}, r.Context().Err()
	}
}

// conclude asks for a flight. The client's connection does not end it: the answer is paid for.
func (p *Proxy) conclude(ctx context.Context, id flightKey, f *flight, c *call) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.config.AnswerTimeout+p.config.Patience)
	defer cancel()
	f.answer, f.err = c.ask(ctx)
	close(f.done)
	time.AfterFunc(flightTime, func() { p.land(id, f) })
}

// land forgets a flight.
func (p *Proxy) land(id flightKey, f *flight) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flights[id] == f {
		delete(p.flights, id)
	}
}

// whole is an answer in OpenAI's form.
func (p *Proxy) whole(a answered, prompted bool) api.ChatResponse {
	message := a.Message
	if a.call.notes && len(message.ToolCalls) == 0 {
		message.Content += footnotes(a.Proof)
	}
	choice := api.Choice{Message: &message, FinishReason: &a.Finish}
	response := api.ChatResponse{
		ID: "chatcmpl-" + a.Proof.ReceiptID, Object: "chat.completion", Created: time.Now().Unix(),
		Model:   modelName(a.model),
		Choices: []api.Choice{choice}, Usage: usageOf(a.Proof), OpenLedger: &a.Proof,
	}
	if prompted {
		response.ID, response.Object = "cmpl-"+a.Proof.ReceiptID, "text_completion"
		response.Choices[0] = api.Choice{Text: &message.Content, FinishReason: &a.Finish}
	}
	return response
}

func usageOf(proof api.Answer) *api.Usage {
	return &api.Usage{
		PromptTokens:     proof.InputTokens,
		CompletionTokens: proof.OutputTokens,
		TotalTokens:      proof.InputTokens + proof.OutputTokens,
	}
}
