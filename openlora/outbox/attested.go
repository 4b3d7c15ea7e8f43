package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"cosmossdk.io/math"

	"github.com/openledger/openledger/attestor/push"
	"github.com/openledger/openledger/poa"
	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

// Bundle returns the bundle with a root, or ErrNotFound.
func (o *Outbox) Bundle(root poa.Hash) ([]byte, error) {
	var bundle []byte
	err := o.db.View(func(tx *bolt.Tx) error {
		if bundle = bytes.Clone(tx.Bucket(bundlesBucket).Get(root[:])); bundle == nil {
			return ErrNotFound
		}
		return nil
	})
	return bundle, err
}

// detach moves the evidence of a message into a bundle that attestors fetch, which it returns, and announces what that
// takes them.
func detach(msg *attributiontypes.MsgSubmitReceipts, evidence poa.Evidence, work uint64,
	most math.Int) ([]byte, error) {
	bundle, err := poa.MarshalBundle(msg.Receipts, msg.Evidence)
	if err != nil {
		return nil, err
	}
	root := evidence.Root()
	msg.Evidence, msg.BundleRoot, msg.BundleBytes, msg.BundleWork, msg.MaxFee = nil, root[:], uint64(len(bundle)), work,
		most
	return bundle, nil
}

// attach puts the evidence of a batch back into its message, for a chain that takes no other.
func (s *Sender) attach(msg *attributiontypes.MsgSubmitReceipts) error {
	root, err := poa.HashFromBytes(msg.BundleRoot)
	if err != nil {
		return err
	}
	encoded, err := s.Outbox.Bundle(root)
	if err != nil {
		return err
	}
	bundle, err := poa.UnmarshalBundle(encoded, s.MaxReceipts)
	if err != nil {
		return err
	}
	if msg.Evidence, err = bundle.Evidence.MarshalBinary(); err != nil {
		return err
	}
	msg.BundleRoot, msg.BundleBytes, msg.BundleWork, msg.MaxFee = nil, 0, 0, math.ZeroInt()
	return nil
}

const (
	// pushAgain is how long a bundle is not pushed again, and pushAfter when it has not been enough.
	pushAgain = time.Minute
	pushAfter = 15 * time.Second
	// pushWait is how long a batch waits for attestors to have its evidence. Pushes that take longer go on beside it.
	pushWait = 2 * time.Second
)

// push gives a bundle to all attestors that the provider knows. They can also fetch it: a failure only costs them time.
// One that was pushed a moment ago is pushed only if that has not been enough.
func (s *Sender) push(ctx context.Context, root []byte, again bool) {
	wait := pushAgain
	if again {
		wait = pushAfter
	}
	hash, err := poa.HashFromBytes(root)
	if err != nil || len(s.Attestors) == 0 || time.Since(s.pushed[hash]) < wait {
		return
	}
	if s.pushed == nil {
		s.pushed = make(map[poa.Hash]time.Time)
	}
	maps.DeleteFunc(s.pushed, func(_ poa.Hash, at time.Time) bool { return time.Since(at) >= pushAgain })
	s.pushed[hash] = time.Now()
	bundle, err := s.Outbox.Bundle(hash)
	if err != nil {
		s.Log.Warn("bundle is lost", "root", hash, "err", err)
		return
	}
	var work sync.WaitGroup
	for _, base := range s.Attestors {
		work.Go(func() {
			if err := push.Bundle(ctx, base, hash, bundle); err != nil {
				s.Log.Warn("bundle could not be pushed; the attestor can fetch it", "attestor", base, "err", err)
			}
		})
	}
	pushed := make(chan struct{})
	go func() { work.Wait(); close(pushed) }()
	select {
	case <-pushed:
	case <-time.After(pushWait):
	}
}

// watch looks at batches that wait for their verdict. One that expired is pushed and submitted once more: its evidence
// may not have reached enough validators. A rejected one is not: the same bytes would be judged the same.
func (s *Sender) watch(ctx context.Context) error {
	waiting, err := s.Outbox.Waiting()
	if err != nil {
		return err
	}
	for _, batch := range waiting {
		status, err := s.Node.BatchStatus(ctx, batch.BatchID)
		switch {
		case errors.Is(err, ErrNotFound):
			batch.State = BatchSettled
		case err != nil:
			return err
		case status == attributiontypes.BATCH_STATUS_EXPIRED:
			if err := s.resubmit(ctx, batch); err != nil {
				s.Log.Warn("expired batch could not be resubmitted", "batch", batch.BatchID, "err", err)
			}
			continue
		case status.Waits():
			continue
		case status == attributiontypes.BATCH_STATUS_FINAL:
			s.Log.Info("batch is final", "batch", batch.BatchID)
			batch.State = BatchSettled
		default:
			s.Log.Error("batch was refused by validators", "batch", batch.BatchID, "status", status)
			batch.refuse(fmt.Sprintf("validators have refused it: %s", status))
		}
		if err := s.Outbox.PutBatch(batch); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) resubmit(ctx context.Context, batch Batch) error {
	var msg attributiontypes.MsgSubmitReceipts
	if err := msg.Unmarshal(batch.Message); err != nil {
		return err
	}
	s.push(ctx, msg.BundleRoot, true)
	return s.Node.Resubmit(
		ctx, &attributiontypes.MsgResubmitBatch{Provider: s.Provider, BatchId: batch.BatchID, MaxFee: msg.MaxFee})
}
