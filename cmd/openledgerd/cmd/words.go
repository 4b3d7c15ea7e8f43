package cmd

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cosmos/cosmos-sdk/client/flags"

	"github.com/openledger/openledger/amount"
	"github.com/openledger/openledger/cmd/openledgerd/nodeconfig"
)

// words say what the flags of module commands mean. A name means the same in all of them.
var words = map[string]string{
	"address":              "only of this account",
	"accepted":             "accepted contributions only",
	"allow-few-stop-words": "take text with few function words, such as lists and tables",
	"answer-key":           "public key that signs answers, 32 bytes in hex or base64: `openlorad serve answer-key` prints it",
	"auth":                 "consensus parameters of authority, as JSON",
	"bounty-panels":        "let who funds a bounty choose whose data validators review for it",
	"bundle-bytes":         "size of the bundle of evidence in bytes",
	"bundle-root":          "root of the evidence that attestors fetch, 32 bytes",
	"bundle-work":          "work to verify the bundle, as the protocol counts it",
	"calls":                "number of calls of the session",
	"closed":               "take no more contributions",
	"commitment":           "hash of the proof and its salt, 32 bytes",
	"curators":             `account that shares in what the DataNet earns, as JSON such as '{"address":"open1…","ppm":20000}'; repeatable`,
	"datanet-id":           "only of this DataNet",
	"delegator-address":    "account that delegates",
	"denom":                "denomination",
	"depositor":            "only those to which this account gave a deposit",
	"derivations":          `derivation as JSON such as '{"segment":0,"rank":"3","ppm":910000}'; repeatable`,
	"description":          "description for people",
	"digest":               "SHA-256 of the artifact in hex or base64",
	"domain":               "field of knowledge, such as dermatology",
	"endpoint":             "URL of the gateway",
	"evidence":             "evidence in the protocol's encoding",
	"evidence-hash":        "hash of the evidence, 32 bytes",
	"fence": "fence of the gateway that will be asked, 32 bytes: refuses the session when the " +
		"provider has another",
	"from":                    "place in the list to begin with",
	"guidelines-uri":          "where the rules for reviewers are",
	"hashes":                  "hash of an item and its salt, 32 bytes; repeatable",
	"head":                    "head of the chain of calls, 32 bytes",
	"id":                      "number of the account",
	"issuer":                  "account that grants credentials, for kind issuer",
	"items":                   "item as JSON, with amounts in aopen; repeatable",
	"kind":                    "what the model is",
	"licence":                 "SPDX expression of the licence, such as CC-BY-4.0",
	"limit":                   "most entries",
	"manifest":                `version of a DataNet that the model uses, as JSON such as '{"datanet_id":1,"version":4}'; repeatable`,
	"max-fee":                 "most that may be burned for the batch",
	"max-price":               `refuse the session above this price, as JSON with amounts in aopen`,
	"method":                  "how answers are attributed",
	"min-tokens":              "fewest tokens of a contribution",
	"new-owner":               "account that becomes the owner",
	"original":                "contribution that a duplicate copies",
	"original-segment":        "segment of the earlier contribution with its proof, as JSON",
	"owner-ppm":               "share of the owner in what the DataNet earns, in millionths",
	"panel":                   "DataNet whose data validators review, or 0 for those of all",
	"parent-id":               "model that this one is made from",
	"parent-ppm":              "share given to the parent, in millionths",
	"pays-gold":               "pay for contributions that turn out to be gold, too",
	"pinned-version":          "version of the DataNet that a model has pinned",
	"previous":                "holder of the fence that stands, 32 bytes",
	"proof":                   "proof in the protocol's encoding",
	"rank":                    "only of this contribution",
	"proposal-status":         "only of this status",
	"receipts":                "receipts in the protocol's encoding",
	"recipient":               "account that is paid, if it is not yours",
	"resolve-denom":           "show display denominations",
	"retired":                 "take no more offers",
	"review-fee":              "fee of the contributor for a review",
	"review-fee-per-thousand": "fee of the contributor for each 1,000 tokens under review",
	"review-policy":           "who accepts contributions",
	"royalty":                 "what data is paid for each answer",
	"royalty-floor":           "least royalty of an answer of models that use the DataNet",
	"salt":                    "salt of the seal, 32 bytes",
	"segment":                 "segment with its proof, as JSON",
	"session-id":              "session, 32 bytes in hex or base64",
	"session-key":             "public key that signs vouchers, 32 bytes",
	"sessions":                "claim on a session as JSON, with amounts in aopen; repeatable",
	"snapshot-segment":        "segment of the snapshot with its proof, as JSON",
	"status":                  "only of this status",
	"stops-height":            "block as of which stopped segments are left out; 0 is that of the batch",
	"top":                     "how many accounts",
	"training":                "record of an adapter's training: a JSON file that openlorad train wrote",
	"uri":                     "where the artifact is",
	"version":                 "version",
	"voter":                   "only those on which this account voted",
	"votes":                   `vote on an item as JSON such as '{"accept":true,"score":820}', in the order of the cohort; repeatable`,

	"page-count-total": "count all entries",
	"page-key":         "next_key of the page before",
	"page-limit":       "most entries of a page",
	"page-offset":      "entries to pass over",
	"page-reverse":     "last entries first",
}

