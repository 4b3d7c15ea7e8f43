package poa

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Salt hides a token in its leaf. Vocabularies can be enumerated, so every position has its own 128 bits.
type Salt [16]byte

// PositionSalt returns the first 16 bytes of HMAC-SHA256(callKey, "openledger/salt/v1" ‖ be32 position). The call key
// is known to payer and provider only; one salt tells nothing about the others.
func PositionSalt(callKey [32]byte, position uint32) Salt {
	m := hmac.New(sha256.New, callKey[:])
	return saltFrom(m, position)
}

// saltFrom resets m, an HMAC under the call key, and computes one salt.
func saltFrom(m hash.Hash, position uint32) Salt {
	var input [22]byte
	copy(input[:], "openledger/salt/v1")
	binary.BigEndian.PutUint32(input[18:], position)
	m.Reset()
	m.Write(input[:])
	var sum [sha256.Size]byte
	var salt Salt
	copy(salt[:], m.Sum(sum[:0]))
	return salt
}

// AnswerLeaf returns LeafHash(be32 position ‖ be64 token ‖ salt).
func AnswerLeaf(position uint32, token TokenID, salt Salt) Hash {
	var b [29]byte
	b[0] = domainLeaf
	binary.BigEndian.PutUint32(b[1:], position)
	binary.BigEndian.PutUint64(b[5:], uint64(token))
	copy(b[13:], salt[:])
	return sha256.Sum256(b[:])
}

// markedPosition is the position in the leaf of a token with marks: they are its two highest bits.
func markedPosition(position uint32, marks uint8) uint32 { return position | uint32(marks)<<30 }

// AnswerLeaves returns the salted leaf of every token.
func AnswerLeaves(callKey [32]byte, tokens []TokenID) []Hash {
	return MarkedAnswerLeaves(callKey, tokens, nil)
}

// MarkedAnswerLeaves is AnswerLeaves of tokens with marks, one for each or nil for none: an answer by method MEANING
// commits them.
func MarkedAnswerLeaves(callKey [32]byte, tokens []TokenID, marks []uint8) []Hash {
	leaves := make([]Hash, len(tokens))
	m := hmac.New(sha256.New, callKey[:])
	for i, t := range tokens {
		position := uint32(i)
		if marks != nil {
			position = markedPosition(position, marks[i])
		}
		leaves[i] = AnswerLeaf(position, t, saltFrom(m, uint32(i)))
	}
	return leaves
}

// AnswerRoot returns the commitment to an answer: SHA-256(0x03 ‖ be32 number of tokens ‖ MerkleRoot(AnswerLeaves)).
func AnswerRoot(callKey [32]byte, tokens []TokenID) Hash {
	return MarkedAnswerRoot(callKey, tokens, nil, 0)
}

// MarkedAnswerRoot is AnswerRoot of tokens with marks, one for each or nil for none, and a weight, which stands behind
// the Merkle root as be32 if it is not 0.
func MarkedAnswerRoot(callKey [32]byte, tokens []TokenID, marks []uint8, weight uint32) Hash {
	return answerRoot(uint32(len(tokens)), weight, MerkleRoot(MarkedAnswerLeaves(callKey, tokens, marks)))
}

// TextRoot returns the commitment to the text of an answer under a method.
func TextRoot(callKey [32]byte, text []byte, method uint8) Hash {
	if ByMeaning(method) {
		return MarkedAnswerRoot(callKey, TokenIDs(text), Marks(text), Weight(text))
	}
	return AnswerRoot(callKey, TokenIDs(text))
}

func answerRoot(count, weight uint32, tree Hash) Hash {
	b := make([]byte, 0, 41)
	b = binary.BigEndian.AppendUint32(append(b, domainAnswer), count)
	b = append(b, tree[:]...)
	if weight != 0 {
		b = binary.BigEndian.AppendUint32(b, weight)
	}
	return sha256.Sum256(b)
}
