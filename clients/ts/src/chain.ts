// The chain: typed queries over gRPC-web, and transactions that a wallet signs.
import { create, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { DENOM } from "./amount.js";
import { fromHex as bytesOf, hash, hex } from "./bytes.js";
import { Query as AuthQuery } from "./gen/cosmos/auth/v1beta1/query_pb.js";
import {
  AuthInfoSchema,
  PubKeySchema,
  Service,
  SignDocSchema,
  TxBodySchema,
  TxRawSchema,
  type TxResponse,
} from "./gen/cosmos/tx/v1beta1/tx_pb.js";
import { Query as AttributionQuery, type QuerySessionResponse } from "./gen/openledger/attribution/v1/query_pb.js";
import {
  MsgCloseSessionSchema,
  MsgOpenSessionSchema,
  MsgTopUpSessionSchema,
} from "./gen/openledger/attribution/v1/tx_pb.js";
import { Query as DatanetQuery } from "./gen/openledger/datanet/v1/query_pb.js";
import { Query as ModelsQuery } from "./gen/openledger/models/v1/query_pb.js";
import { Query as RewardsQuery } from "./gen/openledger/rewards/v1/query_pb.js";
import { createClient, type Client } from "./grpcweb.js";
import { accepted, begin, newKey, publicKeyOf, Session, type Store, type State } from "./session.js";

const GAS_PERCENT = 140n; // of the gas that a simulation used
const WAIT = 45_000,
  POLL = 300; // for a block, in ms
const BROADCAST_SYNC = 2,
  SIGN_DIRECT = 1;

/** SignDoc is the document that a wallet signs in mode direct, in the form of Keplr and Leap. */
export interface SignDoc {
  bodyBytes: Uint8Array;
  authInfoBytes: Uint8Array;
  chainId: string;
  accountNumber: bigint;
}

/** Wallet is an account that can sign: connectWallet returns that of a browser extension. */
export interface Wallet {
  address: string;
  publicKey: Uint8Array; // secp256k1, compressed
  feeGranter?: string;
  sign(document: SignDoc): Promise<Uint8Array>; // the signature, 64 bytes
}

/** RefusedError says that the chain refused a transaction. */
export class RefusedError extends Error {
  constructor(
    readonly codespace: string,
    readonly code: number,
    log: string,
  ) {
    super(`refused by the chain: ${log} (${codespace}, code ${code})`);
  }
}

/** Chain is a client of a node, such as http://127.0.0.1:1317. */
export class Chain {
  readonly attribution: Client<typeof AttributionQuery>;
  readonly datanet: Client<typeof DatanetQuery>;
  readonly models: Client<typeof ModelsQuery>;
  readonly rewards: Client<typeof RewardsQuery>;
  private readonly auth: Client<typeof AuthQuery>;
  private readonly txs: Client<typeof Service>;

  constructor(
    node: string,
    readonly chainId: string,
  ) {
    this.attribution = createClient(AttributionQuery, node);
    this.datanet = createClient(DatanetQuery, node);
    this.models = createClient(ModelsQuery, node);
    this.rewards = createClient(RewardsQuery, node);
    this.auth = createClient(AuthQuery, node);
    this.txs = createClient(Service, node);
  }

  /** sign makes a signed transaction, with gas from a simulation. It may be sent more than once. */
  async sign(wallet: Wallet, messages: Any[]): Promise<Uint8Array> {
    const [{ info }, { params }] = await Promise.all([
      this.auth.accountInfo({ address: wallet.address }),
      this.rewards.params({}),
    ]);
    const bodyBytes = toBinary(TxBodySchema, create(TxBodySchema, { messages }));
    const publicKey = packed(
      PubKeySchema,
      create(PubKeySchema, { key: wallet.publicKey }),
      "/cosmos.crypto.secp256k1.PubKey",
    );
    const authInfo = (gasLimit: bigint, fee: bigint): Uint8Array =>
      toBinary(
        AuthInfoSchema,
        create(AuthInfoSchema, {
          signerInfos: [{ publicKey, modeInfo: { single: { mode: SIGN_DIRECT } }, sequence: info?.sequence ?? 0n }],
          fee: { amount: [{ denom: DENOM, amount: fee.toString() }], gasLimit, granter: wallet.feeGranter ?? "" },
        }),
      );
    const raw = (authInfoBytes: Uint8Array, signature: Uint8Array): Uint8Array =>
      toBinary(TxRawSchema, create(TxRawSchema, { bodyBytes, authInfoBytes, signatures: [signature] }));
    const { gasInfo } = await this.txs.simulate({ txBytes: raw(authInfo(0n, 1n), new Uint8Array(64)) });
    const gas = ((gasInfo?.gasUsed ?? 0n) * GAS_PERCENT) / 100n;
    const authInfoBytes = authInfo(gas, gas * BigInt(params?.minGasPrice ?? "1"));
    const document = { bodyBytes, authInfoBytes, chainId: this.chainId, accountNumber: info?.accountNumber ?? 0n };
    return raw(authInfoBytes, await wallet.sign(document));
  }

  /** deliver sends a signed transaction, and waits until a block holds it. */
  async deliver(transaction: Uint8Array): Promise<TxResponse> {
    const { txResponse: sent } = await this.txs.broadcastTx({ txBytes: transaction, mode: BROADCAST_SYNC });
    if (sent && sent.code !== 0 && !(sent.codespace === "sdk" && sent.code === 19)) {
      // 19: the node has it already
      throw new RefusedError(sent.codespace, sent.code, sent.rawLog);
    }
    const name = hex(hash(transaction)).toUpperCase();
    for (
      const until = Date.now() + WAIT;
      Date.now() < until;
      await new Promise((resolve) => setTimeout(resolve, POLL))
    ) {
      const found = await this.txs.getTx({ hash: name }).catch(() => undefined);
      if (!found?.txResponse) continue;
      const { codespace, code, rawLog } = found.txResponse;
      if (code !== 0) throw new RefusedError(codespace, code, rawLog);
      return found.txResponse;
    }
    throw new Error(`transaction ${name} is not in a block yet`);
  }

  /** open opens a session with a gateway, with a deposit in aopen. It has keep store the opening before it sends it. */
  async open(
    wallet: Wallet,
    gateway: string,
    deposit: bigint,
    store: Store,
    keep: (opening: Opening) => void | Promise<void>,
    modelId?: bigint,
  ): Promise<Session> {
    gateway = gateway.replace(/\/+$/, "");
    const list = (await (await accepted(await fetch(`${gateway}/v1/models`))).json()) as { data: { openledger?: Offered }[] };
    const model = list.data
      .flatMap((one) => one.openledger ?? [])
      .find((one) => modelId === undefined || BigInt(one.model_id) === modelId);
    if (!model || model.chain_id !== this.chainId)
      throw new Error("the gateway does not serve that model of this chain");
    const { seed, publicKey } = newKey();
    const message = create(MsgOpenSessionSchema, {
      payer: wallet.address,
      provider: model.provider,
      modelId: BigInt(model.model_id),
      sessionKey: publicKey,
      deposit: { denom: DENOM, amount: deposit.toString() },
      fence: bytesOf(model.fence ?? ""),
    });
    const transaction = await this.sign(wallet, [packed(MsgOpenSessionSchema, message)]);
    const opening = { seed, gateway, payer: wallet.address, transaction: hex(transaction) };
    await keep(opening);
    return this.finish(opening, store);
  }

  /** finish completes an opening that was interrupted: the chain executes the transaction once. */
  async finish(opening: Opening, store: Store): Promise<Session> {
    let found = await this.findSession(opening);
    if (!found) {
      await this.deliver(bytesOf(opening.transaction));
      found = await this.findSession(opening);
    }
    if (!found) throw new Error("the transaction opened no session");
    const state: State = begin(opening.seed, {
      chainId: this.chainId,
      gateway: opening.gateway,
      id: hex(found.id),
      provider: found.provider,
      modelId: found.modelId.toString(),
      modelVersion: found.modelVersion,
      answerKey: hex(found.answerKey),
      price: {
        input: found.price?.input ?? "0",
        output: found.price?.output ?? "0",
        royalty: found.price?.royalty ?? "0",
      },
    });
    await store.save(state);
    return new Session(state, store);
  }

  private async findSession({ seed, payer }: Opening): Promise<QuerySessionResponse["session"]> {
    const publicKey = hex(publicKeyOf(seed));
    for (let key: Uint8Array | undefined; ;) {
      const page = await this.attribution.sessionsByPayer({ payer, ...(key && { pagination: { key } }) });
      const found = page.sessions.find((one) => hex(one.sessionKey) === publicKey);
      key = page.pagination?.nextKey;
      if (found || !key?.length) return found;
    }
  }

  /** topUp adds to the deposit of a session. */
  async topUp(wallet: Wallet, session: Session, amount: bigint): Promise<void> {
    const message = create(MsgTopUpSessionSchema, {
      payer: wallet.address,
      sessionId: bytesOf(session.state.id),
      amount: { denom: DENOM, amount: amount.toString() },
    });
    await this.deliver(await this.sign(wallet, [packed(MsgTopUpSessionSchema, message)]));
  }

  /** close acknowledges the last answer and closes the session. The rest of the deposit returns an hour later. */
  async close(wallet: Wallet, session: Session): Promise<void> {
    await session.recover().catch(() => undefined);
    const message = create(MsgCloseSessionSchema, {
      signer: wallet.address,
      sessionId: bytesOf(session.state.id),
      ...session.closing(),
    });
    await this.deliver(await this.sign(wallet, [packed(MsgCloseSessionSchema, message)]));
  }
}

/** Opening is a session that is about to be opened. It is JSON: store it, and call finish with it after a crash. */
export interface Opening {
  seed: string;
  gateway: string;
  payer: string;
  transaction: string;
}

interface Offered {
  model_id: number;
  provider: string;
  chain_id: string;
  fence?: string;
}

/** packed puts a message into an Any, the form that transactions need. */
export function packed<T extends DescMessage>(
  schema: T,
  message: MessageShape<T>,
  typeUrl = `/${schema.typeName}`,
): Any {
  return { ...anyPack(schema, message), typeUrl };
}

/** signBytes returns the bytes of a document that a key signs. */
export const signBytes = (document: SignDoc): Uint8Array => toBinary(SignDocSchema, create(SignDocSchema, document));
