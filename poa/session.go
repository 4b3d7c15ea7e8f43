package poa

import (
	"crypto/sha256"
	"encoding/binary"
)

// Call is what a payer authorises before it is answered.
type Call struct {
	// QueryHash commits to the prompt, which stays private.
	QueryHash Hash
	// MaxFee bounds the fee of this call, in aopen.
	MaxFee Amount
}

// Hash returns SHA-256("openledger/call/v1" ‖ query hash ‖ maximum fee as 16 bytes).
func (c Call) Hash() Hash {
	fee := c.MaxFee.Bytes16()
	return hashConcat([]byte("openledger/call/v1"), c.QueryHash[:], fee[:])
}

// AckCall is the call hash of a gap leaf that only acknowledges the answer before it: SHA-256("openledger/ack/v1").
var AckCall = hashConcat([]byte("openledger/ack/v1"))

// Outcome is what came of a call. The zero value stands for a gap and for the time before the first call.
type Outcome struct {
	// AnswerRoot is the root over the answer's salted tokens, see AnswerRoot.
	AnswerRoot Hash
	// InputTokens and OutputTokens are the model's tokens that are billed.
	InputTokens, OutputTokens uint32
	// Fee is what the call costs, in aopen.
	Fee Amount
}

// NextHash returns the head of a session's chain after one more call (README.md, section 5): h_n =
// SHA-256("openledger/chain/v1" ‖ h_{n-1} ‖ call_n ‖ answer_root_{n-1} ‖ be32 input ‖ be32 output ‖ fee_{n-1} as 16
// bytes). last is the outcome of the call before it: signing h_n acknowledges that answer.
func NextHash(prev, call Hash, last Outcome) Hash {
	var buffer [160]byte
	b := append(buffer[:0], "openledger/chain/v1"...)
	b = append(b, prev[:]...)
	b = append(b, call[:]...)
	return sha256.Sum256(last.append(b))
}

// append appends answer root ‖ be32 input tokens ‖ be32 output tokens ‖ fee as 16 bytes.
func (o Outcome) append(b []byte) []byte {
	fee := o.Fee.Bytes16()
	b = append(b, o.AnswerRoot[:]...)
	b = binary.BigEndian.AppendUint32(b, o.InputTokens)
	b = binary.BigEndian.AppendUint32(b, o.OutputTokens)
	return append(b, fee[:]...)
}
