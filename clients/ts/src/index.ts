export { DECIMALS, DENOM, formatAmount, parseAmount } from "./amount.js";
export { decodeAddress } from "./address.js";
export { base64, fromBase64, fromHex, hex } from "./bytes.js";
export { canonical, type Json } from "./canonical.js";
export { Chain, packed, RefusedError, signBytes, type Opening, type SignDoc, type Wallet } from "./chain.js";
export { createClient, NodeError, type Client } from "./grpcweb.js";
export { chainInfo, connectWallet, suggestChain, type Extension } from "./keplr.js";
export {
  ACK_CALL,
  answerBytes,
  answerRoot,
  callHash,
  inputTokens,
  MEANING,
  merkleRoot,
  nextHash,
  NO_HASH,
  noOutcome,
  queryHash,
  RAG,
  SPAN,
  totalPrice,
  verifyPath,
  verifyReceipt,
  voucherBytes,
  type Message,
  type Outcome,
  type Price,
  type Receipt,
  type ReceiptProof,
  type Request,
  type Voucher,
} from "./poa.js";
export {
  AnswerError,
  begin,
  check,
  GatewayError,
  newKey,
  publicKeyOf,
  Session,
  type Answer,
  type Proof,
  type Source,
  type State,
  type Store,
  type Terms,
} from "./session.js";
export { checkText, marksOf, tokenize, type TextProblem, type Token } from "./text.js";
export * as attribution from "./gen/openledger/attribution/v1/tx_pb.js";
export * as datanet from "./gen/openledger/datanet/v1/tx_pb.js";
export * as models from "./gen/openledger/models/v1/tx_pb.js";
export * as rewards from "./gen/openledger/rewards/v1/tx_pb.js";
