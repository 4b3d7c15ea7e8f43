package attestor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/openledger/openledger/attestor/fetch"
	"github.com/openledger/openledger/attestor/judge"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// judgeBatch fetches the bundle of a batch and recomputes it.
func (a *Attestor) judgeBatch(ctx context.Context, j *job) (attributiontypes.Verdict, error) {
	batch, err := a.chain.batch(ctx, j.item.BatchId)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	root, err := poa.HashFromBytes(batch.EvidenceRoot)
	if err != nil {
		return attributiontypes.VerdictUnknown, err
	}
	a.setWants(j, []poa.Hash{root})
	return a.remember(j.item.Number, fmt.Sprintf("%s/batch/%d/%s", a.chain.id, batch.Id, root), func() (attributiontypes.Verdict, error) {
		records, err := a.chain.records(ctx, batch.Id)
		if err != nil {
			return attributiontypes.VerdictUnknown, err
		}
		return a.judgeFetched(ctx, batch, root, records)
	})
}

// judgeFetched tries every place that may have the bundle until one has the right one.
func (a *Attestor) judgeFetched(ctx context.Context, batch attributiontypes.Batch, root poa.Hash, records []poa.Record) (attributiontypes.Verdict, error) {
	var failures []error
	for _, place := range a.places(ctx, batch, root) {
		data, err := place()
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if data == nil {
			continue
		}
		started := time.Now()
		a.config.Fault.panics()
		verdict, reason := judge.Judge(judge.Case{Root: root, Records: records, Bundle: data, StopsHeight: batch.StopsHeight}, a.library.view(ctx))
		if errors.Is(reason, judge.ErrNotTheBundle) {
			failures = append(failures, reason)
			continue
		}
		if verdict != attributiontypes.VerdictUnknown {
			a.metrics.receipts.Add(float64(len(records)))
			a.metrics.seconds.Add(time.Since(started).Seconds())
			if err := a.bundles.put(root, data, a.isWanted); err != nil {
				a.log.Warn("bundle is not kept for peers", "batch", batch.Id, "err", err)
			}
		}
		return verdict, reason
	}
	return attributiontypes.VerdictUnknown, fmt.Errorf("the bundle was found nowhere: %w", errors.Join(failures...))
}

// places are where a bundle may be, nearest first.
func (a *Attestor) places(ctx context.Context, batch attributiontypes.Batch, root poa.Hash) []func() ([]byte, error) {
	places := []func() ([]byte, error){func() ([]byte, error) { return a.bundles.get(root) }}
	size := int64(batch.BundleBytes)
	for _, peer := range a.config.Peers {
		places = append(places, func() ([]byte, error) { return a.download(ctx, a.peers, peer, "v1/bundles/"+root.String(), size, size) })
	}
	return append(places, func() ([]byte, error) {
		endpoint, err := a.chain.endpoint(ctx, batch.Provider)
		if err != nil || endpoint == "" {
			return nil, err
		}
		return a.download(ctx, a.fetch, endpoint, "v1/bundles/"+root.String(), size, size)
	})
}

// download counts what is fetched.
func (a *Attestor) download(ctx context.Context, from *fetch.Client, base, path string, size, max int64) ([]byte, error) {
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
