package network

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdkmath "cosmossdk.io/math"

	"github.com/openledger/openledger/attestor/push"
	"github.com/openledger/openledger/internal/follow"
	"github.com/openledger/openledger/openlora/chain"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
	modelstypes "github.com/openledger/openledger/x/models/types"
	rewardstypes "github.com/openledger/openledger/x/rewards/types"
)

// receiptsPerBatch of the load.
const receiptsPerBatch = 10

// RunHonest has the first n providers submit batches one after the other until ctx ends.
func (l *Load) RunHonest(ctx context.Context, n int) error {
	var work sync.WaitGroup
	failures := make(chan error, n)
	for i := range n {
		work.Go(func() {
			for ctx.Err() == nil {
				// What was begun is ended: a batch whose fate is unknown could not be counted.
				if _, err := l.Submit(context.WithoutCancel(ctx), i, Honest); err != nil {
					failures <- fmt.Errorf("provider %d: %w", i, err)
					return
				}
			}
		})
	}
	work.Wait()
	close(failures)
	return <-failures
}

// Submit makes answers of one provider and submits them. What becomes of the batch is found out by Settle.
func (l *Load) Submit(ctx context.Context, i int, conduct Conduct) (*Batch, error) {
	p := l.providers[i]
	p.busy.Lock()
	defer p.busy.Unlock()
	batch := &Batch{Receipts: receiptsPerBatch, Conduct: conduct, Answered: l.network.Height(ctx)}
	msg, err := l.answer(p, conduct)
	if err != nil {
		return nil, err
	}
	for {
		result, err := l.send(ctx, p.signer, msg)
		if errors.Is(err, attributiontypes.ErrWindowFull) {
			if err := follow.Sleep(ctx, 500*time.Millisecond); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		var response attributiontypes.MsgSubmitReceiptsResponse
		if err := chain.Response(result, &response); err != nil {
			return nil, err
		}
		batch.ID = response.BatchId
		break
	}
	l.mu.Lock()
	l.batches = append(l.batches, batch)
	l.mu.Unlock()
	return batch, nil
}

// answer quotes segments, and signs on as payer.
func (l *Load) answer(p *provider, conduct Conduct) (*attributiontypes.MsgSubmitReceipts, error) {
	var builder poa.EvidenceBuilder
	var receipts []poa.Receipt
	for range receiptsPerBatch {
		var text []byte
		for range 3 {
			file := l.files[p.random.Intn(len(l.files))]
			words := strings.Fields(string(file.Segments[p.random.Intn(len(file.Segments))]))
			from := p.random.Intn(len(words) - 25)
			text = append(append(text, strings.Join(words[from:from+25], " ")...), ' ')
			text = append(append(text, prose(p.random, 6)...), ' ')
		}
		tokens := poa.TokenIDs(text)
		attribution, err := l.index.Attribute(poa.Answer{Tokens: tokens})
		if err != nil {
			return nil, err
		}
		p.n++
		key := [32]byte{byte(p.n), byte(p.n >> 8), byte(p.n >> 16), 1}
		if err := builder.AddText(key, text, attribution, l.proof); err != nil {
			return nil, err
		}
		price, err := packed(p.session.Price)
		if err != nil {
			return nil, err
		}
		compute, err := price.Compute(10, uint32(len(tokens)))
		if err != nil {
			return nil, err
		}
		fee, err := compute.Add(price.Royalty)
		if err != nil {
			return nil, err
		}
		query := poa.LeafHash(key[:])
		call := poa.Call{QueryHash: query, MaxFee: fee}
		p.head = poa.NextHash(p.head, call.Hash(), p.last)
		p.last = poa.Outcome{AnswerRoot: poa.AnswerRoot(key, tokens), InputTokens: 10, OutputTokens: uint32(len(tokens)),
			Fee: fee}
		if p.spent, err = p.spent.Add(fee); err != nil {
			return nil, err
		}
		receipts = append(receipts, poa.Receipt{
			N: p.n, Call: call.Hash(), QueryHash: query, MaxFee: fee, AnswerRoot: p.last.AnswerRoot,
			EvidenceRoot: attribution.Root(),
			InputTokens:  10, OutputTokens: uint32(len(tokens)), Fee: fee, Entries: attribution.Entries,
			UnattributedPPM: attribution.UnattributedPPM,
		})
	}
	if conduct == Lying {
		entries := receipts[0].Entries
		if len(entries) == 0 {
			return nil, errors.New("nothing to lie about")
		}
		receipts[0].UnattributedPPM += entries[0].WeightPPM
		receipts[0].Entries = entries[1:]
	}
	return l.message(p, conduct, receipts, builder.Evidence())
}

func packed(price attributiontypes.Price) (poa.Price, error) { return price.Packed() }

func (l *Load) proof(rank uint64, index uint32) (poa.SegmentProof, error) {
	for i := range l.ranks {
		if l.ranks[i] == rank {
			path, err := poa.MerklePath(l.files[i].Leaves(l.authors[i].Address), int(index))
			return poa.SegmentProof{Rank: rank, Index: index, Content: l.files[i].Segments[index], Path: path}, err
		}
	}
	return poa.SegmentProof{}, fmt.Errorf("no contribution %d", rank)
}

// proved are the load's contributions as segments are verified against them.
type proved struct{ *Load }

// Contribution implements poa.ContributionSource.
func (p proved) Contribution(rank uint64) (poa.Contribution, error) {
	for i := range p.ranks {
		if p.ranks[i] == rank {
			who := p.authors[i].Address
			return poa.Contribution{Root: p.files[i].Root(who), Contributor: who, Segments: uint32(len(p.files[i].Segments))},
				nil
		}
	}
	return poa.Contribution{}, fmt.Errorf("no contribution %d", rank)
}

// Stopped implements poa.ContributionSource.
func (proved) Stopped(int, uint64, uint32) (bool, uint64, error) { return false, 0, nil }

// Standing implements poa.ContributionSource.
func (p proved) Standing(_ int, rank uint64) (poa.Standing, error) {
	c, err := p.Contribution(rank)
	return poa.Standing{Segments: c.Segments}, err
}

// message is the batch with the voucher of its payer; the bundle is pushed, or served late, or not at all.
func (l *Load) message(p *provider, conduct Conduct, receipts []poa.Receipt,
	evidence poa.Evidence) (*attributiontypes.MsgSubmitReceipts, error) {
	encodedReceipts, err := poa.MarshalReceipts(receipts)
	if err != nil {
		return nil, err
	}
	encodedEvidence, err := evidence.MarshalBinary()
	if err != nil {
		return nil, err
	}
	bundle, err := poa.MarshalBundle(encodedReceipts, encodedEvidence)
	if err != nil {
		return nil, err
	}
	root := evidence.Root()
	// A lie is announced as far as it goes.
	work := poa.Work{}
	_ = work.VerifyHeld(receipts, evidence, proved{l}, poa.ProtocolStatistics(),
		func(int) (*poa.Index, error) { return l.index, nil }, nil)
	l.publish(root, bundle, conduct)
	price, err := packed(p.session.Price)
	if err != nil {
		return nil, err
	}
	var session poa.Hash
	copy(session[:], p.session.Id)
	voucher := poa.Voucher{
		ChainID: ChainID, Session: session, Provider: p.signer.Address, ModelID: p.session.ModelId,
		ModelVersion: p.session.ModelVersion,
		Price:        price, N: p.n + 1, Head: poa.NextHash(p.head, poa.AckCall, p.last), CumulativeMax: p.spent,
	}
	p.seq++
	return &attributiontypes.MsgSubmitReceipts{
		Provider: p.signer.String(), ProviderSeq: p.seq, Receipts: encodedReceipts, BundleRoot: root[:],
		BundleBytes: uint64(len(bundle)), BundleWork: work.Spent(),
		Sessions: []attributiontypes.SessionClaim{{
			SessionId: p.session.Id, Calls: p.n + 1, PendingCall: append([]byte(nil), poa.AckCall[:]...),
			CumulativeMax: sdkmath.NewIntFromBigInt(p.spent.Big()), Signature: ed25519.Sign(p.sessionKey, voucher.SignBytes()),
		}},
	}, nil
}

// publish makes a bundle available as the provider's conduct has it.
func (l *Load) publish(root poa.Hash, bundle []byte, conduct Conduct) {
	path := "/v1/bundles/" + root.String()
	from := time.Now()
	switch conduct {
	case Withheld:
		return
	case Late:
		from = from.Add(lateBy)
	}
	l.mu.Lock()
	l.bundles[path] = served{bundle, from}
	l.mu.Unlock()
	if conduct == Late {
		return
	}
	var work sync.WaitGroup
	for _, node := range l.network.Nodes {
		if node.Alive() {
			// they can also fetch it
			work.Go(func() { _ = push.Bundle(context.Background(), "http://"+node.Attestor, root, bundle) })
		}
	}
	work.Wait()
}

// Settle waits until every batch that can be decided is.
func (l *Load) Settle(ctx context.Context) error {
	for {
		open := 0
		for _, batch := range l.Batches() {
			done, err := l.look(ctx, batch)
			if err != nil {
				return err
			}
			if !done {
				open++
			}
		}
		if open == 0 {
			return nil
		}
		if err := follow.Sleep(ctx, 500*time.Millisecond); err != nil {
			return fmt.Errorf("%d batches are not decided: %w", open, err)
		}
	}
}

// Await waits until one batch is decided.
func (l *Load) Await(ctx context.Context, batch *Batch) error {
	for {
		done, err := l.look(ctx, batch)
		if done || err != nil {
			return err
		}
		if err := follow.Sleep(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// Frozen reports whether a provider is.
func (l *Load) Frozen(ctx context.Context, i int) (bool, error) {
	response, err := l.clients[0].Models.Provider(ctx,
		&modelstypes.QueryProviderRequest{Provider: l.providers[i].signer.String()})
	if err != nil {
		return false, err
	}
	return response.Provider.Frozen, nil
}

// look reads what became of a batch.
func (l *Load) look(ctx context.Context, batch *Batch) (bool, error) {
	if batch.Settled != 0 {
		return true, nil
	}
	var failures []error
	for i, client := range l.clients {
		if !l.network.Nodes[i].Alive() {
			continue
		}
		asked, cancel := context.WithTimeout(ctx, 3*time.Second)
		response, err := client.Attribution.Batch(asked, &attributiontypes.QueryBatchRequest{BatchId: batch.ID})
		cancel()
		if status.Code(err) == codes.NotFound {
			return false, fmt.Errorf("batch %d is lost: %w", batch.ID, err)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		batch.Status = response.Batch.Status
		if batch.Status.Waits() {
			return false, nil
		}
		batch.Settled = max(response.Batch.SettledHeight, 1)
		return true, nil
	}
	return false, errors.Join(failures...)
}

// Paid returns how many receipts the chain says it has paid.
func (l *Load) Paid(ctx context.Context) (uint64, error) {
	var failures []error
	for i, client := range l.clients {
		if !l.network.Nodes[i].Alive() {
			continue
		}
		supply, err := client.Rewards.Supply(ctx, &rewardstypes.QuerySupplyRequest{})
		if err == nil {
			return supply.Totals.Receipts, nil
		}
		failures = append(failures, err)
	}
	return 0, errors.Join(failures...)
}
