package datanet

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/openledger/openledger/x/internal/modulekit"
)

// varargs takes all remaining arguments as one repeated field.
func varargs(field string) *autocliv1.PositionalArgDescriptor {
	return &autocliv1.PositionalArgDescriptor{ProtoField: field, Varargs: true}
}

// AutoCLIOptions describes the commands of the module.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.datanet.v1.Query",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "Query the parameters"},
				{RpcMethod: "DataNet", Use: "datanet ID", Short: "Query a DataNet", Example: "openledgerd query datanet datanet 1", PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "DataNets", Use: "datanets", Short: "List DataNets", Example: "openledgerd query datanet datanets --page-limit 20"},
				{RpcMethod: "Commit", Use: "commit RANK", Short: "Query a sealed contribution and its reveal window", PositionalArgs: modulekit.Args("rank")},
				{RpcMethod: "Commits", Use: "commits CONTRIBUTOR", Short: "List the sealed contributions of an account", PositionalArgs: modulekit.Args("contributor")},
				{RpcMethod: "Contribution", Use: "contribution RANK", Short: "Query a contribution", Example: "openledgerd query datanet contribution 17", PositionalArgs: modulekit.Args("rank")},
				{RpcMethod: "Contributions", Use: "contributions DATANET-ID", Short: "List the contributions of a DataNet", Example: "openledgerd query datanet contributions 1 --status submitted", PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "ContributionsByContributor", Use: "contributions-by CONTRIBUTOR", Short: "List the contributions of an account", PositionalArgs: modulekit.Args("contributor")},
				{RpcMethod: "Version", Use: "version DATANET-ID VERSION", Short: "Query a version of a DataNet; 0 asks for the latest", Example: "openledgerd query datanet version 1 0", PositionalArgs: modulekit.Args("datanet_id", "version")},
				{RpcMethod: "Versions", Use: "versions DATANET-ID", Short: "List the versions of a DataNet", PositionalArgs: modulekit.Args("datanet_id")},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.datanet.v1.Msg",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{
					RpcMethod: "CreateDataNet", Use: "create-datanet NAME", Short: "Create a DataNet that you own",
					Example: `openledgerd tx datanet create-datanet "Skin notes" --domain dermatology --licence CC-BY-4.0 \
  --description "Notes on rare skin diseases" --review-policy owner \
  --royalty-floor 100000000000000000 --owner-ppm 50000 --from alice`,
					PositionalArgs: modulekit.Args("name"),
				},
				{
					RpcMethod: "UpdateDataNet", Use: "update-datanet DATANET-ID NAME", Short: "Change your DataNet, close it, or hand it over",
					Long:           "Replaces name, description, guidelines, royalty floor, owner royalty and the closed flag: give all of them. --new-owner hands the DataNet over.",
					Example:        `openledgerd tx datanet update-datanet 1 "Skin notes" --description "…" --royalty-floor 0 --closed --from alice`,
					PositionalArgs: modulekit.Args("datanet_id", "name"),
				},
				{
					RpcMethod: "CommitContributions", Use: "commit-contributions", Short: "Seal contributions; `openledgerd data contribute` does it for you",
					Example: `openledgerd tx datanet commit-contributions --items '{"hash":"BASE64","deposit":{"denom":"aopen","amount":"100000000000000000"}}' --from alice`,
				},
				{
					RpcMethod: "RevealContributions", Use: "reveal-contributions", Short: "Open seals; `openledgerd data contribute` does it for you",
					Example: `openledgerd tx datanet reveal-contributions --items '{"rank":"17","datanet_id":"1","root":"BASE64","salt":"BASE64","segments":12,"tokens":"1800","bytes":"9000","statistics_root":"BASE64","content_hash":"BASE64"}' --from alice`,
				},
				{
					RpcMethod: "AcceptContributions", Use: "accept DATANET-ID RANK...", Short: "Accept submitted contributions into a new version",
					Example:        "openledgerd tx datanet accept 1 17 18 19 --from owner",
					PositionalArgs: append(modulekit.Args("datanet_id"), varargs("ranks")),
				},
				{
					RpcMethod: "RejectContributions", Use: "reject DATANET-ID REASON RANK...", Short: "Reject submitted contributions; their deposits return",
					Example:        `openledgerd tx datanet reject 1 "not about skin" 17 --from owner`,
					PositionalArgs: append(modulekit.Args("datanet_id", "reason"), varargs("ranks")),
				},
				{RpcMethod: "WithdrawContribution", Use: "withdraw RANK", Short: "Take a submitted contribution back", Example: "openledgerd tx datanet withdraw 17 --from alice", PositionalArgs: modulekit.Args("rank")},
				{RpcMethod: "UpdateParams", Skip: true},
			},
		},
	}
}
