package attestor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/openledger/openledger/attestor/judge"
	"github.com/openledger/openledger/content/fetch"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// judgeBatch fetches the bundle of a batch and recomputes it.
func (a *Attestor) judgeBatch(ctx context.Context, j *job) (attributiontypes.Verdict, error) {
	batch, err := a.chain.batch(ctx, j.item.BatchId)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	if batch.PoaVersion != poa.Version {
		return attributiontypes.VerdictUnknown, fmt.Errorf(
			"the batch was recorded under version %d of the rules, this program has version %d", batch.PoaVersion, poa.Version)
	}
	root, err := poa.HashFromBytes(batch.EvidenceRoot)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	a.resubscribe(j, []poa.Hash{root})
	return a.remember(j.item.Number, subjectOf(a.chain.id, batch, root), func() (attributiontypes.Verdict, error) {
		records, err := a.chain.records(ctx, batch.Id)
		if err != nil {
			return attributiontypes.VerdictUnknown, err
		}
		return a.judgeFetched(ctx, batch, root, records)
	})
}

// subjectOf is what validators are asked about a batch: the second time they may say something else.
func subjectOf(chainID string, batch attributiontypes.Batch, root poa.Hash) string {
	subject := fmt.Sprintf("%s/batch/%d/%s", chainID, batch.Id, root)
	if batch.Status == attributiontypes.BATCH_STATUS_RESUBMITTED {
		subject += "/again"
	}
	return subject
}

// judgeFetched tries every place that may have the bundle until one has the right one.
func (a *Attestor) judgeFetched(ctx context.Context, batch attributiontypes.Batch, root poa.Hash,
	records []poa.Record) (attributiontypes.Verdict, error) {
	var failures []error
	for _, place := range a.places(ctx, batch, root) {
		var data []byte
		var err error
		if entered := a.fetching.do(ctx, batch.Provider, func(*ticket) { data, err = place() }); entered != nil {
			return attributiontypes.VerdictUnknown, entered
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if data == nil {
			continue
		}
		started := time.Now()
		verdict, reason := a.recompute(ctx, batch,
			judge.Case{Root: root, Records: records, Bundle: data, Bytes: batch.BundleBytes, Work: batch.BundleWork,
				StopsHeight: batch.StopsHeight})
		if errors.Is(reason, judge.ErrNotTheBundle) {
			failures = append(failures, reason)
			continue
		}
		if verdict != attributiontypes.VerdictUnknown {
			a.metrics.receipts.Add(float64(len(records)))
			took := time.Since(started).Seconds()
			a.metrics.seconds.Add(took)
			a.metrics.judge.Observe(took)
			if err := a.bundles.put(root, data, a.isSubscribed); err != nil {
				a.log.Warn("bundle is not kept for peers", "batch", batch.Id, "err", err)
			}
		}
		return verdict, reason
	}
	return attributiontypes.VerdictUnknown, nowhere("the bundle was found nowhere", failures)
}

// pauseEvery is after how many questions of a poa.Work a judgement lets others go first: some 25 ms.
const pauseEvery = 256

// recompute judges a bundle when it is its provider's turn. The end of ctx, as of the item, ends it.
func (a *Attestor) recompute(ctx context.Context, batch attributiontypes.Batch,
	c judge.Case) (verdict attributiontypes.Verdict, reason error) {
	view := a.library.view(ctx)
	if err := view.prepare(c.Records, a.fetching, a.indexing, batch.Provider); err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	entered := a.judging.do(ctx, batch.Provider, func(turn *ticket) {
		a.config.Fault.panics()
		asked := 0
		c.Stop = func() error {
			if asked++; asked%pauseEvery == 0 {
				return turn.pause(ctx)
			}
			return ctx.Err()
		}
		verdict, reason = judge.Judge(c, view)
	})
	if entered != nil {
		return attributiontypes.VerdictUnknown, entered
	}
	return verdict, reason
}

// places are where a bundle may be, nearest first.
func (a *Attestor) places(ctx context.Context, batch attributiontypes.Batch, root poa.Hash) []func() ([]byte, error) {
	places := []func() ([]byte, error){func() ([]byte, error) { return a.bundles.get(root) }}
	most := int64(batch.BundleBytes)
	for _, peer := range a.config.Peers {
		places = append(places, func() ([]byte, error) {
			return a.download(ctx, a.peers, peer, "v1/bundles/"+root.String(), anySize, most)
		})
	}
	return append(places, func() ([]byte, error) {
		endpoint, err := a.chain.endpoint(ctx, batch.Provider)
		if err != nil || endpoint == "" {
			return nil, err
		}
		return a.download(ctx, a.fetch, endpoint, "v1/bundles/"+root.String(), anySize, most)
	})
}

// anySize of a download, up to the most that it may have.
const anySize = -1

// download counts what is fetched.
func (a *Attestor) download(ctx context.Context, from *fetch.Client, base, path string, size,
	max int64) ([]byte, error) {
	location, err := url.JoinPath(base, path)
	if err != nil {
		return nil, err
	}
	data, err := from.Get(ctx, location, size, max)
	if err != nil {
		a.metrics.fetchFailures.Inc()
		return nil, err
	}
	a.metrics.fetched.Add(float64(len(data)))
	return data, nil
}

// nowhere is an error that says where something was looked for, if it was.
func nowhere(what string, failures []error) error {
	if len(failures) == 0 {
		return errors.New(what)
	}
	return fmt.Errorf("%s: %w", what, errors.Join(failures...))
}
