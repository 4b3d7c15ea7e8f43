package attestor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	firstRetry = 300 * time.Millisecond
	lastRetry  = 5 * time.Second

	// versionsClass in the lanes; that of a batch is its provider.
	versionsClass = "versions"
)

// job is the work on one open item. Its fields are the attestor's, under its lock.
type job struct {
	item       attributiontypes.Item
	since      time.Time
	verdict    attributiontypes.Verdict
	reason     string
	subscribed []poa.Hash
	wake       chan struct{} // a hash that it is subscribed to has arrived
	stop       context.CancelFunc
}

// start begins the work on an item; the caller holds the lock.
func (a *Attestor) start(ctx context.Context, item attributiontypes.Item) {
	ctx, stop := context.WithCancel(ctx)
	j := &job{item: item, since: time.Now(), wake: make(chan struct{}, 1), stop: stop}
	a.open[item.Number] = j
	a.jobs.Go(func() {
		defer stop()
		a.work(ctx, j)
	})
}

// work tries until there is a verdict or the item is closed.
func (a *Attestor) work(ctx context.Context, j *job) {
	for retry := firstRetry; ; retry = min(2*retry, lastRetry) {
		if verdict, done := a.attempt(ctx, j); done {
			a.metrics.verdicts.WithLabelValues(verdictName(verdict)).Inc()
			a.metrics.verdict.Observe(time.Since(j.since).Seconds())
			a.publish()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-j.wake:
		case <-time.After(retry):
		}
	}
}

// attempt makes one try.
func (a *Attestor) attempt(ctx context.Context, j *job) (attributiontypes.Verdict, bool) {
	if a.config.Fault.stalls() {
		return attributiontypes.VerdictUnknown, false
	}
	verdict, reason := a.decide(ctx, j)
	if ctx.Err() != nil {
		return verdict, false
	}
	verdict = a.config.Fault.verdict(verdict)
	a.note(j, verdict, reason)
	return verdict, verdict != attributiontypes.VerdictUnknown
}

// decide does the work of one try. What others wrote must not end the process, which may be a node's.
func (a *Attestor) decide(ctx context.Context, j *job) (verdict attributiontypes.Verdict, reason error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			verdict, reason = attributiontypes.VerdictUnknown, fmt.Errorf("panic: %v", recovered)
		}
	}()
	switch j.item.Kind {
	case attributiontypes.ITEM_KIND_BATCH:
		return a.judgeBatch(ctx, j)
	case attributiontypes.ITEM_KIND_VERSION:
		return a.judgeVersion(ctx, j)
	}
	return attributiontypes.VerdictUnknown, fmt.Errorf(
		"this version of the attestor does not know items of kind %s: update it", j.item.Kind)
}

// note publishes and logs the outcome of a try.
func (a *Attestor) note(j *job, verdict attributiontypes.Verdict, reason error) {
	text := ""
	if reason != nil {
		text = reason.Error()
	}
	a.mu.Lock()
	changed := j.verdict != verdict || j.reason != text
	j.verdict, j.reason = verdict, text
	a.mu.Unlock()
	if !changed {
		return
	}
	attributes := []any{"item", j.item.Number, "kind", j.item.Kind, "verdict", verdictName(verdict)}
	if reason != nil {
		attributes = append(attributes, "reason", text)
	}
	a.log.Info("verdict", attributes...)
}

// remember returns an earlier verdict on the same subject, or calls decide and writes a verdict down before it is
// published.
func (a *Attestor) remember(number uint64, subject string,
	decide func() (attributiontypes.Verdict, error)) (attributiontypes.Verdict, error) {
	earlier, ok, err := a.store.verdict(number, subject)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	if ok {
		if earlier.Reason == "" {
			return earlier.Verdict, nil
		}
		return earlier.Verdict, errors.New(earlier.Reason)
	}
	verdict, reason := decide()
	if verdict == attributiontypes.VerdictUnknown {
		return verdict, reason
	}
	e := entry{Subject: subject, Verdict: verdict, Time: time.Now()}
	if reason != nil {
		e.Reason = reason.Error()
	}
	if err := a.store.record(number, e); err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	return verdict, reason
}

// wake tells jobs that are subscribed to a hash that it is here.
func (a *Attestor) wake(hash poa.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, j := range a.open {
		for _, needed := range j.subscribed {
			if needed == hash {
				select {
				case j.wake <- struct{}{}:
				default:
				}
			}
		}
	}
}

// resubscribe replaces the hashes that a job waits for.
func (a *Attestor) resubscribe(j *job, hashes []poa.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.subscribe(j.subscribed, -1)
	j.subscribed = hashes
	if a.open[j.item.Number] == j {
		a.subscribe(j.subscribed, 1)
	} else {
		j.subscribed = nil // closed meanwhile
	}
}

func verdictName(v attributiontypes.Verdict) string {
	switch v {
	case attributiontypes.VerdictValid:
		return "valid"
	case attributiontypes.VerdictInvalid:
		return "invalid"
	case attributiontypes.VerdictDiffers:
		return "differs"
	}
	return "unknown"
}
