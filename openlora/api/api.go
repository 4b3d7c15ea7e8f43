// Package api holds the messages between the gateway and its clients: OpenAI's chat completions with one more field,
// "openledger".
package api

import "github.com/openledger/openledger/poa"

// Call is the voucher that pays for a question, which is call N of a session.
type Call struct {
	Session       poa.Hash `json:"session"`
	CallKey       poa.Hash `json:"call_key"` // fresh random bytes; answer salts derive from it
	N             uint64   `json:"n"`
	MaxFee        string   `json:"max_fee"`        // aopen
	CumulativeMax string   `json:"cumulative_max"` // aopen
	Head          poa.Hash `json:"head"`
	Signature     []byte   `json:"signature"`
}

// Acknowledgement is the body of POST /v1/openledger/sessions/{id}/voucher: a voucher that acknowledges the last answer
// and asks nothing. Its call is a gap leaf.
type Acknowledgement struct {
	N             uint64   `json:"n"`
	CumulativeMax string   `json:"cumulative_max"`
	Head          poa.Hash `json:"head"`
	Signature     []byte   `json:"signature"`
}

// ChatResponse is a whole answer, or a chunk of a streamed one.
type ChatResponse struct {
	ID         string   `json:"id"`
	Object     string   `json:"object"`
	Created    int64    `json:"created"`
	Model      string   `json:"model"`
	Choices    []Choice `json:"choices"`
	Usage      *Usage   `json:"usage,omitempty"`
	OpenLedger *Answer  `json:"openledger,omitempty"`
}

// Choice is the one answer, or a piece of it.
type Choice struct {
	Index        int      `json:"index"`
	Message      *Message `json:"message,omitempty"`
	Delta        *Delta   `json:"delta,omitempty"`
	Text         *string  `json:"text,omitempty"` // of POST /v1/completions
	FinishReason *string  `json:"finish_reason"`
}

// Delta is a piece of a streamed answer. Empty fields are left out: clients read an empty role as one that they do not
// know.
type Delta struct {
	Role      string          `json:"role,omitempty"`
	Content   string          `json:"content,omitempty"`
	ToolCalls []ToolCallDelta `json:"tool_calls,omitempty"`
}

// ToolCallDelta is a tool call with its place among those of the answer. It is sent whole, not in pieces.
type ToolCallDelta struct {
	Index int `json:"index"`
	ToolCall
}

// Usage counts canonical tokens, as they are billed.
type Usage struct {
	PromptTokens     uint32 `json:"prompt_tokens"`
	CompletionTokens uint32 `json:"completion_tokens"`
	TotalTokens      uint32 `json:"total_tokens"`
}

// Answer is the proof of an answer: what is signed, what it costs, and who is paid.
type Answer struct {
	ReceiptID       string   `json:"receipt_id"`
	Session         poa.Hash `json:"session"`
	N               uint64   `json:"n"`
	AnswerRoot      poa.Hash `json:"answer_root"`
	EvidenceRoot    poa.Hash `json:"evidence_root"`
	InputTokens     uint32   `json:"input_tokens"`
	OutputTokens    uint32   `json:"output_tokens"`
	Fee             string   `json:"fee"` // aopen
	AnswerSignature []byte   `json:"answer_signature"`
	UnattributedPPM uint32   `json:"unattributed_ppm"`
	Spans           []Span   `json:"spans"`
	Sources         []Source `json:"sources"`
	// Gap says that the sources say nothing about the question. There is no answer to pay for: nothing is charged,
	// nothing is signed, and no source is named. The client continues from a gap leaf, as after a call that failed.
	Gap bool `json:"gap,omitempty"`
}

// Span is a passage of the answer that a segment explains.
type Span struct {
	Start        int    `json:"start"` // bytes of the answer
	End          int    `json:"end"`
	Contribution uint64 `json:"contribution"`
	Contributor  string `json:"contributor"`
	DatanetID    uint64 `json:"datanet_id"`
	Segment      uint32 `json:"segment"`
	Offset       uint32 `json:"offset"` // token of the segment
	ScoreBits    uint32 `json:"score_bits"`
	Window       bool   `json:"window,omitempty"` // paid for the meaning of the passage, not for its wording
}