// rewordings replace what the SDK says about its flags.
var rewordings = map[string]string{
	flags.FlagBroadcastMode: "return as soon as the node has checked the transaction (sync) or at once (async), " +
		"instead of waiting for its block",
	flags.FlagFees:          "fee instead of gas prices, such as 0.001OPEN",
	flags.FlagGas:           "most gas that the transaction may use, or auto to have the node estimate it",
	flags.FlagGasAdjustment: "what the estimate is multiplied by",
	flags.FlagGasPrices:     "price of a unit of gas, such as 1000000000aopen",
	flags.FlagSignMode:      "how to sign: direct, amino-json (Ledger) or direct-aux",
	"deposit":               "deposit of the proposal, such as 1000OPEN",
	"period-limit":          "most of a period, such as 1OPEN",
	"spend-limit":           "most altogether, such as 10OPEN",
	"vesting-amount":        "what is locked, such as 100OPEN",
	"min-self-delegation":   "least self-delegation of the validator, such as 1OPEN",
}

// defaults of flags that setTxDefaults sets.
var defaults = map[string]string{
	flags.FlagGas:           nodeconfig.DefaultClient().Gas,
	flags.FlagGasAdjustment: nodeconfig.DefaultClient().GasAdjustment,
	flags.FlagGasPrices:     nodeconfig.DefaultClient().GasPrices,
	flags.FlagBroadcastMode: "",
	flags.FlagOutput:        nodeconfig.DefaultClient().Output,
}

// foreign are the denominations of the SDK's examples.
var foreign = strings.NewReplacer("1000000stake", "1000OPEN", "100000000stake", "100OPEN", "10stake", "10OPEN",
	"100stake", "100OPEN", "1000stake", "1000OPEN", "5000stake", "5000OPEN",
	"10uatom", "0.001OPEN", "0.1uatom", "1000000000aopen", "100uatom", "100OPEN", "100skate", "100OPEN",
	`"denom": "stake","amount": "10"`, `"denom": "aopen","amount": "10000000000000000000"`)

// reword completes the help of a command.
func reword(cmd *cobra.Command) {
	cmd.Long, cmd.Example = foreign.Replace(cmd.Long), foreign.Replace(cmd.Example)
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if said, known := rewordings[flag.Name]; known && takesAmounts(cmd) {
			flag.Usage = said
		}
		if standard, known := defaults[flag.Name]; known && buildsTx(cmd) {
			flag.DefValue = standard
		}
		if flag.Usage == "" {
			flag.Usage = words[flag.Name]
		}
		if flag.Value.Type() == "amount" {
			flag.Usage += ": " + amount.Help
		}
	})
}
