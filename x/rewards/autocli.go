package rewards

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/openledger/openledger/x/internal/modulekit"
)

// AutoCLIOptions describes the commands of the module.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.rewards.v1.Query",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "Query the parameters"},
				{
					RpcMethod: "Earnings", Use: "earnings ADDRESS", Short: "Query what an account has earned and can claim",
					Example:        "openledgerd query rewards earnings open1…",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "address"}},
				},
				{
					RpcMethod: "Pending", Use: "pending ADDRESS", Short: "List what is on its way to an account",
					Long: "List credits that an account has not been paid yet. They wait until their batch is decided " +
						"(held), for the end of a pause (arrived), for the sweep (settling), or for a retry (dead letter). Ask for " +
						"further pages at the same --height; the total is of a page.",
					Example: "openledgerd query rewards pending open1…\n" +
						"openledgerd query rewards pending open1… --page-limit 100 --page-key NEXT-KEY --height 1200",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "address"}},
				},
				{RpcMethod: "Ledger", Use: "ledger", Short: "List the accounts of the ledger",
					Example: "openledgerd query rewards ledger --page-limit 20"},
				{RpcMethod: "Supply", Use: "supply", Short: "Query supply and what was minted, burned and paid"},
				{
					RpcMethod: "Overview", Use: "overview", Short: "Show in one answer what was minted, burned and paid to whom, " +
						"and for how much inference",
					Long: "Show since genesis: supply, minted by reason, burned, fees by the role that got them, receipts and " +
						"fees. Amounts are in aopen and in OPEN, shares in millionths.",
					Example: "openledgerd query rewards overview --output json",
				},
				{
					RpcMethod: "Concentration", Use: "concentration",
					Short: "Show what part of all income the accounts with the most of it have",
					Long: "Show how income is spread: the accounts with the most of what contributions brought, and with the " +
						"most income of all kinds, their part of the whole, and how many accounts have ever earned. Reads the whole " +
						"ledger.",
					Example: "openledgerd query rewards concentration\nopenledgerd query rewards concentration --top 3",
				},
				{
					RpcMethod: "AllDataNetTotals", Use: "datanets", Short: "List what receipts paid for the data of each DataNet",
					Example: "openledgerd query rewards datanets --page-limit 20 --page-reverse",
				},
				{
					RpcMethod: "AllModelTotals", Use: "models", Short: "List what receipts of each model paid",
					Example: "openledgerd query rewards models --page-limit 20",
				},
				{RpcMethod: "DataNetTotals", Use: "datanet-totals DATANET-ID",
					Short: "Query what receipts paid for the data of a DataNet", PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "ModelTotals", Use: "model-totals MODEL-ID", Short: "Query what receipts of a model paid",
					PositionalArgs: modulekit.Args("model_id")},
				{
					RpcMethod: "Demand", Use: "demand", Short: "Rank models by what was paid for answers that no contribution shaped",
					Long: "Rank models by unattributed fees: what was paid for data that nobody has contributed. New data for " +
						"the first of them would earn most.",
					Example: "openledgerd query rewards demand --limit 5",
				},
				{
					RpcMethod: "DeadLetters", Use: "dead-letters", Short: "List credit lists that could not be paid to their end",
					Example: "openledgerd query rewards dead-letters",
				},
				{RpcMethod: "Settlement", Use: "settlement", Short: "Query the sweep and the credit lists that wait for it"},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.rewards.v1.Msg",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{
					RpcMethod: "Claim", Use: "claim", Short: "Pay out your ledger balance, to yourself or to another account",
					Example: "openledgerd tx rewards claim --from alice\nopenledgerd tx rewards claim --recipient open1… --from alice",
				},
				{
					RpcMethod: "SetPayoutThreshold", Use: "set-payout-threshold THRESHOLD",
					Short:          "Choose the balance above which you are paid automatically",
					Example:        "openledgerd tx rewards set-payout-threshold 1OPEN --from alice",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "threshold", Optional: true}},
				},
				{
					RpcMethod: "FundBountyPool", Use: "fund-bounty-pool AMOUNT", Short: "Give coins to the bounty pool",
					Example:        "openledgerd tx rewards fund-bounty-pool 1OPEN --from alice",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "amount"}},
				},
				{
					RpcMethod: "RetryDeadLetter", Use: "retry-dead-letter BATCH-ID",
					Short: "Send what a failed credit list still owes to the sweep again",
					Long: "Send what a failed credit list still owes to the sweep again. It pays those whom the list " +
						"names; query dead-letters lists them.",
					Example:        "openledgerd tx rewards retry-dead-letter 12 --from alice",
					PositionalArgs: modulekit.Args("batch_id"),
				},
				{RpcMethod: "UpdateParams", Skip: true},
			},
		},
	}
}