// Source is a contribution that is paid for the answer.
type Source struct {
	Contribution uint64 `json:"contribution"`
	Contributor  string `json:"contributor"`
	DatanetID    uint64 `json:"datanet_id"`
	Title        string `json:"title"`
	Licence      string `json:"licence"`
	WeightPPM    uint32 `json:"weight_ppm"`
	LoraPPM      uint32 `json:"lora_ppm,omitempty"` // part of WeightPPM, for training the adapter; it earns no bonus
}

// ReceiptStatus is what the gateway knows about a receipt.
type ReceiptStatus struct {
	ReceiptID string `json:"receipt_id"`
	Status    string `json:"status"` // unacknowledged, pending, submitted, attesting, final, refused, gap
	BatchID   uint64 `json:"batch_id,omitempty"`
	Height    int64  `json:"height,omitempty"`
	TxHash    string `json:"tx_hash,omitempty"`
	Error     string `json:"error,omitempty"`
}

// SessionStatus is the state of a session as the gateway knows it.
type SessionStatus struct {
	Session poa.Hash `json:"session"`
	N       uint64   `json:"n"`
	Head    poa.Hash `json:"head"`
	Spent   string   `json:"spent"` // aopen
	Gap     bool     `json:"gap"`   // the last call has no answer
}

// ModelList answers GET /v1/models.
type ModelList struct {
	Object string  `json:"object"`
	Data   []Model `json:"data"`
}

// Model is a model that the gateway serves.
type Model struct {
	ID         string     `json:"id"`
	Object     string     `json:"object"`
	Created    int64      `json:"created"`
	OwnedBy    string     `json:"owned_by"`
	OpenLedger *ModelInfo `json:"openledger,omitempty"`
}

// ModelInfo is what a client needs to open a session.
type ModelInfo struct {
	ModelID  uint64 `json:"model_id"`
	Version  uint32 `json:"version"`
	Name     string `json:"name"`
	Provider string `json:"provider"`
	ChainID  string `json:"chain_id"`
	Segments int    `json:"segments"`
	// Fence of the gateway, in hex. A session that names it when it is opened is with this gateway, and with no other one
	// of the provider.
	Fence string `json:"fence,omitempty"`
	// Training is in the answer to GET /v1/models/{id} alone, for adapters with a training record.
	Training *Training `json:"training,omitempty"`
}

// Training is what the chain knows of the training of an adapter.
type Training struct {
	BaseDigest string `json:"base_digest"` // SHA-256 of the base's files, in hex
	Rows       uint32 `json:"rows"`        // contributions that it was trained on
	// Matching and Different count the providers who have trained it again and have got the same files, or others.
	Matching      uint32         `json:"matching"`
	Different     uint32         `json:"different"`
	Reproductions []Reproduction `json:"reproductions"`
}

// Reproduction is the result of a provider who has trained an adapter again.
type Reproduction struct {
	Provider string `json:"provider"`
	Matches  bool   `json:"matches"`
	Height   int64  `json:"height"`
	Note     string `json:"note,omitempty"`
}

// ErrorBody is an error in OpenAI's form.
type ErrorBody struct {
	Error Error `json:"error"`
}

// Error is an error of the gateway.
type Error struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    string  `json:"code"`
	// Gap says that the call was recorded as failed. The client continues from a gap leaf.
	Gap bool `json:"openledger_gap,omitempty"`
}

// Codes of errors after which a session takes no more calls: close it and open another.
const (
	CodeFenced     = "session_fenced"     // another gateway of the provider answers in it, or none does any more
	CodeBroken     = "session_broken"     // its receipts were refused
	CodeClosed     = "session_closed"     // its payer has closed it
	CodeAnswerKey  = "answer_key_changed" // it was opened for another answer key of the provider
	CodeTooManyGap = "too_many_gaps"      // too many of its calls in a row were not answered
)
