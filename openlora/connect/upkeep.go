package connect

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/session"
	"github.com/openledger/openledger/poa"
)

const (
	upkeepEvery = 500 * time.Millisecond
	// claimTime is how long a question that an earlier run has left pending waits for its client to ask it again. Until
	// then nothing is withdrawn, so that the gateway has what was under way.
	claimTime = 30 * time.Second
	// giveUp is when a question is not asked about any more, and its session is closed: its provider does not answer
	// for days.
	giveUp = 48 * time.Hour
)

// resume takes over what earlier runs have left: openings that were interrupted, and sessions, with questions that are
// pending in them.
func (p *Proxy) resume(ctx context.Context) error {
	kept, err := session.List(p.config.Dir)
	if err != nil {
		return err
	}
	for _, opening := range kept.Openings {
		if opening.ChainID != p.config.Node.ChainID || opening.Payer != p.config.Payer.String() {
			continue
		}
		client, err := p.pool.wallet.finish(ctx, opening)
		switch {
		case err == nil:
			p.config.Log.Info("a session whose opening was interrupted is open", "session", client.State.ID)
			kept.Sessions = append(kept.Sessions, client)
		case errors.Is(err, session.ErrInUse): // another program opens it
		case errors.Is(err, session.ErrNeverOpened):
			p.config.Log.Info("an opening was interrupted before anything was deposited", "err", err)
		case ctx.Err() != nil:
			return err
		default:
			p.config.Log.Warn("an opening that was interrupted: the next run tries again", "err", err)
		}
	}
	for _, client := range kept.Sessions {
		if client.State.ChainID != p.config.Node.ChainID || client.State.Payer != p.config.Payer.String() {
			continue
		}
		if err := p.adopt(ctx, client); err != nil {
			return err
		}
	}
	return nil
}

// adopt puts a session of an earlier run into the pool.
func (p *Proxy) adopt(ctx context.Context, client *session.Client) error {
	if !client.Locked() {
		err := client.Lock()
		if errors.Is(err, session.ErrInUse) || errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	p.pool.mu.Lock()
	one := p.pool.add(client, math.ZeroInt())
	one.taken = true
	p.pool.mu.Unlock()
	err := p.pool.refresh(ctx, one)
	if errors.Is(err, errGone) {
		p.config.Log.Info("a session is not open any more", "session", client.State.ID)
		p.pool.drop(one)
		return nil
	}
	if err != nil {
		return err
	}
	if asked := client.State.Pending; asked != nil {
		one.put = p.purse.keep(nameOf(*asked), math.NewIntFromBigInt(asked.MaxFee.Big()))
		one.due = asked.Asked.Add(claimTime)
	}
	p.pool.back(one)
	return nil
}

// upkeep acknowledges answers, settles what is pending, and closes what is not used, until ctx ends.
func (p *Proxy) upkeep(ctx context.Context) {
	follow.Every(ctx, upkeepEvery, p.config.Log, "sessions cannot be looked after", func(ctx context.Context) error {
		p.tend(ctx, p.config.AckAfter) // which logs what fails, by session
		return nil
	})
}

// tend looks after each session that is idle, all at the same time.
func (p *Proxy) tend(ctx context.Context, ackAfter time.Duration) {
	now := time.Now()
	var all sync.WaitGroup
	for _, one := range p.pool.idle(func(one *pooled) bool {
		state := one.client.State
		switch {
		case one.due.After(now):
			return false
		case one.over || state.Pending != nil:
			return true
		case state.Last != (poa.Outcome{}):
			return now.Sub(one.used) >= ackAfter
		}
		return p.config.CloseAfter > 0 && now.Sub(one.used) >= p.config.CloseAfter
	}) {
		all.Go(func() { p.tendOne(ctx, one) })
	}
	all.Wait()
}

func (p *Proxy) tendOne(ctx context.Context, one *pooled) {
	client := one.client
	switch asked := client.State.Pending; {
	case one.over:
		p.pool.drop(one)
		return
	case asked != nil && time.Since(asked.Asked) > giveUp:
		p.lose(one, "its provider does not say what became of it")
		return
	case asked != nil:
		_, err := client.Settle(ctx, claimTime)
		if errors.Is(err, session.ErrAnswer) {
			p.lose(one, err.Error())
			return
		}
		if client.State.Pending != nil {
			p.config.Log.Warn("a question is not settled yet", "session", client.State.ID, "err", err)
			one.later()
		} else {
			one.failed, one.due = 0, time.Time{}
		}
	case client.State.Last != (poa.Outcome{}):
		err := client.Acknowledge(ctx)
		if session.Over(err) {
			p.pool.drop(one) // closing acknowledges
			return
		}
		if err != nil {
			p.config.Log.Warn("an answer is not acknowledged yet", "session", client.State.ID, "err", err)
			one.later()
		} else {
			one.failed, one.due = 0, time.Time{}
		}
	default:
		p.pool.drop(one)
		return
	}
	p.pool.back(one)
}

// lose records a question of which no answer can be acknowledged at what it can have cost, and closes the session.
func (p *Proxy) lose(one *pooled, why string) {
	asked := one.client.State.Pending
	p.config.Log.Error(
		"an answer is not acknowledged: the session is closed",
		"session",
		one.client.State.ID,
		"provider",
		one.client.State.Provider,
		"why",
		why,
	)
	if err := p.recordRefused(one.client, *asked, why); err != nil {
		p.config.Log.Error("the ledger could not be written", "err", err)
	}
	p.pool.drop(one)
}

// tendAnswers acknowledges all answers of sessions that are idle.
func (p *Proxy) tendAnswers(ctx context.Context) {
	var all sync.WaitGroup
	for _, one := range p.pool.idle(func(one *pooled) bool {
		return !one.over && one.client.State.Pending == nil && one.client.State.Last != (poa.Outcome{})
	}) {
		all.Go(func() { p.tendOne(ctx, one) })
	}
	all.Wait()
}
