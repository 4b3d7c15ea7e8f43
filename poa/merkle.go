package poa

import (
	"crypto/sha256"
	"fmt"
	"math/bits"
)

// LeafHash returns SHA-256(0x00 ‖ data…), the leaf hash of RFC 6962. The parts are concatenated without separators:
// callers give parts of fixed or prefixed length.
func LeafHash(data ...[]byte) Hash {
	var buffer [512]byte
	b := append(buffer[:0], domainLeaf)
	for _, p := range data {
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}

// NodeHash returns SHA-256(0x01 ‖ l ‖ r), the inner hash of RFC 6962.
func NodeHash(l, r Hash) Hash {
	var b [65]byte
	b[0] = domainNode
	copy(b[1:], l[:])
	copy(b[33:], r[:])
	return sha256.Sum256(b[:])
}

// MerkleRoot returns the RFC 6962 tree head over leaves that are already hashed: the left subtree of n leaves has the
// largest power of two below n. No leaves give SHA-256 of the empty string.
func MerkleRoot(leaves []Hash) Hash {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	return subtreeRoot(leaves)
}

// subtreeRoot is MerkleRoot of at least one leaf, in one pass with a stack of at most 64 complete subtrees.
func subtreeRoot(leaves []Hash) Hash {
	var stack [64]Hash
	depth := 0
	for i, leaf := range leaves {
		node := leaf
		for j := i; j&1 == 1; j >>= 1 {
			depth--
			node = NodeHash(stack[depth], node)
		}
		stack[depth] = node
		depth++
	}
	node := stack[depth-1]
	for i := depth - 2; i >= 0; i-- {
		node = NodeHash(stack[i], node)
	}
	return node
}

// splitPoint returns the largest power of two below n, for n ≥ 2.
func splitPoint(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// MerklePath returns the audit path of leaf index: the siblings from the leaf's to the root's children.
func MerklePath(leaves []Hash, index int) ([]Hash, error) {
	if index < 0 || index >= len(leaves) {
		return nil, fmt.Errorf("%w: index %d of a tree of %d leaves", ErrMerkleProof, index, len(leaves))
	}
	var down []Hash
	for len(leaves) > 1 {
		k := int(splitPoint(uint64(len(leaves))))
		if index < k {
			down = append(down, subtreeRoot(leaves[k:]))
			leaves = leaves[:k]
		} else {
			down = append(down, subtreeRoot(leaves[:k]))
			leaves, index = leaves[k:], index-k
		}
	}
	for i, j := 0, len(down)-1; i < j; i, j = i+1, j-1 {
		down[i], down[j] = down[j], down[i]
	}
	return down, nil
}

// VerifyPath checks that leaf stands at index in the tree of count leaves with the given root (RFC 9162, section
// 2.1.3.2). An index outside the tree, a path too short or too long, and another root are all ErrMerkleProof.
func VerifyPath(root, leaf Hash, index, count uint64, path []Hash) error {
	node, err := pathRoot(leaf, index, count, path)
	if err != nil {
		return err
	}
	if node != root {
		return fmt.Errorf("%w: path leads to %s instead of %s", ErrMerkleProof, node, root)
	}
	return nil
}

// pathRoot returns the root that a leaf and its path lead to.
func pathRoot(leaf Hash, index, count uint64, path []Hash) (Hash, error) {
	if index >= count {
		return Hash{}, fmt.Errorf("%w: index %d of a tree of %d leaves", ErrMerkleProof, index, count)
	}
	fn, sn, node := index, count-1, leaf
	for i, sibling := range path {
		if sn == 0 {
			return Hash{}, fmt.Errorf("%w: path has %d hashes, %d are enough for index %d of %d", ErrMerkleProof, len(path), i,
				index, count)
		}
		if fn&1 == 1 || fn == sn {
			node = NodeHash(sibling, node)
			for fn&1 == 0 && fn != 0 {
				fn >>= 1
				sn >>= 1
			}
		} else {
			node = NodeHash(node, sibling)
		}
		fn >>= 1
		sn >>= 1
	}
	if sn != 0 {
		return Hash{}, fmt.Errorf("%w: path of %d hashes is too short for index %d of %d", ErrMerkleProof, len(path), index,
			count)
	}
	return node, nil
}
