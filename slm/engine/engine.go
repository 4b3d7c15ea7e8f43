package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/openledger/openledger/slm/model"
)

// Options are limits. Zero values mean the defaults.
type Options struct {
	Conversations int // largest number that is worked on at a time; 16
	Waiting       int // largest number that may wait; 256
	PromptTokens  int // largest number of prompt tokens of one step, during which the other conversations wait; 256
	CacheBytes    int // memory of keys and values, with the prefix cache; 1 GiB
}

func (o *Options) complete() error {
	for _, option := range []struct {
		name     string
		value    *int
		standard int
	}{
		{"conversations", &o.Conversations, 16}, {"waiting", &o.Waiting, 256}, {"prompt tokens", &o.PromptTokens, 256},
		{"cache bytes", &o.CacheBytes, 1 << 30},
	} {
		if *option.value < 0 {
			return fmt.Errorf("%s is %d; give a positive number, or 0 for %d", option.name, *option.value, option.standard)
		}
		if *option.value == 0 {
			*option.value = option.standard
		}
	}
	return nil
}

// ErrBusy reports that Options.Waiting conversations already wait. Ask again later.
var ErrBusy = errors.New("too many conversations are waiting: ask again later")

// ErrClosed reports that the engine was closed.
var ErrClosed = errors.New("the engine was closed")

// Engine runs conversations in batches. Its methods are safe for concurrent use.
type Engine struct {
	model      *model.Model
	vocabulary Vocabulary
	tokens     *tokenTree
	options    Options
	blocks     int // number that fits into CacheBytes

	lock    sync.Mutex
	waiting []*conversation
	closed  bool
	stats   Stats

	wake    chan struct{}
	stopped chan struct{}

	// Only the goroutine that runs conversations uses these.
	active   []*conversation
	prefixes *prefixCache
}

// Stats are counts since the start, and the current state.
type Stats struct {
	Active, Waiting              int
	PromptTokens, CachedTokens   uint64 // tokens of all prompts, and those of them that were in the prefix cache
	AnswerTokens, Steps          uint64
	PrefixBlocks, ReservedBlocks int // in memory; a block has model.BlockTokens tokens
}

// New starts an engine. The model must stay open until Close has returned.
func New(m *model.Model, vocabulary Vocabulary, options Options) (*Engine, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	e := &Engine{
		model: m, vocabulary: vocabulary, options: options, blocks: options.CacheBytes / m.BlockBytes(),
		tokens: newTokenTree(vocabulary, m.Config().VocabSize),
		wake:   make(chan struct{}, 1), stopped: make(chan struct{}), prefixes: newPrefixCache(),
	}
	if e.blocks < 1 {
		return nil, fmt.Errorf("%d bytes of cache do not hold one block of %d tokens, which takes %d", options.CacheBytes,
			model.BlockTokens, m.BlockBytes())
	}
	go e.run()
	return e, nil
}

// Close ends all conversations, and returns when nothing runs any more.
func (e *Engine) Close() {
	e.lock.Lock()
	e.closed = true
	e.lock.Unlock()
	e.nudge()
	<-e.stopped
}

// Stats returns the counts and the state of the engine.
func (e *Engine) Stats() Stats {
	e.lock.Lock()
	defer e.lock.Unlock()
	stats := e.stats
	stats.Waiting = len(e.waiting)
	return stats
}

// Generate answers, and calls emit with each part as it comes; emit may be nil. If ctx ends, emit fails or the model
// cannot go on, it returns the answer so far together with the error.
func (e *Engine) Generate(ctx context.Context, r Request, emit func(Chunk) error) (Result, error) {
	config := e.model.Config()
	if err := r.validate(config.VocabSize, config.MaxPositions); err != nil {
		return Result{}, err
	}
	if r.MaxTokens == 0 {
		r.MaxTokens = config.MaxPositions - len(r.Prompt)
	}
	c := newConversation(ctx, e, r)
	if c.blocks > e.blocks {
		return Result{}, fmt.Errorf("prompt and answer of %d tokens need %d bytes of cache, the engine has %d: ask for "+
			"fewer tokens, or start the engine with more", len(r.Prompt)+r.MaxTokens, c.blocks*e.model.BlockBytes(),
			e.options.CacheBytes)
	}
	e.lock.Lock()
	switch {
	case e.closed:
		e.lock.Unlock()
		return Result{}, ErrClosed
	case len(e.waiting) >= e.options.Waiting:
		e.lock.Unlock()
		return Result{}, ErrBusy
	}
	e.waiting = append(e.waiting, c)
	e.lock.Unlock()
	e.nudge()
	return c.collect(emit)
}

