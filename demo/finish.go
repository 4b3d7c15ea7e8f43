package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	sdkmath "cosmossdk.io/math"

	"google.golang.org/grpc/metadata"

	grpctypes "github.com/cosmos/cosmos-sdk/types/grpc"

	"github.com/openledger/openledger/openlora/session"
)

// atHeight makes queries read the state of one block.
func atHeight(ctx context.Context, height int64) context.Context {
	return metadata.AppendToOutgoingContext(ctx, grpctypes.GRPCBlockHeightHeader, strconv.FormatInt(height, 10))
}

// report prints what happened.
func (w *world) report(ctx context.Context, client *session.Client, exchanges []exchange, supplyBefore sdkmath.Int) error {
	names := make(map[string]string)
	accounts := make([]account, len(w.authors))
	for i, author := range w.authors {
		after, err := w.wealth(ctx, author)
		if err != nil {
			return err
		}
		names[author.account.String()] = author.name
		accounts[i] = account{name: author.name, address: author.account.String(), before: author.before, after: after}
	}
	supplyAfter, err := w.supply(ctx)
	if err != nil {
		return err
	}
	for _, e := range exchanges {
		w.print.answer(e)
		w.print.table(e, names, accounts)
		w.print.split(e)
		w.print.printf("\n   block %d, %d after the answer; tx %s\n   receipt %s\n", e.receipt.Height, e.receipt.Height-e.answered, e.tx, e.receipt.Id)
	}
	if err := w.attestors(ctx, exchanges); err != nil {
		return err
	}
	invariants := w.checkInvariants(ctx, exchanges)
	w.summary(client, supplyBefore, supplyAfter.Supply, invariants)
	if w.opts.json {
		result := newResult(exchanges, supplyBefore, supplyAfter.Supply, invariants == nil)
		result.Review = w.review.result()
		if err := json.NewEncoder(w.opts.result).Encode(result); err != nil {
			return err
		}
	}
	return invariants
}

func (w *world) summary(client *session.Client, before, after sdkmath.Int, invariants error) {
	w.print.title("Chain")
	w.print.printf("   supply      %s → %s OPEN\n", openAmount(before), openAmount(after))
	if invariants == nil {
		w.print.printf("   invariants  hold: fees divided without rest, bonus within the burn, accounts hold what they owe\n")
	} else {
		w.print.printf("   invariants  BROKEN: %v\n", invariants)
	}
	w.print.printf("   REST        http://%s   Swagger http://%s/swagger/openledger/\n", w.address(2), w.address(2))
	w.print.printf("   RPC         http://%s   gRPC %s\n", w.address(1), w.address(3))
	w.print.printf("   gateway     %s/v1\n", w.gatewayURL())
	if w.opts.keep {
		w.print.title("Still running")
		w.print.printf("   session     %s\n", client.State.ID)
		w.print.printf("   query       openledgerd query attribution receipt %s-1 --node tcp://%s\n", client.State.ID, w.address(1))
		w.print.printf("   ask         openlorad ask \"…\" --from node0 --keyring-backend test --keyring-dir %s --node %s --gateway %s\n", filepath.Join(w.home, "node0"), w.address(3), w.gatewayURL())
		w.print.printf("   stop        kill %s; rm -r %s\n", w.pids(), w.home)
	}
	w.print.printf("\n%s\n", fmt.Sprintf("done in %.1f s", sinceSeconds(w)))
}

// pids of all processes of the demo.
func (w *world) pids() string {
	var pids []string
	for _, p := range append([]*process{w.gateway, w.node}, w.others...) {
		pids = append(pids, strconv.Itoa(p.cmd.Process.Pid))
	}
	return strings.Join(pids, " ")
}
