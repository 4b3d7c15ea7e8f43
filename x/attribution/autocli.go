package attribution

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/openledger/openledger/x/internal/modulekit"
)

// AutoCLIOptions describes the commands of the module.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.attribution.v1.Query",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "Query the parameters"},
				{RpcMethod: "Session", Use: "session ID", Short: "Query a session by its id in hex",
					PositionalArgs: modulekit.Args("session_id")},
				{RpcMethod: "SessionsByPayer", Use: "sessions PAYER", Short: "List the sessions of a payer",
					PositionalArgs: modulekit.Args("payer")},
				{RpcMethod: "Batch", Use: "batch ID", Short: "Query the header of a batch of receipts",
					PositionalArgs: modulekit.Args("batch_id")},
				{RpcMethod: "Batches", Use: "batches", Short: "List the batches in their dispute window"},
				{RpcMethod: "BatchBySeq", Use: "batch-by-seq PROVIDER SEQ",
					Short:          "Query the batch that a provider submitted under a number",
					PositionalArgs: modulekit.Args("provider", "provider_seq")},
				{RpcMethod: "Receipts", Use: "receipts BATCH-ID", Short: "List the receipts of a batch",
					PositionalArgs: modulekit.Args("batch_id")},
				{
					RpcMethod: "BatchCredits", Use: "batch-credits BATCH-ID", Short: "List what a batch has credited to whom",
					Long: "List what a batch in its dispute window has credited to each account, by role, model and " +
						"DataNet. The bonus is what was asked for; the token bucket of the block may have granted less (`openlorad " +
						"earnings` tells). Owners of models are those of the height asked.",
					Example: "openledgerd query attribution batch-credits 12\n" +
						"openledgerd query attribution batch-credits 12 --address open1… --height 345",
					PositionalArgs: modulekit.Args("batch_id"),
				},
				{
					RpcMethod: "Receipt", Use: "receipt ID", Short: "Query a receipt and how it was paid",
					Long: "Query a receipt in its dispute window by SESSION-CALL, and how it was paid. Later it can be " +
						"proved with verify-receipt and a proof from an indexer.",
					Example:        "openledgerd query attribution receipt 5f3c…-1",
					PositionalArgs: modulekit.Args("id"),
				},
				{
					RpcMethod: "VerifyReceipt", Use: "verify-receipt PROOF",
					Short: "Check a proof of a receipt of any age against the chain",
					Long: "Check a proof of a receipt against the peaks over all batches that are kept in state. " +
						"Gateways and indexers serve proofs as JSON.",
					Example: "openledgerd query attribution verify-receipt \"$(curl -s " +
						"http://127.0.0.1:8080/v1/openledger/receipts/ID/proof)\"",
					PositionalArgs: modulekit.Args("proof"),
				},
				{RpcMethod: "Disputes", Use: "disputes", Short: "List the disputes that are committed and not revealed"},
				{RpcMethod: "Attestation", Use: "attestation", Short: "Query the window of open items and its clock"},
				{RpcMethod: "Items", Use: "items", Short: "List what validators are asked: batches to verify and DataNet " +
					"versions to hold"},
				{RpcMethod: "Attestors", Use: "attestors", Short: "List what validators have attested and earned"},
				{RpcMethod: "Attestor", Use: "attestor OPERATOR", Short: "Query what a validator has attested and earned",
					PositionalArgs: modulekit.Args("operator")},
				{RpcMethod: "Accumulator", Use: "accumulator", Short: "Query the peaks over all batches"},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.attribution.v1.Msg",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{
					RpcMethod: "OpenSession", Use: "open-session PROVIDER MODEL-ID DEPOSIT",
					Short:          "Open a session; `openlorad ask` does it for you",
					Example:        "openledgerd tx attribution open-session open1… 1 1OPEN --session-key HEX --from alice",
					PositionalArgs: modulekit.Args("provider", "model_id", "deposit"),
				},
				{
					RpcMethod: "TopUpSession", Use: "top-up-session AMOUNT", Short: "Add to the deposit of a session",
					Example:        "openledgerd tx attribution top-up-session 1OPEN --session-id HEX --from alice",
					PositionalArgs: modulekit.Args("amount"),
				},
				{
					RpcMethod: "CloseSession", Use: "close-session",
					Short:   "Close a session; the rest of the deposit returns after the claim window",
					Example: "openledgerd tx attribution close-session --session-id HEX --from alice",
				},
				{
					RpcMethod: "SubmitReceipts", Use: "submit-receipts PROVIDER-SEQ",
					Short: "Submit a batch of receipts; gateways do it for you",
					Long: "Submit a batch of receipts with its evidence, or with the root and size of a bundle that " +
						"validators fetch. --receipts and --evidence take a file, hex or base64.",
					Example:        `openledgerd tx attribution submit-receipts 7 --sessions '{"session_id":"BASE64","calls":"2","pending_call":"BASE64","cumulative_max":"100","signature":"BASE64"}' --receipts receipts.bin --evidence evidence.bin --from provider`,
					PositionalArgs: modulekit.Args("provider_seq"),
				},
				{
					RpcMethod: "ResubmitBatch", Use: "resubmit-batch ID",
					Short:          "Open a rejected or expired batch to attestation once more",
					Example:        "openledgerd tx attribution resubmit-batch 12 --from provider",
					PositionalArgs: modulekit.Args("batch_id"),
				},
				{
					RpcMethod: "CommitDispute", Use: "commit-dispute",
					Short:   "Announce a dispute; `openledgerd receipts dispute` does it for you",
					Example: "openledgerd tx attribution commit-dispute --commitment HEX --from alice",
				},
				{
					RpcMethod: "RevealDispute", Use: "reveal-dispute BATCH-ID INDEX",
					Short:          "Reveal a dispute; a proof that proves nothing costs its bond",
					Example:        "openledgerd tx attribution reveal-dispute 12 3 --proof proof.bin --salt HEX --from alice",
					PositionalArgs: modulekit.Args("batch_id", "index"),
				},
				{RpcMethod: "UpdateParams", Skip: true},
			},
		},
	}
}
