package types

import (
	errorsmod "cosmossdk.io/errors"

	"github.com/openledger/openledger/poa"
)

// BuildReceiptProof proves record index of a batch against the range of all
// batch roots, of which the batch is leaf. Indexers keep what it needs.
func BuildReceiptProof(records []poa.Record, index int, batchRoots []poa.Hash, leaf uint64) (ReceiptProof, error) {
	if index < 0 || index >= len(records) {
		return ReceiptProof{}, errorsmod.Wrapf(ErrReceiptProof, "record %d of %d", index, len(records))
	}
	encoded, err := records[index].MarshalBinary()
	if err != nil {
		return ReceiptProof{}, err
	}
	leaves := make([]poa.Hash, len(records))
	for i, record := range records {
		leaves[i] = record.Leaf()
	}
	path, err := poa.MerklePath(leaves, index)
	if err != nil {
		return ReceiptProof{}, err
	}
	mountain, err := poa.MMRProof(batchRoots, leaf)
	if err != nil {
		return ReceiptProof{}, err
	}
	root := poa.MerkleRoot(leaves)
	return ReceiptProof{
		Record: encoded, BatchRoot: append([]byte(nil), root[:]...), Index: uint32(index), Receipts: uint32(len(records)),
		Path: poa.HashesToBytes(path), Leaf: leaf, Siblings: poa.HashesToBytes(mountain.Siblings), Count: mountain.Count,
	}, nil
}

// VerifyReceiptProof checks a proof against the peaks of the chain and returns
// the record that it opens.
func VerifyReceiptProof(proof ReceiptProof, accumulator Accumulator) (poa.Record, error) {
	record, err := verifyReceiptProof(proof, accumulator)
	if err != nil {
		return poa.Record{}, errorsmod.Wrap(ErrReceiptProof, err.Error())
	}
	return record, nil
}

func verifyReceiptProof(proof ReceiptProof, accumulator Accumulator) (poa.Record, error) {
	if proof.Count != accumulator.Count {
		return poa.Record{}, errorsmod.Wrapf(ErrReceiptProof, "made for %d batches, there are %d: ask the indexer again",
			proof.Count, accumulator.Count)
	}
	record, err := poa.UnmarshalRecord(proof.Record)
	if err != nil {
		return record, err
	}
	root, err := poa.HashFromBytes(proof.BatchRoot)
	if err != nil {
		return record, err
	}
	path, err := poa.HashesFromBytes(proof.Path)
	if err != nil {
		return record, err
	}
	if err := poa.VerifyPath(root, record.Leaf(), uint64(proof.Index), uint64(proof.Receipts), path); err != nil {
		return record, err
	}
	mountain, err := accumulator.MMR()
	if err != nil {
		return record, err
	}
	siblings, err := poa.HashesFromBytes(proof.Siblings)
	if err != nil {
		return record, err
	}
	return record, poa.VerifyMMR(mountain.Root(), root, poa.MMRPath{
		Index: proof.Leaf, Count: mountain.Count, Siblings: siblings, Peaks: mountain.Peaks,
	})
}
