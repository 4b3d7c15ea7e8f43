package cmd

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
)

// flagUsage says what the flags of module commands mean. A name means the same in all of them.
var flagUsage = map[string]string{
	"address":              "list only those of this account",
	"accepted":             "list only accepted contributions",
	"allow-few-stop-words": "take text with few function words, such as lists and tables",
	"answer-key":           "public key that signs answers, 32 bytes in hex or base64: `openlorad serve answer-key` prints it",
	"auth":                 "consensus parameters of authority, as JSON",
	"bounty-panels":        "allow the funder of a bounty to choose the DataNet whose data validators review for it",
	"bundle-bytes":         "size of the bundle of evidence in bytes",
	"bundle-root":          "root of the evidence that attestors fetch, 32 bytes",
	"bundle-work":          "work to verify the bundle, as the protocol counts it",
	"calls":                "number of calls of the session",
	"closed":               "take no more contributions",
	"commitment":           "hash of the proof and its salt, 32 bytes",
	"curators":             `account that shares in what the DataNet earns, as JSON such as '{"address":"open1…","ppm":20000}'; repeatable`,
	"datanet-id":           "list only those of this DataNet",
	"delegator-address":    "account that delegates",
	"denom":                "denomination",
	"depositor":            "list only those to which this account gave a deposit",
	"derivations":          `derivation as JSON such as '{"segment":0,"rank":"3","ppm":910000}'; repeatable`,
	"description":          "description for people",
	"digest":               "SHA-256 of the artifact in hex or base64",
	"domain":               "field of knowledge, such as dermatology",
	"endpoint":             "URL of the gateway",
	"evidence":             "evidence in the protocol's encoding",
	"evidence-hash":        "hash of the evidence, 32 bytes",
	"fence": "fence of the gateway that will be asked, 32 bytes: the transaction fails when the " +
		"provider has another fence",
	"from":                    "index of the first entry",
	"guidelines-uri":          "where the rules for reviewers are",
	"hashes":                  "hash of an item and its salt, 32 bytes; repeatable",
	"head":                    "head of the chain of calls, 32 bytes",
	"id":                      "number of the account",
	"issuer":                  "account that grants credentials, for kind issuer",
	"items":                   "item as JSON, with amounts in aopen; repeatable",
	"kind":                    "what the model is",
	"licence":                 "SPDX expression of the licence, such as CC-BY-4.0",
	"limit":                   "how many entries at most",
	"manifest":                `version of a DataNet that the model uses, as JSON such as '{"datanet_id":1,"version":4}'; repeatable`,
	"max-fee":                 "the most that may be burned for the batch",
	"max-price":               `the transaction fails above this price, as JSON with amounts in aopen`,
	"method":                  "method by which answers are attributed",
	"min-tokens":              "the least tokens that a contribution must have",
	"new-owner":               "account that becomes the owner",
	"original":                "contribution that a duplicate copies",
	"original-segment":        "segment of the earlier contribution with its proof, as JSON",
	"owner-ppm":               "share of the owner in what the DataNet earns, in millionths",
	"panel":                   "DataNet whose data validators review, or 0 for those of all",
	"parent-id":               "model from which this one is derived",
	"parent-ppm":              "share given to the parent, in millionths",
	"pays-gold":               "also pay for contributions that turn out to be gold",
	"pinned-version":          "version of the DataNet that a model has pinned",
	"previous":                "current holder of the fence, 32 bytes",
	"proof":                   "proof in the protocol's encoding",
	"rank":                    "list only those of this contribution",
	"proposal-status":         "list only those of this status",
	"receipts":                "receipts in the protocol's encoding",
	"recipient":               "account that is paid; default: yours",
	"resolve-denom":           "show display denominations",
	"retired":                 "take no more offers",
	"review-fee":              "fee that a contributor pays for a review",
	"review-fee-per-thousand": "fee that a contributor pays for each 1,000 tokens under review",
	"review-policy":           "who accepts contributions",
	"royalty":                 "what the contributors of data are paid for each answer",
	"royalty-floor":           "least royalty per answer of models that use the DataNet",
	"salt":                    "salt of the seal, 32 bytes",
	"segment":                 "segment with its proof, as JSON",
	"session-id":              "session, 32 bytes in hex or base64",
	"session-key":             "public key that signs vouchers, 32 bytes",
	"sessions":                "claim on a session as JSON, with amounts in aopen; repeatable",
	"snapshot-segment":        "segment of the snapshot with its proof, as JSON",
	"status":                  "list only those of this status",
	"stops-height":            "block whose list of stopped segments is used; 0 is the block of the batch",
	"top":                     "how many accounts to list",
	"training":                "record of an adapter's training: a JSON file that openlorad train wrote",
	"uri":                     "where the artifact is",
	"version":                 "version",
	"voter":                   "list only those on which this account voted",
	"votes":                   `vote on an item as JSON such as '{"accept":true,"score":820}', in the order of the cohort; repeatable`,

	"page-count-total": "count all entries",
	"page-key":         "next_key of the previous page",
	"page-limit":       "how many entries a page has at most",
	"page-offset":      "how many entries to skip",
	"page-reverse":     "last entries first",
}

