package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/poa"
	"github.com/openledger/openledger/x/attribution/types"
)

// findRecord returns a receipt in its dispute window by its id. It follows the session's batches back to the one that
// holds the call: an index by receipt would cost a key for each.
func (k Keeper) findRecord(ctx context.Context, id string) (types.Batch, poa.Record, uint32, error) {
	session, call, err := types.ParseReceiptID(id)
	if err != nil {
		return types.Batch{}, poa.Record{}, 0, err
	}
	stored, err := k.Sessions.Get(ctx, session)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Batch{}, poa.Record{}, 0, gone(id)
	}
	if err != nil {
		return types.Batch{}, poa.Record{}, 0, err
	}
	for next := stored.LastBatch; next != 0; {
		batch, err := k.Batches.Get(ctx, next)
		if errors.Is(err, collections.ErrNotFound) {
			break
		}
		if err != nil {
			return types.Batch{}, poa.Record{}, 0, err
		}
		part, ok := partOf(batch, session)
		if !ok {
			break
		}
		if call >= part.FirstCall {
			record, index, err := k.recordOf(ctx, batch, part, call)
			return batch, record, index, err
		}
		next = part.PreviousBatch
	}
	return types.Batch{}, poa.Record{}, 0, gone(id)
}

func gone(id string) error {
	return errorsmod.Wrapf(types.ErrReceiptNotFound,
		"receipt %s is not in state: it was not recorded yet, or its dispute window has closed; an indexer proves it then "+
			"(`openledgerd query attribution verify-receipt --help`)", id)
}

func partOf(batch types.Batch, session []byte) (types.SessionRange, bool) {
	for _, part := range batch.Sessions {
		if string(part.SessionId) == string(session) {
			return part, true
		}
	}
	return types.SessionRange{}, false
}

// recordOf reads the pages of a batch up to the record of a call.
func (k Keeper) recordOf(ctx context.Context, batch types.Batch, part types.SessionRange,
	call uint64) (poa.Record, uint32, error) {
	id := types.ReceiptID(part.SessionId, call)
	index := uint32(0)
	for page := range batch.Pages {
		packed, err := k.Pages.Get(ctx, collections.Join(batch.Id, page))
		if err != nil {
			return poa.Record{}, 0, err
		}
		records, err := poa.UnpackRecords(packed)
		if err != nil {
			return poa.Record{}, 0, err
		}
		for _, record := range records {
			if index >= part.FirstIndex && index < part.FirstIndex+part.Receipts && record.N == call {
				return record, index, nil
			}
			index++
		}
	}
	if call <= part.LastCall && batch.Pages > 0 {
		return poa.Record{}, 0, errorsmod.Wrapf(types.ErrReceiptNotFound,
			"%s is a gap: the call failed, or only acknowledged an answer, and was not paid", id)
	}
	return poa.Record{}, 0, gone(id)
}
