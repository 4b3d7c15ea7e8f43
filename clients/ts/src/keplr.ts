// Keplr and Leap: the description of the chain that they need, and a Wallet for an account in them.
import { DECIMALS, DENOM } from "./amount.js";
import { fromBase64 } from "./bytes.js";
import type { SignDoc, Wallet } from "./chain.js";

const COIN = { coinDenom: "OPEN", coinMinimalDenom: DENOM, coinDecimals: DECIMALS };
const PREFIX = "open";

/** chainInfo describes the chain for a wallet's experimentalSuggestChain. Prices of gas are in aopen. */
export function chainInfo(options: {
  chainId: string;
  chainName?: string;
  rpc: string;
  rest: string;
  gasPrice?: number;
}): object {
  const price = options.gasPrice ?? 1_000_000_000;
  return {
    chainId: options.chainId,
    chainName: options.chainName ?? "OpenLedger",
    rpc: options.rpc,
    rest: options.rest,
    bip44: { coinType: 118 },
    bech32Config: {
      bech32PrefixAccAddr: PREFIX,
      bech32PrefixAccPub: `${PREFIX}pub`,
      bech32PrefixValAddr: `${PREFIX}valoper`,
      bech32PrefixValPub: `${PREFIX}valoperpub`,
      bech32PrefixConsAddr: `${PREFIX}valcons`,
      bech32PrefixConsPub: `${PREFIX}valconspub`,
    },
    currencies: [COIN],
    feeCurrencies: [{ ...COIN, gasPriceStep: { low: price, average: price, high: price * 2 } }],
    stakeCurrency: COIN,
    features: [],
  };
}

interface KeyInfo {
  bech32Address: string;
  pubKey: Uint8Array;
}

/** Extension is the part of window.keplr and window.leap that is used. */
export interface Extension {
  experimentalSuggestChain(info: object): Promise<void>;
  enable(chainId: string): Promise<void>;
  getKey(chainId: string): Promise<KeyInfo>;
  signDirect(chainId: string, signer: string, document: SignDoc): Promise<{ signature: { signature: string } }>;
}

/** suggestChain describes the chain to a wallet, which asks its user whether to add it. */
export const suggestChain = (extension: Extension, options: Parameters<typeof chainInfo>[0]): Promise<void> =>
  extension.experimentalSuggestChain(chainInfo(options));

/** connectWallet returns the account that the wallet's user has chosen. */
export async function connectWallet(extension: Extension, chainId: string): Promise<Wallet> {
  await extension.enable(chainId);
  const { bech32Address: address, pubKey } = await extension.getKey(chainId);
  return {
    address,
    publicKey: pubKey,
    sign: async (document) => fromBase64((await extension.signDirect(chainId, address, document)).signature.signature),
  };
}