// sdkFlagUsage replaces what the SDK says about its flags.
var sdkFlagUsage = map[string]string{
	flags.FlagBroadcastMode: "return as soon as the node has checked the transaction (sync) or at once (async), " +
		"instead of waiting for its block",
	flags.FlagChainID:          "chain for which to sign; default: chain-id of client.toml",
	flags.FlagFeeGranter:       "account that pays the fee, if it has granted that",
	flags.FlagFrom:             "name or address of the key that signs",
	flags.FlagKeyringBackend:   "where keys are kept: os, file, kwallet, pass, test or memory",
	flags.FlagKeyringDir:       "directory of the keyring; default: the home directory",
	flags.FlagNode:             "RPC address of the node",
	flags.FlagNote:             "note to add to the transaction",
	flags.FlagOutput:           "text for people, or json for programs",
	flags.FlagSkipConfirmation: "send without asking",
	flags.FlagUseLedger:        "sign with a Ledger device",
	flags.FlagFees:             "fee instead of gas prices, such as 0.001OPEN",
	flags.FlagGas:              "the most gas that the transaction may use, or auto: the node estimates it",
	flags.FlagGasAdjustment:    "factor by which the estimate is multiplied",
	flags.FlagGasPrices:        "price of a unit of gas, such as 1000000000aopen",
	flags.FlagSignMode:         "how to sign: direct, amino-json (Ledger) or direct-aux",
	"deposit":                  "deposit of the proposal, such as 1000OPEN",
	"period-limit":             "the most that may be spent in a period, such as 1OPEN",
	"spend-limit":              "the most that may be spent in total, such as 10OPEN",
	"vesting-amount":           "amount that is locked, such as 100OPEN",
	"min-self-delegation":      "least self-delegation of the validator, such as 1OPEN",
}

// sdkShorts replace what the SDK says about its commands.
var sdkShorts = map[string]string{
	"comet":     "Show and reset what CometBFT keeps of a node",
	"debug":     "Decode addresses, keys and transactions",
	"export":    "Print the state of a stopped node as a genesis",
	"genesis":   "Build the genesis of a network",
	"keys":      "Make, show and remove keys",
	"prune":     "Remove old states from a stopped node",
	"rollback":  "Undo the last block of a stopped node",
	"snapshots": "Make, move and restore snapshots of a stopped node",
	"start":     "Run the node",
	"status":    "Show the state of the node that is asked",
	"version":   "Print the version of this program",
}

// addedExamples are examples of commands of the SDK that have none.
var addedExamples = map[string]string{
	"keys add":            "openledgerd keys add alice",
	"query bank balances": "openledgerd query bank balances open1…",
	"start":               "openledgerd start",
	"status":              "openledgerd status --node tcp://localhost:26657",
	"tx bank send":        "openledgerd tx bank send alice open1… 5OPEN",
	"tx gov vote":         "openledgerd tx gov vote 1 yes --from alice",
	"tx staking delegate": "openledgerd tx staking delegate openvaloper1… 100OPEN --from alice",
}

// flagDefaults are the defaults of flags that setTxDefaults sets.
var flagDefaults = map[string]string{
	flags.FlagGas:           nodeconfig.DefaultClient().Gas,
	flags.FlagGasAdjustment: nodeconfig.DefaultClient().GasAdjustment,
	flags.FlagGasPrices:     nodeconfig.DefaultClient().GasPrices,
	flags.FlagBroadcastMode: "",
	flags.FlagOutput:        nodeconfig.DefaultClient().Output,
}

// sdkExamples replaces the denominations in the examples of the SDK.
var sdkExamples = strings.NewReplacer("1000000stake", "1000OPEN", "100000000stake", "100OPEN", "10stake", "10OPEN",
	"100stake", "100OPEN", "1000stake", "1000OPEN", "5000stake", "5000OPEN",
	"10uatom", "0.001OPEN", "0.1uatom", "1000000000aopen", "100uatom", "100OPEN", "100skate", "100OPEN",
	`"denom": "stake","amount": "10"`, `"denom": "aopen","amount": "10000000000000000000"`)

// completeHelp mends the help of a command of the SDK or of a module: it adds what is missing and puts amounts in OPEN.
func completeHelp(cmd *cobra.Command) {
	cmd.Long, cmd.Example = sdkExamples.Replace(cmd.Long), sdkExamples.Replace(cmd.Example)
	path := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	if short, known := sdkShorts[path]; known {
		cmd.Short = short
	}
	if cmd.Example == "" {
		cmd.Example = addedExamples[path]
	}
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if said, known := sdkFlagUsage[flag.Name]; known && takesAmounts(cmd) {
			flag.Usage = said
		}
		if standard, known := flagDefaults[flag.Name]; known && buildsTx(cmd) {
			flag.DefValue = standard
		}
		if flag.Usage == "" {
			flag.Usage = flagUsage[flag.Name]
		}
		if flag.Value.Type() == "amount" {
			flag.Usage += ": " + amount.Help
		}
	})
}
