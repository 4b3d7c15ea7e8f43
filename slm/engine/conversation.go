package engine

import (
	"context"
	"slices"

	"github.com/openledger/openledger/slm/model"
)

// conversation is one request in progress. The engine's goroutine works on it; chunks go to the caller of Generate.
type conversation struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	engine  *Engine
	request Request
	blocks  int // largest number that prompt and answer need
	chunks  chan Chunk

	tokens  []int // the prompt and the answer so far
	cache   *model.Cache
	key     prefixKey // of the blocks that are shared
	shared  int       // their number
	sampler *sampler
	text    textStream
	state   *state // of the grammar, nil if there is none
	ended   bool

	result Result // complete when chunks is closed
	err    error
}

// chunkBuffer is the number of tokens by which an answer may be ahead of its reader.
const chunkBuffer = 64

func newConversation(ctx context.Context, e *Engine, r Request) *conversation {
	c := &conversation{
		engine: e, request: r, chunks: make(chan Chunk, chunkBuffer), tokens: slices.Clone(r.Prompt),
		blocks: (len(r.Prompt) + r.MaxTokens + model.BlockTokens - 1) / model.BlockTokens, text: textStream{stops: r.Stop},
	}
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	c.sampler = newSampler(&c.request)
	if r.Grammar != nil {
		c.state = r.Grammar.start
	}
	return c
}

// begin gives the conversation its cache.
func (c *conversation) begin(prefixes *prefixCache) {
	full, key := prefixes.find(root(c.request.Adapter, c.request.Scope), c.tokens)
	c.cache, c.key, c.shared = c.engine.model.NewCache(full...), key, len(full)
	c.result.PromptTokens, c.result.CachedTokens = len(c.tokens), c.cache.Len()
}

// share gives blocks that have become full to the prefix cache.
func (c *conversation) share(prefixes *prefixCache) {
	for full := c.cache.Full(); c.shared < len(full); c.shared++ {
		at := c.shared * model.BlockTokens
		c.key = c.key.extend(c.tokens[at : at+model.BlockTokens])
		prefixes.add(c.key, full[c.shared])
	}
}

// writable reports whether there is room for a token and the end of the answer.
func (c *conversation) writable() bool { return len(c.chunks) < cap(c.chunks)-1 }

// next chooses a token and ends the conversation if that was the last.
func (c *conversation) next(logits []float32) {
	var allowed *mask
	if c.state != nil {
		allowed = c.engine.tokens.allowed(c.state, c.endTokens())
	}
	token, err := c.sampler.next(logits, len(c.result.Tokens), allowed)
	if err != nil {
		c.end(err)
		return
	}
	c.result.Tokens = append(c.result.Tokens, token)
	if slices.Contains(c.request.StopTokens, token.ID) || slices.Contains(c.endTokens(), token.ID) {
		c.finish(FinishStop, []Token{token})
		return
	}
	added := c.engine.vocabulary.Bytes(token.ID)
	if c.state != nil {
		c.state = c.state.read(added)
	}
	text := c.text.add(added)
	c.result.Text += text
	c.tokens = append(c.tokens, token.ID)
	c.chunks <- Chunk{Text: text, Tokens: []Token{token}}
	switch {
	case c.text.done, c.state != nil && c.state.final():
		c.finish(FinishStop, nil)
	case len(c.result.Tokens) == c.request.MaxTokens:
		c.finish(FinishLength, nil)
	}
}

// endTokens are the model's own end tokens.
func (c *conversation) endTokens() []int {
	if c.request.IgnoreEnd && c.state == nil {
		return nil
	}
	return c.engine.model.Config().EOS
}

// finish ends the answer regularly.
func (c *conversation) finish(why Finish, tokens []Token) {
	rest := c.text.flush()
	c.result.Text += rest
	c.result.Finish = why
	if rest != "" || len(tokens) > 0 {
		c.chunks <- Chunk{Text: rest, Tokens: tokens}
	}
	c.end(nil)
}

// end closes the conversation. Only the engine's goroutine calls it, once it has taken the conversation over.
func (c *conversation) end(err error) {
	if !c.ended {
		c.ended, c.err = true, err
		close(c.chunks)
	}
}

// collect gives chunks to emit until the conversation ends.
func (c *conversation) collect(emit func(Chunk) error) (Result, error) {
	defer c.cancel(nil)
	stop := context.AfterFunc(c.ctx, c.engine.nudge)
	defer stop()
	for chunk := range c.chunks {
		c.engine.nudge()
		if emit == nil || c.ctx.Err() != nil {
			continue
		}
		if err := emit(chunk); err != nil {
			c.cancel(err)
		}
	}
	if c.err != nil && c.ctx.Err() != nil {
		return c.result, context.Cause(c.ctx)
	}
	return c.result, c.err
}
