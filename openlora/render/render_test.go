package render_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/openledger/openledger/openlora/api"
	"github.com/openledger/openledger/openlora/render"
)

// TestSilenceHasNoReceipt: an id would look like something that is paid and can be looked up.
func TestSilenceHasNoReceipt(t *testing.T) {
	shown := func(proof api.Answer) string {
		var out strings.Builder
		render.Answer(&out, "The sources say nothing.", proof, false)
		render.Receipt(&out, proof)
		return out.String()
	}
	silent := shown(api.Answer{ReceiptID: "ab12-3", Fee: "0", Gap: true})
	require.Contains(t, silent, "fee      nothing: there is no answer to pay for\n")
	require.Contains(t, silent, "receipt  none: nothing is paid\n")
	require.NotContains(t, silent, "ab12-3")
	require.Contains(t, shown(api.Answer{ReceiptID: "ab12-3", Fee: "5"}), "receipt  ab12-3\n")
}
