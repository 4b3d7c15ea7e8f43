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
				{RpcMethod: "DataNet", Use: "datanet ID", Short: "Query a DataNet", Example: "openledgerd query datanet datanet 1",
					PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "DataNets", Use: "datanets", Short: "List DataNets",
					Example: "openledgerd query datanet datanets --page-limit 20"},
				{RpcMethod: "Commit", Use: "commit RANK", Short: "Query a sealed contribution and its reveal window",
					PositionalArgs: modulekit.Args("rank")},
				{RpcMethod: "Commits", Use: "commits CONTRIBUTOR", Short: "List the sealed contributions of an account",
					PositionalArgs: modulekit.Args("contributor")},
				{RpcMethod: "Contribution", Use: "contribution RANK", Short: "Query a contribution",
					Example: "openledgerd query datanet contribution 17", PositionalArgs: modulekit.Args("rank")},
				{RpcMethod: "Contributions", Use: "contributions DATANET-ID", Short: "List the contributions of a DataNet",
					Example:        "openledgerd query datanet contributions 1 --status submitted",
					PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "HeldContributions", Use: "held-contributions DATANET-ID",
					Short:          "List the contributions that validators hold, in the order in which they entered",
					Example:        "openledgerd query datanet held-contributions 1 --from 100",
					PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "Ask", Use: "ask DATANET-ID RANK",
					Short:   "Query what validators are being asked about text; rank 0 is for those next in line",
					Example: "openledgerd query datanet ask 1 0", PositionalArgs: modulekit.Args("datanet_id", "rank")},
				{RpcMethod: "ContributionsByContributor", Use: "contributions-by CONTRIBUTOR",
					Short: "List the contributions of an account", PositionalArgs: modulekit.Args("contributor")},
				{RpcMethod: "Version", Use: "version DATANET-ID VERSION",
					Short: "Query a version of a DataNet; 0 asks for the latest", Example: "openledgerd query datanet version 1 0",
					PositionalArgs: modulekit.Args("datanet_id", "version")},
				{RpcMethod: "Versions", Use: "versions DATANET-ID", Short: "List the versions of a DataNet",
					PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "Summary", Use: "summary DATANET-ID", Short: "Query what a page about a DataNet shows",
					Example: "openledgerd query datanet summary 1", PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "DataValidator", Use: "validator DATANET-ID ADDRESS",
					Short: "Query a data validator, its bond and its record", PositionalArgs: modulekit.Args("datanet_id", "address")},
				{RpcMethod: "DataValidators", Use: "validators DATANET-ID", Short: "List the data validators of a DataNet",
					PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "DataValidatorsByAddress", Use: "validators-by ADDRESS",
					Short: "List the bonds of an account as data validator", PositionalArgs: modulekit.Args("address")},
				{RpcMethod: "Credentials", Use: "credentials DATANET-ID",
					Short:          "List who may be a data validator of a DataNet that asks for credentials",
					PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "Cohort", Use: "cohort ID", Short: "Query a review: its items, seats, ballots and outcomes",
					Example: "openledgerd query datanet cohort 3", PositionalArgs: modulekit.Args("id")},
				{RpcMethod: "Cohorts", Use: "cohorts DATANET-ID", Short: "List the reviews of a DataNet",
					Example: "openledgerd query datanet cohorts 1 --page-reverse", PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "Assignments", Use: "assignments ADDRESS", Short: "List the reviews in which an account has a seat",
					PositionalArgs: modulekit.Args("address")},
				{RpcMethod: "Bounty", Use: "bounty ID", Short: "Query a bounty", PositionalArgs: modulekit.Args("id")},
				{RpcMethod: "Bounties", Use: "bounties", Short: "List bounties",
					Example: "openledgerd query datanet bounties --datanet-id 1"},
				{RpcMethod: "Snapshots", Use: "snapshots", Short: "List the public text that governance accepted as prior art"},
				{RpcMethod: "Royalties", Use: "royalties DATANET-ID HEIGHT",
					Short:          "Query who shares in what contributions earn in batches of a block",
					PositionalArgs: modulekit.Args("datanet_id", "height")},
				{RpcMethod: "SegmentStops", Use: "segment-stops DATANET-ID",
					Short:          "List the segments of a DataNet, or of --rank, that were stopped as copies or as prior art",
					PositionalArgs: modulekit.Args("datanet_id")},
				{RpcMethod: "Stopped", Use: "stopped DATANET-ID VERSION",
					Short: "List the contributions up to a version that are no longer paid, in whole or in part; 0 asks for the " +
						"latest",
					PositionalArgs: modulekit.Args("datanet_id", "version")},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.datanet.v1.Msg",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{
					RpcMethod: "CreateDataNet", Use: "create-datanet NAME", Short: "Create a DataNet that you own",
					Example: `openledgerd tx datanet create-datanet "Skin notes" --domain dermatology --licence CC-BY-4.0 \
  --description "Notes on rare skin diseases" --review-policy owner \
  --royalty-floor 0.1OPEN --owner-ppm 50000 --from alice
openledgerd tx datanet create-datanet "Skin notes" --domain dermatology --review-policy panel \
  --review-fee 1OPEN --curators '{"address":"open1…","ppm":20000}' --from alice`,
					PositionalArgs: modulekit.Args("name"),
				},
				{
					RpcMethod: "UpdateDataNet", Use: "update-datanet DATANET-ID NAME",
					Short: "Change your DataNet, close it, or hand it over",
					Long: "Replaces name, description, guidelines, royalty floor, owner royalty and the closed flag: " +
						"give all of them. --new-owner hands the DataNet over.",
					Example:        `openledgerd tx datanet update-datanet 1 "Skin notes" --description "…" --royalty-floor 0 --closed --from alice`,
					PositionalArgs: modulekit.Args("datanet_id", "name"),
				},
				{
					RpcMethod: "CommitContributions", Use: "commit-contributions",
					Short:   "Seal contributions; `openledgerd data contribute` does it for you",
					Example: `openledgerd tx datanet commit-contributions --items '{"hash":"BASE64","deposit":{"denom":"aopen","amount":"100000000000000000"}}' --from alice`,
				},
				{
					RpcMethod: "RevealContributions", Use: "reveal-contributions",
					Short:   "Open seals; `openledgerd data contribute` does it for you",
					Example: `openledgerd tx datanet reveal-contributions --items '{"rank":"17","datanet_id":"1","root":"BASE64","salt":"BASE64","segments":12,"tokens":"1800","bytes":"9000","statistics_root":"BASE64","content_hash":"BASE64"}' --from alice`,
				},
				{
					RpcMethod: "AcceptContributions", Use: "accept DATANET-ID RANK...",
					Short:          "Accept submitted contributions into a new version",
					Example:        "openledgerd tx datanet accept 1 17 18 19 --from owner",
					PositionalArgs: append(modulekit.Args("datanet_id"), varargs("ranks")),
				},
				{
					RpcMethod: "RejectContributions", Use: "reject DATANET-ID REASON RANK...",
					Short:          "Reject submitted contributions; their deposits return",
					Example:        `openledgerd tx datanet reject 1 "not about skin" 17 --from owner`,
					PositionalArgs: append(modulekit.Args("datanet_id", "reason"), varargs("ranks")),
				},
				{RpcMethod: "ResubmitContributions", Use: "resubmit RANK...",
					Short:          "Have contributions that no panel decided reviewed again, under their old rank",
					Example:        "openledgerd tx datanet resubmit 17 --from alice",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{varargs("ranks")}},
				{RpcMethod: "WithdrawContribution", Use: "withdraw RANK", Short: "Take a submitted contribution back",
					Example: "openledgerd tx datanet withdraw 17 --from alice", PositionalArgs: modulekit.Args("rank")},
				{
					RpcMethod: "BondValidator", Use: "bond DATANET-ID AMOUNT",
					Short: "Bond OPEN on a DataNet to review its contributions, or add to a bond",
					Long: "The bond is at least Params.review.min_bond and bond_per_fee review fees of the DataNet. It " +
						"is slashed for missing a review, failing gold, and verdicts that are overturned.",
					Example:        "openledgerd tx datanet bond 1 400OPEN --from reviewer",
					PositionalArgs: modulekit.Args("datanet_id", "amount"),
				},
				{
					RpcMethod: "UnbondValidator", Use: "unbond DATANET-ID AMOUNT", Short: "Begin to take a bond out",
					Example:        "openledgerd tx datanet unbond 1 400OPEN --from reviewer",
					PositionalArgs: modulekit.Args("datanet_id", "amount"),
				},
				{RpcMethod: "ActivateValidator", Use: "activate DATANET-ID",
					Short:   "Be drawn again after a missed review or with a new credential",
					Example: "openledgerd tx datanet activate 1 --from reviewer", PositionalArgs: modulekit.Args("datanet_id")},
				{
					RpcMethod: "SetCredentialPolicy", Use: "set-credentials DATANET-ID KIND",
					Short:          "Change who may be a data validator of your DataNet, after a delay",
					Long:           "KIND is none, allowlist (you grant credentials) or issuer (the account of --issuer grants them).",
					Example:        "openledgerd tx datanet set-credentials 1 issuer --issuer open1… --from owner",
					PositionalArgs: modulekit.Args("datanet_id", "kind"),
				},
				{RpcMethod: "GrantCredentials", Use: "grant-credentials DATANET-ID ADDRESS...",
					Short:          "Admit data validators, after a delay",
					Example:        "openledgerd tx datanet grant-credentials 1 open1… --from owner",
					PositionalArgs: append(modulekit.Args("datanet_id"), varargs("addresses"))},
				{RpcMethod: "RevokeCredentials", Use: "revoke-credentials DATANET-ID ADDRESS...",
					Short:          "End credentials, after a delay",
					Example:        "openledgerd tx datanet revoke-credentials 1 open1… --from owner",
					PositionalArgs: append(modulekit.Args("datanet_id"), varargs("addresses"))},
				{RpcMethod: "SealGold", Use: "seal-gold COHORT KIND",
					Short:          "Declare items with known verdicts; `openledgerd review gold` does it for you",
					Example:        "openledgerd tx datanet seal-gold 3 altered --hashes BASE64 --from owner",
					PositionalArgs: modulekit.Args("cohort", "kind")},
				{RpcMethod: "OpenGold", Use: "open-gold COHORT RANK",
					Short:          "Say which item was gold; `openledgerd review gold` does it for you",
					Example:        "openledgerd tx datanet open-gold 3 17 --salt BASE64 --from owner",
					PositionalArgs: modulekit.Args("cohort", "rank")},
				{RpcMethod: "CommitBallot", Use: "commit-ballot COHORT HASH",
					Short:          "Seal a verdict; `openledgerd review vote` does it for you",
					Example:        "openledgerd tx datanet commit-ballot 3 BASE64 --from reviewer",
					PositionalArgs: modulekit.Args("cohort", "hash")},
				{RpcMethod: "RevealBallot", Use: "reveal-ballot COHORT",
					Short:   "Open a verdict; `openledgerd review vote` does it for you",
					Example: `openledgerd tx datanet reveal-ballot 3 --votes '{"accept":true,"score":820}' --salt BASE64 --from reviewer`, PositionalArgs: modulekit.Args("cohort")},
				{
					RpcMethod: "Appeal", Use: "appeal RANK REASON", Short: "Have a larger panel of all DataNets decide again",
					Long: "Contributors appeal against rejections, and against recalls by the owner or governance; " +
						"anyone appeals against acceptances. Fee and deposit are Params.review.appeal_fees and appeal_deposit_fees " +
						"review fees; the deposit is lost with the appeal.",
					Example:        `openledgerd tx datanet appeal 17 "the source is cited in line 3" --from alice`,
					PositionalArgs: modulekit.Args("rank", "reason"),
				},
				{
					RpcMethod: "ChallengeDuplicate", Use: "challenge-duplicate RANK ORIGINAL",
					Short:          "Stop a segment that copies an earlier one; `openledgerd data challenge` does it for you",
					Example:        `openledgerd tx datanet challenge-duplicate 18 17 --segment '{"index":0,"text":"BASE64","path":["BASE64"]}' --original-segment '{"index":4,"text":"BASE64","path":["BASE64"]}' --from carol`,
					PositionalArgs: modulekit.Args("rank", "original"),
				},
				{
					RpcMethod: "ProvePriorArt", Use: "prove-prior-art RANK SNAPSHOT",
					Short:          "Show that a segment stands in a snapshot that governance accepted",
					Example:        `openledgerd tx datanet prove-prior-art 18 1 --segment '{…}' --snapshot-segment '{…}' --from carol`,
					PositionalArgs: modulekit.Args("rank", "snapshot"),
				},
				{
					RpcMethod: "ClaimText", Use: "claim-text RANK SEGMENT CONTRIBUTION OWN-SEGMENT",
					Short: "Take back what somebody registered of your text",
					Long: "SEGMENT of contribution RANK has been shown to stand in a snapshot of your text " +
						"(prove-prior-art). What it earns is then paid to your CONTRIBUTION in models that use both; your OWN-SEGMENT " +
						"is paid again if it was stopped as a copy of it.",
					Example:        "openledgerd tx datanet claim-text 17 0 18 4 --from author",
					PositionalArgs: modulekit.Args("rank", "segment", "contribution", "own_segment"),
				},
				{
					RpcMethod: "RecallContribution", Use: "recall RANK REASON", Short: "Stop the pay of an accepted contribution",
					Long: "The contributor's recall takes effect at once. That of the owner of the DataNet takes effect " +
						"after Params.standing.recall_delay, unless the contributor appeals. The text stays in its versions and keeps " +
						"blocking later copies.",
					Example:        `openledgerd tx datanet recall 17 "it names a patient" --from alice`,
					PositionalArgs: modulekit.Args("rank", "reason"),
				},
				{
					RpcMethod: "AskHeld", Use: "ask-held RANK", Short: "Have validators asked again about text that they did not hold",
					Long: "Burns Params.ask_fee, and Params.fee_per_byte for each byte of the text. Put the text where " +
						"they find it before: `openledgerd attestor push`.",
					Example:        "openledgerd tx datanet ask-held 17 --from alice",
					PositionalArgs: modulekit.Args("rank"),
				},
				{
					RpcMethod: "ProposeDerivations", Use: "propose-derivations RANK SOURCES",
					Short: "Correct what a contribution derives from; `openledgerd data derivations` does it for you",
					Long: "For a contribution that validators have set aside because its derivations are others. SOURCES " +
						"is how many of the contributions that they hold the table is computed from. The deposit returns if they find " +
						"the same, else it is burned.",
					Example:        `openledgerd tx datanet propose-derivations 17 5 --derivations '{"segment":0,"rank":"3","ppm":910000}' --from bob`,
					PositionalArgs: modulekit.Args("rank", "sources"),
				},
				{RpcMethod: "ReleaseDeposits", Use: "release-deposits RANK...",
					Short:          "Take back deposits that your contributions have earned",
					Example:        "openledgerd tx datanet release-deposits 17 18 --from alice",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{varargs("ranks")}},
				{
					RpcMethod: "FundBounty", Use: "fund-bounty DATANET-ID AMOUNT PRICE DEADLINE",
					Short: "Promise pay for contributions that a DataNet accepts",
					Long: "PRICE is paid for a contribution with score 1000, in proportion for less: half when the " +
						"verdict can no longer be appealed, half after Params.standing.vesting. --panel chooses whose data validators " +
						"review: a DataNet, or 0 for those of all. What nobody earned returns at DEADLINE.",
					Example:        `openledgerd tx datanet fund-bounty 1 1000OPEN 10OPEN 2027-01-31T00:00:00Z --panel 1 --min-tokens 500 --description "case notes" --from funder`,
					PositionalArgs: modulekit.Args("datanet_id", "amount", "price", "deadline"),
				},
				{RpcMethod: "ResolveContribution", Skip: true},
				{RpcMethod: "AcceptSnapshot", Skip: true},
				{RpcMethod: "FundPoolBounty", Skip: true},
				{RpcMethod: "UpdateParams", Skip: true},
			},
		},
	}
}
