package models

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/openledger/openledger/x/internal/modulekit"
)

// AutoCLIOptions describes the commands of the module.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.models.v1.Query",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{RpcMethod: "Params", Use: "params", Short: "Query the parameters"},
				{RpcMethod: "Model", Use: "model ID", Short: "Query a model and one of its versions",
					Example:        "openledgerd query models model 1\nopenledgerd query models model 1 --version 2",
					PositionalArgs: modulekit.Args("model_id")},
				{RpcMethod: "Models", Use: "models", Short: "List models",
					Example: "openledgerd query models models --page-limit 20"},
				{RpcMethod: "Reproductions", Use: "reproductions MODEL-ID [VERSION]",
					Short: "List the reproductions of a version, and whether they match",
					Example: "openledgerd query models reproductions 7\n" +
						"openledgerd query models reproductions 7 2 --page-limit 20",
					PositionalArgs: []*autocliv1.PositionalArgDescriptor{
						{ProtoField: "model_id"}, {ProtoField: "version", Optional: true}}},
				{RpcMethod: "Provider", Use: "provider ADDRESS", Short: "Query a provider and its unbonding entries",
					Example: "openledgerd query models provider open1…", PositionalArgs: modulekit.Args("provider")},
				{RpcMethod: "Providers", Use: "providers", Short: "List providers"},
				{RpcMethod: "Offers", Use: "offers MODEL-ID", Short: "List who serves a model at which price",
					Example: "openledgerd query models offers 1", PositionalArgs: modulekit.Args("model_id")},
				{RpcMethod: "Offer", Use: "offer MODEL-ID PROVIDER", Short: "Query an offer",
					Example: "openledgerd query models offer 1 open1…", PositionalArgs: modulekit.Args("model_id", "provider")},
			},
		},
		Tx: &autocliv1.ServiceCommandDescriptor{
			Service: "openledger.models.v1.Msg",
			RpcCommandOptions: []*autocliv1.RpcCommandOptions{
				{
					RpcMethod: "RegisterModel", Use: "register-model NAME",
					Short: "Register a base model, an adapter or a retrieval model",
					Long: "Register a model. --digest is the SHA-256 of its artifact in hex or base64; each --manifest names a " +
						"DataNet version as JSON; --royalty is per answer, not below the sum of the floors of the DataNets. " +
						"--training takes an adapter's training record: a file with a name in .json that `openlorad train` wrote, " +
						"or JSON. Method lora needs it.",
					Example: `openledgerd tx models register-model "Skin notes" --kind retrieval \
  --digest $(sha256sum model.json | cut -d' ' -f1) --manifest '{"datanet_id":1,"version":3}' \
  --method span --royalty 0.1OPEN --from alice
openledgerd tx models register-model "Skin adapter" --kind adapter --parent-id 1 \
  --digest $(sha256sum adapter.safetensors | cut -d' ' -f1) --manifest '{"datanet_id":1,"version":3}' \
  --method lora --training training.json --royalty 0.1OPEN --from alice`,
					PositionalArgs: modulekit.Args("name"),
				},
				{
					RpcMethod: "PublishModelVersion", Use: "publish-model-version MODEL-ID",
					Short: "Add a version with another artifact, manifest or price",
					Long: "Add a version. --training takes an adapter's training record: a file with a name in .json that " +
						"`openlorad train` wrote, or JSON. Method lora needs it.",
					Example: `openledgerd tx models publish-model-version 1 --digest … \
  --manifest '{"datanet_id":1,"version":4}' --method span --royalty 0.1OPEN --from alice
openledgerd tx models publish-model-version 7 --digest … --manifest '{"datanet_id":1,"version":4}' \
  --method lora --training training.json --royalty 0.1OPEN --from alice`,
					PositionalArgs: modulekit.Args("model_id"),
				},
				{
					RpcMethod: "UpdateModel", Use: "update-model MODEL-ID",
					Short:          "Change the description, retire a model, or hand it over",
					Example:        `openledgerd tx models update-model 1 --description "…" --retired --from alice`,
					PositionalArgs: modulekit.Args("model_id"),
				},
				{
					RpcMethod: "RecordReproduction", Use: "record-reproduction MODEL-ID VERSION DIGEST INFLUENCE-DIGEST",
					Short: "Record the result of training a version again",
					Long: "Record the digests of the artifact and the influence file that you got, as a provider with a bond; " +
						"`openlorad verify-training` prints both. If they differ from those of the version, others see that, too. " +
						"A recorded reproduction cannot be removed.",
					Example: `openledgerd tx models record-reproduction 7 1 $(sha256sum adapter.safetensors | cut -d' ' -f1) \
  $(sha256sum influence.bin | cut -d' ' -f1) --remark "trained on amd64" --from provider`,
					PositionalArgs: modulekit.Args("model_id", "version", "digest", "influence_digest"),
					// --note is the transaction's memo.
					FlagOptions: map[string]*autocliv1.FlagOptions{"note": {Name: "remark", Usage: "what others should know of it"}},
				},
				{
					RpcMethod: "RegisterProvider", Use: "register-provider NAME BOND", Short: "Register as a provider with a bond",
					Example: "openledgerd tx models register-provider my-gateway 1000OPEN --endpoint " +
						"https://gateway.example.org --answer-key HEX --from provider",
					PositionalArgs: modulekit.Args("name", "bond"),
				},
				{
					RpcMethod: "UpdateProvider", Use: "update-provider NAME", Short: "Replace name, endpoint and answer key",
					Example: "openledgerd tx models update-provider my-gateway --endpoint https://gateway.example.org " +
						"--answer-key HEX --from provider",
					PositionalArgs: modulekit.Args("name"),
				},
				{
					RpcMethod: "ClaimFence", Use: "claim-fence FENCE HOLDER",
					Short: "Claim a fence for the gateway that signs answers; `openlorad serve` does it for you",
					Long: "Claim a fence. Only the gateway with this fence serves sessions that are opened from now on, and nobody " +
						"serves older sessions of another fence. FENCE and HOLDER are 32 random bytes in hex. To keep the current " +
						"fence, give its holder with --previous.",
					Example: "openledgerd tx models claim-fence $(openssl rand -hex 32) $(openssl rand -hex 32) --from " +
						"provider",
					PositionalArgs: modulekit.Args("fence", "holder"),
				},
				{RpcMethod: "BondProvider", Use: "bond-provider AMOUNT", Short: "Add to the bond",
					Example: "openledgerd tx models bond-provider 1000OPEN --from provider", PositionalArgs: modulekit.Args("amount")},
				{RpcMethod: "UnbondProvider", Use: "unbond-provider AMOUNT", Short: "Start to take free bond out",
					Example:        "openledgerd tx models unbond-provider 1000OPEN --from provider",
					PositionalArgs: modulekit.Args("amount")},
				{
					RpcMethod: "SetOffer", Use: "set-offer MODEL-ID INPUT-PRICE OUTPUT-PRICE",
					Short:          "Offer a model; prices are per 1,000 tokens",
					Example:        "openledgerd tx models set-offer 1 0.001OPEN 0.002OPEN --from provider",
					PositionalArgs: modulekit.Args("model_id", "input_price", "output_price"),
				},
				{RpcMethod: "RemoveOffer", Use: "remove-offer MODEL-ID", Short: "Withdraw an offer; open sessions keep their price",
					Example: "openledgerd tx models remove-offer 1 --from provider", PositionalArgs: modulekit.Args("model_id")},
				{RpcMethod: "UpdateParams", Skip: true},
			},
		},
	}
}
