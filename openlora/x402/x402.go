// Package x402 holds what a paid HTTP request and its answer say to each other in version 2 of x402
// (https://github.com/x402-foundation/x402): three headers, each of them JSON in base64.
//
//	PAYMENT-REQUIRED    from the server, with status 402: what it wants for the resource
//	PAYMENT-SIGNATURE   from the client: which of that it takes, and what pays
//	PAYMENT-RESPONSE    from the server, with the resource or an error: what became of the payment
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

// Reasons why a payment fails that the specification names.
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

// Required is what a server wants.
type Required struct {
	X402Version int                        `json:"x402Version"`
	Error       string                     `json:"error,omitempty"`
	Resource    Resource                   `json:"resource"`
	Accepts     []Requirements             `json:"accepts"`
	Extensions  map[string]json.RawMessage `json:"extensions,omitempty"`
}

// Resource that is paid for.
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

// Payment is what a client pays with. What the payload holds is up to scheme and network.
type Payment struct {
	X402Version int                        `json:"x402Version"`
	Resource    *Resource                  `json:"resource,omitempty"`
	Accepted    Requirements               `json:"accepted"`
	Payload     json.RawMessage            `json:"payload"`
	Extensions  map[string]json.RawMessage `json:"extensions,omitempty"`
}

// Settlement is what became of a payment. Transaction is empty if it failed.
type Settlement struct {
	Success     bool   `json:"success"`
	ErrorReason string `json:"errorReason,omitempty"`
	Transaction string `json:"transaction"`
	Network     string `json:"network"`
	Payer       string `json:"payer,omitempty"`
	Amount      string `json:"amount,omitempty"`
}

// Error is a payment that cannot be read.
type Error struct {
	Reason  string // one of the specification's
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
		return fmt.Errorf("it is not base64: %w", err)
	}
	return api.Decode(text, into)
}

// maxPayment bounds the header of a payment, in bytes: a voucher takes less than 2 KiB.
const maxPayment = 16 << 10

// ParsePayment reads PAYMENT-SIGNATURE. It checks the version; what is accepted, and the payload, are the server's.
func ParsePayment(header string) (*Payment, error) {
	if len(header) > maxPayment {
		return nil, &Error{InvalidPayload, fmt.Sprintf("%d bytes, at most %d are read", len(header), maxPayment)}
	}
	var payment Payment
	if err := Decode(strings.TrimSpace(header), &payment); err != nil {
		return nil, &Error{InvalidPayload, err.Error()}
	}
	if payment.X402Version != Version {
		return nil, &Error{InvalidVersion, fmt.Sprintf("x402Version is %d, this is %d", payment.X402Version, Version)}
	}
	return &payment, nil
}

// reference is a chain id that stands in a CAIP-2 name as it is.
var reference = regexp.MustCompile(`^[-a-zA-Z0-9]{1,32}$`)

// hashed begins the references of other chain ids.
const hashed = "hashed-"

// Network is the CAIP-2 name of a Cosmos chain, as CAIP-5 has it.
func Network(chainID string) string {
	if reference.MatchString(chainID) && !strings.HasPrefix(chainID, hashed) {
		return "cosmos:" + chainID
	}
	sum := sha256.Sum256([]byte(chainID))
	return "cosmos:" + hashed + hex.EncodeToString(sum[:8])
}
