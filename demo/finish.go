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
func (w *world) report(ctx context.Context, client *session.Client, exchanges []exchange,
	supplyBefore sdkmath.Int) error {
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
		w.print.printf("\n   block %d, %d after the answer; tx %s\n   receipt %s\n", e.receipt.Height,
			e.receipt.Height-e.answered, e.tx, e.receipt.Id)
	}
	if err := w.attestors(ctx, exchanges); err != nil {
		return err
	}
	invariants := w.checkInvariants(ctx, exchanges)
	w.summary(client, supplyBefore, supplyAfter.Supply, invariants)
	if w.opts.json {
		result := newResult(exchanges, supplyBefore, supplyAfter.Supply, invariants == nil)
		result.Review, result.Running = w.review.result(), w.running()
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
		w.print.printf("   query       openledgerd query attribution receipt %s-1 --node tcp://%s\n", client.State.ID,
			w.address(1))
		account := fmt.Sprintf("--from node0 --keyring-backend test --keyring-dir %s --node %s",
			filepath.Join(w.home, "node0"), w.address(3))
		w.print.printf("   ask         openlorad ask %q %s --gateway %s\n", w.source.questions[0], account, w.gatewayURL())
		w.print.printf("   connect     openlorad connect %s --allow-private --home %s\n", account,
			filepath.Join(w.home, "client"))
		w.print.printf("   then        curl http://127.0.0.1:11435/v1/chat/completions -d '%s'\n",
			chatBody(w.source.questions[0]))
		w.print.printf("   stop        kill %s; rm -r %s\n", strings.Trim(fmt.Sprint(w.pids()), "[]"), w.home)
	}
	w.print.printf("\n%s\n", fmt.Sprintf("done in %.1f s", sinceSeconds(w)))
}

// chatBody is a request as people type it.
func chatBody(question string) string {
	// it is text
	body, _ := json.Marshal(map[string]any{"messages": []map[string]string{{"role": "user", "content": question}}})
	// which would end the shell's word
	return strings.ReplaceAll(string(body), "'", "’")
}

// pids of all processes of the demo.
func (w *world) pids() []int {
	var pids []int
	for _, p := range append([]*process{w.gateway, w.node}, w.others...) {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}
