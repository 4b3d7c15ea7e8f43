package poa

import (
	"crypto/sha256"
	"fmt"
)

// A multiproof opens several leaves of one tree at once. The verifier walks the tree from the root, left before right.
// A subtree without an opened leaf is replaced by the next hash of the proof; everything else is computed. The proof is
// thus determined by the tree and the positions: there is exactly one proof, and no position opens with the root alone.

// Multiproof returns the proof for the leaves at positions, which must be strictly increasing and inside the tree.
func Multiproof(leaves []Hash, positions []uint32) ([]Hash, error) {
	if uint64(len(leaves)) > 1<<32-1 {
		return nil, fmt.Errorf("%w: tree of %d leaves", ErrOversize, len(leaves))
	}
	if err := checkPositions(uint32(len(leaves)), positions); err != nil {
		return nil, err
	}
	if len(leaves) == 0 {
		return nil, nil
	}
	return appendMultiproof(nil, leaves, positions, 0), nil
}

// appendMultiproof handles the subtree over leaves, whose first leaf has position first.
func appendMultiproof(proof, leaves []Hash, positions []uint32, first uint32) []Hash {
	if len(positions) == 0 {
		return append(proof, subtreeRoot(leaves))
	}
	if len(leaves) == 1 {
		return proof
	}
	k := uint32(splitPoint(uint64(len(leaves))))
	cut := lowerBound(positions, first+k)
	proof = appendMultiproof(proof, leaves[:k], positions[:cut], first)
	return appendMultiproof(proof, leaves[k:], positions[cut:], first+k)
}

// VerifyMultiproof checks that leaves stand at positions (strictly increasing) in the tree of count leaves with the
// given root. Proofs that are too short, too long or lead elsewhere are ErrMerkleProof. Cost: at most 32 hashes per
// position.
func VerifyMultiproof(root Hash, count uint32, positions []uint32, leaves []Hash, proof []Hash) error {
	got, err := multiproofRoot(count, positions, leaves, proof)
	if err != nil {
		return err
	}
	if got != root {
		return fmt.Errorf("%w: multiproof leads to %s instead of %s", ErrMerkleProof, got, root)
	}
	return nil
}

// multiproofRoot returns the root that positions, leaves and proof lead to.
func multiproofRoot(count uint32, positions []uint32, leaves []Hash, proof []Hash) (Hash, error) {
	if len(leaves) != len(positions) {
		return Hash{}, fmt.Errorf("%w: %d leaves for %d positions", ErrMerkleProof, len(leaves), len(positions))
	}
	if err := checkPositions(count, positions); err != nil {
		return Hash{}, err
	}
	var root Hash
	if count == 0 {
		root = sha256.Sum256(nil)
	} else {
		var ok bool
		root, proof, ok = foldMultiproof(0, uint64(count), positions, leaves, proof)
		if !ok {
			return Hash{}, fmt.Errorf("%w: multiproof has too few hashes for %d positions of %d", ErrMerkleProof, len(positions),
				count)
		}
	}
	if len(proof) != 0 {
		return Hash{}, fmt.Errorf("%w: multiproof has %d hashes too many", ErrMerkleProof, len(proof))
	}
	return root, nil
}

// foldMultiproof computes the root of the subtree over positions [first, first+n) and returns the unused part of the
// proof. Its depth is at most 32.
func foldMultiproof(first, n uint64, positions []uint32, leaves, proof []Hash) (Hash, []Hash, bool) {
	if len(positions) == 0 {
		if len(proof) == 0 {
			return Hash{}, nil, false
		}
		return proof[0], proof[1:], true
	}
	if n == 1 {
		return leaves[0], proof, true
	}
	k := splitPoint(n)
	cut := lowerBound(positions, uint32(first+k))
	l, proof, ok := foldMultiproof(first, k, positions[:cut], leaves[:cut], proof)
	if !ok {
		return Hash{}, nil, false
	}
	r, proof, ok := foldMultiproof(first+k, n-k, positions[cut:], leaves[cut:], proof)
	if !ok {
		return Hash{}, nil, false
	}
	return NodeHash(l, r), proof, true
}

func checkPositions(count uint32, positions []uint32) error {
	for i, p := range positions {
		if p >= count {
			return fmt.Errorf("%w: position %d of a tree of %d leaves", ErrMerkleProof, p, count)
		}
		if i > 0 && p <= positions[i-1] {
			return fmt.Errorf("%w: position %d after %d; list each position once, in increasing order", ErrMerkleProof, p,
				positions[i-1])
		}
	}
	return nil
}

// lowerBound returns how many of the increasing positions are below limit.
func lowerBound(positions []uint32, limit uint32) int {
	lo, hi := 0, len(positions)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if positions[m] < limit {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}
