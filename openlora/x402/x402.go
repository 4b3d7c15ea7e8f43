// Package x402 holds the headers of paid HTTP requests and their responses in version 2 of x402
// (https://github.com/x402-foundation/x402). Each of the three is JSON in base64.
//
//	PAYMENT-REQUIRED    from the server, with status 402: the ways to pay that it accepts
//	PAYMENT-SIGNATURE   from the client: the way that it chose, and the payment
//	PAYMENT-RESPONSE    from the server, with the resource or an error: the outcome of the payment
package x402

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/openledger/openledger/openlora/api"
)

// Version of the protocol.
const Version = 2

// Names of the headers.
const (
	HeaderRequired  = "Payment-Required"
	HeaderSignature = "Payment-Signature"
	HeaderResponse  = "Payment-Response"
)

// SchemeBatch is the scheme in which a request carries a commitment that is settled later, with others.
const SchemeBatch = "batch-settlement"

// Reasons why a payment fails, as the specification names them.
const (
	InsufficientFunds     = "insufficient_funds"
	InvalidNetwork        = "invalid_network"
	InvalidPayload        = "invalid_payload"
	InvalidRequirements   = "invalid_payment_requirements"
	InvalidScheme         = "invalid_scheme"
	InvalidVersion        = "invalid_x402_version"
	UnexpectedVerifyError = "unexpected_verify_error"
	UnexpectedSettleError = "unexpected_settle_error"
)

// Required is the payment that a server wants.
type Required struct {
	X402Version int                        `json:"x402Version"`
	Error       string                     `json:"error,omitempty"`
	Resource    Resource                   `json:"resource"`
	Accepts     []Requirements             `json:"accepts"`
	Extensions  map[string]json.RawMessage `json:"extensions,omitempty"`
}

// Resource is what is paid for.
type Resource struct {
	URL         string `json:"url"`
	Description string `json:"description,omitempty"`
	MimeType    string `json:"mimeType,omitempty"`
}

// Requirements are one way to pay.
type Requirements struct {
	Scheme            string          `json:"scheme"`
	Network           string          `json:"network"` // CAIP-2
	Amount            string          `json:"amount"`  // in the asset's smallest unit
	Asset             string          `json:"asset"`
	PayTo             string          `json:"payTo"`
	MaxTimeoutSeconds int             `json:"maxTimeoutSeconds"`
	Extra             json.RawMessage `json:"extra,omitempty"`
}

// Payment is a client's payment. Scheme and network decide what the payload holds.
type Payment struct {
	X402Version int                        `json:"x402Version"`
	Resource    *Resource                  `json:"resource,omitempty"`
	Accepted    Requirements               `json:"accepted"`
	Payload     json.RawMessage            `json:"payload"`
	Extensions  map[string]json.RawMessage `json:"extensions,omitempty"`
}

// Settlement is the outcome of a payment. Transaction is empty if the payment failed.
type Settlement struct {
	Success     bool   `json:"success"`
	ErrorReason string `json:"errorReason,omitempty"`
	Transaction string `json:"transaction"`
	Network     string `json:"network"`
	Payer       string `json:"payer,omitempty"`
	Amount      string `json:"amount,omitempty"`
}

// Error says why a payment cannot be read.
type Error struct {
	Reason  string // one of the reasons above
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Encode returns the value of a header.
func Encode(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(bytes.TrimSpace(text.Bytes())), nil
}

// Decode reads the value of a header.
func Decode(header string, into any) error {
	text, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		return fmt.Errorf("the header is not base64: %w", err)
	}
	return api.Decode(text, into)
}

// maxPayment bounds the header of a payment, in bytes: a voucher takes less than 2 KiB.
const maxPayment = 16 << 10

// ParsePayment reads PAYMENT-SIGNATURE and checks its version. The server must check what is accepted, and the payload.
func ParsePayment(header string) (*Payment, error) {
	if len(header) > maxPayment {
		return nil, &Error{InvalidPayload, fmt.Sprintf("the header has %d bytes: send at most %d", len(header), maxPayment)}
	}
	var payment Payment
	if err := Decode(strings.TrimSpace(header), &payment); err != nil {
		return nil, &Error{InvalidPayload, err.Error()}
	}
	if payment.X402Version != Version {
		return nil, &Error{InvalidVersion, fmt.Sprintf("x402Version is %d: use %d", payment.X402Version, Version)}
	}
	return &payment, nil
}

// reference matches the chain ids that a CAIP-2 name holds unchanged.
var reference = regexp.MustCompile(`^[-a-zA-Z0-9]{1,32}$`)

// hashed begins the reference of any other chain id.
const hashed = "hashed-"

// Network returns the CAIP-2 name of a Cosmos chain, as CAIP-5 defines it.
func Network(chainID string) string {
	if reference.MatchString(chainID) && !strings.HasPrefix(chainID, hashed) {
		return "cosmos:" + chainID
	}
	sum := sha256.Sum256([]byte(chainID))
	return "cosmos:" + hashed + hex.EncodeToString(sum[:8])
}