func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// run works on conversations until the engine is closed.
func (e *Engine) run() {
	defer close(e.stopped)
	for {
		e.admit()
		closed := e.isClosed()
		for _, c := range e.active {
			if closed {
				c.end(ErrClosed)
			} else if err := c.ctx.Err(); err != nil {
				c.end(err)
			}
		}
		e.dismiss()
		if closed {
			e.refuseWaiting()
			return
		}
		if !e.step() {
			<-e.wake
		}
	}
}

func (e *Engine) isClosed() bool {
	e.lock.Lock()
	defer e.lock.Unlock()
	return e.closed
}

func (e *Engine) refuseWaiting() {
	e.lock.Lock()
	defer e.lock.Unlock()
	for _, c := range e.waiting {
		c.end(ErrClosed)
	}
	e.waiting = nil
}

// admit takes conversations from the queue, in its order, while there is room for their keys and values.
func (e *Engine) admit() {
	e.lock.Lock()
	defer e.lock.Unlock()
	kept := e.waiting[:0]
	for _, c := range e.waiting {
		if err := c.ctx.Err(); err != nil {
			c.end(err)
			continue
		}
		kept = append(kept, c)
	}
	clear(e.waiting[len(kept):])
	e.waiting = kept
	for len(e.waiting) > 0 && len(e.active) < e.options.Conversations {
		c := e.waiting[0]
		if e.stats.ReservedBlocks+c.blocks > e.blocks {
			break
		}
		e.waiting = e.waiting[1:]
		e.stats.ReservedBlocks += c.blocks
		c.begin(e.prefixes)
		e.active = append(e.active, c)
		e.stats.PromptTokens += uint64(len(c.request.Prompt))
		e.stats.CachedTokens += uint64(c.result.CachedTokens)
	}
	e.prefixes.shrink(e.blocks - e.stats.ReservedBlocks)
	e.stats.Active, e.stats.PrefixBlocks = len(e.active), e.prefixes.recent.Len()
}

// dismiss forgets conversations that have ended.
func (e *Engine) dismiss() {
	e.lock.Lock()
	defer e.lock.Unlock()
	kept := e.active[:0]
	for _, c := range e.active {
		if c.ended {
			e.stats.ReservedBlocks -= c.blocks
			continue
		}
		kept = append(kept, c)
	}
	clear(e.active[len(kept):])
	e.active = kept
	e.stats.Active = len(e.active)
}

// step runs the model once, for one token of each answer and a part of the prompts. It reports whether there was
// anything to do.
func (e *Engine) step() bool {
	var (
		batch   []model.Sequence
		members []*conversation
		prompt  = e.options.PromptTokens
	)
	for _, c := range e.active {
		if !c.writable() {
			continue // its reader is slow: the others go on
		}
		take := len(c.tokens) - c.cache.Len()
		if take > 1 {
			if take = min(take, prompt); take == 0 {
				continue
			}
			prompt -= take
		}
		at := c.cache.Len()
		s := model.Sequence{Cache: c.cache, Tokens: c.tokens[at : at+take], Adapter: c.request.Adapter}
		if at+take == len(c.tokens) {
			s.Positions = []int{take - 1}
		}
		batch, members = append(batch, s), append(members, c)
	}
	if len(batch) == 0 {
		return false
	}
	logits, err := e.model.Forward(batch)
	row, answered := 0, 0
	for i, c := range members {
		if err != nil {
			c.end(err)
			continue
		}
		c.share(e.prefixes)
		if len(batch[i].Positions) > 0 {
			c.next(logits.Row(row))
			row++
			answered++
		}
	}
	e.lock.Lock()
	e.stats.Steps++
	e.stats.AnswerTokens += uint64(answered)
	e.lock.Unlock()
	e.dismiss()
	return true
}
