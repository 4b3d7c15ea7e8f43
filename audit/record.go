package audit

import (
	"encoding/hex"
	"fmt"

	"github.com/openledger/openledger/poa"
)

// checkRecord rebuilds the record from the submitted receipt and follows it to
// the root of the batch.
func (a *audit) checkRecord() error {
	a.same("commitment", "commitment to query, answer and evidence:", a.claimed.Commitment().String(),
		hex.EncodeToString(a.receipt.Commitment))
	records, err := a.source.Records(a.ctx, a.batch.Id)
	if err != nil {
		return fmt.Errorf("receipts of batch %d: %w", a.batch.Id, err)
	}
	leaves := make([]poa.Hash, len(records))
	for i, receipt := range records {
		record, err := receipt.Record()
		if err != nil {
			return fmt.Errorf("receipt %d of batch %d: %w", i, a.batch.Id, err)
		}
		leaves[i] = record.Leaf()
	}
	index := int(a.receipt.Index)
	if index >= len(leaves) {
		a.truth("record", false, "", fmt.Sprintf("record %d of batch %d, which has %d", index, a.batch.Id, len(leaves)))
		return nil
	}
	record, err := a.rebuild()
	if err != nil {
		return err
	}
	a.same("record", fmt.Sprintf("leaf of record %d, rebuilt from the submitted receipt:", index), record.Leaf().String(),
		leaves[index].String())
	root, err := poa.HashFromBytes(a.batch.Root)
	if err != nil {
		return err
	}
	a.same("batch_root", fmt.Sprintf("root of the %d records of batch %d:", len(leaves), a.batch.Id),
		poa.MerkleRoot(leaves).String(), root.String())
	path, err := poa.MerklePath(leaves, index)
	if err != nil {
		return err
	}
	err = poa.VerifyPath(root, record.Leaf(), uint64(index), uint64(len(leaves)), path)
	a.truth("record_path", err == nil, fmt.Sprintf("record %d of %d is in the root of the batch by a path of %d hashes",
		index, len(leaves), len(path)),
		fmt.Sprintf("record %d of %d is not in the root of the batch: %v", index, len(leaves), err))
	return nil
}

// rebuild makes the record that the chain must have stored of the receipt.
func (a *audit) rebuild() (poa.Record, error) {
	session, err := poa.HashFromBytes(a.session)
	if err != nil {
		return poa.Record{}, err
	}
	r := a.claimed
	return poa.Record{
		Session: session, N: r.N, Commitment: r.Commitment(), InputTokens: r.InputTokens, OutputTokens: r.OutputTokens,
		Fee:     r.Fee,
		Entries: r.Entries, UnattributedPPM: r.UnattributedPPM, Acknowledged: a.acknowledged(),
		ModelID: a.state.ModelId, ModelVersion: a.state.ModelVersion, Method: r.Method,
	}, nil
}

// acknowledged tells that the client signed on after the answer: by a later
// call, or by a voucher or a close after the last one of the batch.
func (a *audit) acknowledged() bool {
	if a.call < a.batch.Sessions[a.part].LastCall {
		return true
	}
	if a.submitted.file || a.part >= len(a.submitted.Sessions) {
		return a.receipt.Acknowledged // only the voucher tells
	}
	claim := a.submitted.Sessions[a.part]
	return len(claim.Signature) == 0 || len(claim.PendingCall) != 0
}
