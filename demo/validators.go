package demo

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	attributiontypes "github.com/openledger/openledger/x/attribution/types"
)

const (
	// maxValidators fit on one machine.
	maxValidators = 7
	// disputeWindow of a demo with attestation: validators are paid when it has passed.
	disputeWindow = 8 * time.Second
	payBlocks     = 5
)

// attests reports whether validators attest the receipts, instead of the chain verifying inline evidence.
func (w *world) attests() bool { return w.opts.validators > 1 || w.opts.lora }

// faultyNode is a node that misbehaves when it is told to. Releases have none: make faults builds it.
const faultyNode = "openledgerd-faults"

// genesisParams shorten what a demo cannot wait for.
func (w *world) genesisParams() []string {
	var edits []string
	if w.attests() {
		edits = append(edits, "attribution.dispute_window="+disputeWindow.String(),
			"attribution.attest_pay_blocks="+strconv.Itoa(payBlocks))
	}
	if w.opts.review {
		edits = append(edits, reviewParams...)
	}
	var args []string
	for _, edit := range edits {
		args = append(args, "--param", edit)
	}
	return args
}

// attestorURL is where the attestor of a node takes evidence.
func (w *world) attestorURL(node int) string { return "http://" + w.address(10*node+4) }

// gatewayEvidence are the flags by which the gateway proves its receipts.
func (w *world) gatewayEvidence() []string {
	if !w.attests() {
		return nil
	}
	args := []string{"--evidence", "attested"}
	for node := range w.opts.validators {
		args = append(args, "--attestor", w.attestorURL(node))
	}
	return args
}

// runOthers starts the validators beside the first.
func (w *world) runOthers() error {
	binary, err := findBinary("openledgerd")
	if err != nil {
		return err
	}
	for node := 1; node < w.opts.validators; node++ {
		program, args := binary, []string{"start", "--home", filepath.Join(w.home, "node"+strconv.Itoa(node))}
		if faulty, err := findBinary(faultyNode); err == nil && node == w.opts.validators-1 {
			// The attestor of the last one says the opposite of what it finds.
			program, args, w.liar = faulty, append(args, "--attestor.fault", "lie"), node
		}
		p, err := start(w.home, "openledgerd-"+strconv.Itoa(node), w.opts.keep, program, args...)
		if err != nil {
			return err
		}
		w.others = append(w.others, p)
	}
	return nil
}

// attestors prints what validators said and what it earned them, when the dispute windows have closed.
func (w *world) attestors(ctx context.Context, exchanges []exchange) error {
	if !w.attests() {
		return nil
	}
	w.progress("waiting   for the dispute window, after which validators are paid")
	limit, cancel := context.WithTimeout(ctx, recordLimit+disputeWindow)
	defer cancel()
	var found []attributiontypes.Attestor
	for {
		response, err := w.chain.Attribution.Attestors(limit,
			&attributiontypes.QueryAttestorsRequest{Pagination: &query.PageRequest{Limit: maxValidators}})
		if err != nil {
			return err
		}
		found = response.Attestors
		if counted := mostCounted(found); counted >= uint64(len(batchesOf(exchanges))) {
			break
		}
		select {
		case <-limit.Done():
			return fmt.Errorf("validators are not paid: %w", limit.Err())
		case <-time.After(recordPoll):
		}
	}
	names, err := w.operators()
	if err != nil {
		return err
	}
	w.print.title("Validators")
	w.print.printf("   More than two thirds of the power recomputed the receipts, batch by batch (%d), and said yes.\n",
		len(batchesOf(exchanges)))
	tab := tabwriter.NewWriter(w.print.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tab, "\n   validator\tattestor\tverdicts counted\tOPEN earned\n")
	for _, a := range found {
		name, conduct := names[a.Operator], "honest"
		if w.liar > 0 && name == "node"+strconv.Itoa(w.liar) {
			conduct = "lies"
		}
		fmt.Fprintf(tab, "   %s\t%s\t%d\t%s\n", name, conduct, a.Counted, openAmount(a.Earned))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	if w.liar == 0 {
		w.print.printf("   All of them are honest: beside %s, which `make faults` builds, one of them lies.\n", faultyNode)
		return nil
	}
	w.print.printf(
		"   The liar's stake is untouched and its no changed nothing; its part of the pay went to the bounty pool.\n")
	return nil
}

func mostCounted(attestors []attributiontypes.Attestor) uint64 {
	most := uint64(0)
	for _, a := range attestors {
		most = max(most, a.Counted)
	}
	return most
}

func batchesOf(exchanges []exchange) map[uint64]bool {
	batches := make(map[uint64]bool)
	for _, e := range exchanges {
		batches[e.receipt.BatchId] = true
	}
	return batches
}

// operators names the validators by their address.
func (w *world) operators() (map[string]string, error) {
	names := make(map[string]string)
	for _, node := range w.layout {
		account, err := sdk.AccAddressFromBech32(node.Operator)
		if err != nil {
			return nil, err
		}
		names[sdk.ValAddress(account).String()] = node.Name
	}
	return names, nil
}
