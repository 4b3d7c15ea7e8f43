package x402_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/x402"
)

// example is a header of the specification with what it holds.
type example struct {
	Header string          `json:"header"`
	Value  string          `json:"value"`
	JSON   json.RawMessage `json:"json"`
}

func examples(t testing.TB) []example {
	raw, err := os.ReadFile("testdata/examples.json")
	require.NoError(t, err)
	var file struct {
		Examples []example `json:"examples"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.Len(t, file.Examples, 4)
	return file.Examples
}

// TestExamplesOfTheSpecification reads the examples, and writes them again byte by byte.
func TestExamplesOfTheSpecification(t *testing.T) {
	for _, example := range examples(t) {
		var into any
		switch example.Header {
		case "PAYMENT-REQUIRED":
			into = new(x402.Required)
		case "PAYMENT-SIGNATURE":
			payment, err := x402.ParsePayment(example.Value)
			require.NoError(t, err)
			require.Equal(t, "eip155:84532", payment.Accepted.Network)
			into = new(x402.Payment)
		case "PAYMENT-RESPONSE":
			into = new(x402.Settlement)
		}
		require.NoError(t, x402.Decode(example.Value, into), example.Header)
		encoded, err := x402.Encode(into)
		require.NoError(t, err)
		written, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		require.JSONEq(t, string(example.JSON), string(written))
		require.Equal(t, example.Value, encoded)
	}
}

func TestHostilePayments(t *testing.T) {
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	long, deep := strings.Repeat("x", 20_000), strings.Repeat("[", 500)+strings.Repeat("]", 500)
	for name, c := range map[string]struct{ header, reason string }{
		"empty":           {"", x402.InvalidPayload},
		"not base64":      {"{}", x402.InvalidPayload},
		"URL-safe base64": {"e30_", x402.InvalidPayload},
		"not JSON":        {encoded("x"), x402.InvalidPayload},
		"not an object":   {encoded("[2]"), x402.InvalidPayload},
		"two values":      {encoded(`{"x402Version":2}{}`), x402.InvalidPayload},
		"a name twice":    {encoded(`{"x402Version":2,"x402Version":2}`), x402.InvalidPayload},
		"half a pair":     {encoded(`{"x402Version":2,"resource":{"url":"\ud800"}}`), x402.InvalidPayload},
		"another type":    {encoded(`{"x402Version":"2"}`), x402.InvalidPayload},
		"version 1":       {encoded(`{"x402Version":1}`), x402.InvalidVersion},
		"no version":      {encoded(`{}`), x402.InvalidVersion},
		"huge":            {encoded(`{"x402Version":2,"payload":"` + long + `"}`), x402.InvalidPayload},
		"deep":            {encoded(`{"x402Version":2,"payload":` + deep + `}`), x402.InvalidPayload},
	} {
		_, err := x402.ParsePayment(c.header)
		var refused *x402.Error
		require.True(t, errors.As(err, &refused), name)
		require.Equal(t, c.reason, refused.Reason, name)
		require.NotEmpty(t, refused.Error())
	}
}

func TestNetworkNames(t *testing.T) {
	for chainID, want := range map[string]string{ // of CAIP-5
		"openledger-1":   "cosmos:openledger-1",
		"cosmoshub-3":    "cosmos:cosmoshub-3",
		"hashed":         "cosmos:hashed",
		"hash-":          "cosmos:hash-",
		"hashed-":        "cosmos:hashed-c904589232422def",
		"hashed-123":     "cosmos:hashed-99df5cd68192b33e",
		"wonderland🧝‍♂️": "cosmos:hashed-843d2fc87f40eeb9",
		"123456789012345678901234567890123456789012345678": "cosmos:hashed-0204c92a0388779d",
	} {
		require.Equal(t, want, x402.Network(chainID))
	}
}

func FuzzParsePayment(f *testing.F) {
	for _, example := range examples(f) {
		f.Add(example.Value)
	}
	f.Fuzz(func(t *testing.T, header string) {
		payment, err := x402.ParsePayment(header)
		if err != nil {
			require.ErrorAs(t, err, new(*x402.Error))
			return
		}
		encoded, err := x402.Encode(payment)
		require.NoError(t, err)
		again, err := x402.ParsePayment(encoded)
		if err == nil { // the header may be longer when it is written again, and refused
			require.Equal(t, payment.Accepted.Network, again.Accepted.Network)
			require.Equal(t, payment.Accepted.Amount, again.Accepted.Amount)
		}
	})
}
