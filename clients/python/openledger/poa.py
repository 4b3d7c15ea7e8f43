"""Vouchers, hash chains, answers and Merkle trees: poa/README.md, sections 2 and 5. Amounts are in aopen."""

import hashlib
import hmac
from dataclasses import dataclass, field

from . import text as _text
from .canonical import canonical

SPAN, RAG, MEANING = 1, 2, 3  # methods of attribution
NO_HASH = bytes(32)


def _hash(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def amount16(amount):
    """An amount as 16 bytes."""
    return amount.to_bytes(16, "big")


def _field(content):
    return len(content).to_bytes(4, "big") + content


ACK_CALL = _hash(b"openledger/ack/v1")


def query_hash(call_key, request):
    """The hash of a question: the request in canonical form, without the fields on payment and delivery."""
    aside = ("openledger", "stream", "stream_options")
    query = {name: value for name, value in request.items() if name not in aside}
    return _hash(b"openledger/query/v2", call_key, canonical(query).encode())


def call_hash(query, max_fee):
    return _hash(b"openledger/call/v1", query, amount16(max_fee))


@dataclass(frozen=True)
class Outcome:
    """The outcome of a call. The zero value is that of a gap, and what stands before the first call."""

    answer_root: bytes = NO_HASH
    input_tokens: int = 0
    output_tokens: int = 0
    fee: int = 0

    def encode(self):
        return (self.answer_root + self.input_tokens.to_bytes(4, "big") + self.output_tokens.to_bytes(4, "big")
                + amount16(self.fee))


def next_hash(previous, call, last):
    """The head of a session's chain after one more call. Signing it acknowledges the answer before."""
    return _hash(b"openledger/chain/v1", previous, call, last.encode())


@dataclass(frozen=True)
class Price:
    """Aopen for 1,000 tokens in and out, and for an answer."""

    input: int
    output: int
    royalty: int

    def total(self, input_tokens, output_tokens):
        return -(-self.input * input_tokens // 1000) - (-self.output * output_tokens // 1000) + self.royalty

    def encode(self):
        return amount16(self.input) + amount16(self.output) + amount16(self.royalty)


@dataclass(frozen=True)
class Voucher:
    """The payer's authorisation of all calls of a session up to n."""

    chain_id: str
    session: bytes
    provider: bytes
    model_id: int
    model_version: int
    price: Price
    n: int
    head: bytes
    cumulative_max: int

    def sign_bytes(self):
        return b"openledger/voucher/v1" + b"".join(map(_field, (
            self.chain_id.encode(), self.session, self.provider, self.model_id.to_bytes(8, "big"),
            self.model_version.to_bytes(4, "big"), self.price.encode(), self.n.to_bytes(8, "big"), self.head,
            amount16(self.cumulative_max),
        )))


@dataclass(frozen=True)
class SignedAnswer:
    """What a provider signs: the outcome of a call. The signature is in the last chunk of the answer."""

    chain_id: str
    session: bytes
    n: int
    outcome: Outcome = field(default_factory=Outcome)

    def sign_bytes(self):
        o = self.outcome
        return b"openledger/answer/v1" + b"".join(map(_field, (
            self.chain_id.encode(), self.session, self.n.to_bytes(8, "big"), o.answer_root,
            o.input_tokens.to_bytes(4, "big"), o.output_tokens.to_bytes(4, "big"), amount16(o.fee),
        )))


def merkle_root(leaves):
    """The root of a tree of RFC 6962 over leaf hashes."""
    if not leaves:
        return _hash(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return _hash(b"\x01", merkle_root(leaves[:split]), merkle_root(leaves[split:]))


def verify_path(leaf, index, count, path, root):
    """Checks an audit path of RFC 9162, 2.1.3.2."""
    if index >= count:
        return False
    node, first, last = leaf, index, count - 1
    for sibling in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = _hash(b"\x01", sibling, node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            node = _hash(b"\x01", node, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


def answer_root(call_key, text, method=SPAN):
    """The commitment to the text of an answer under a method."""
    ids = _text.token_ids(text)
    marks = _text.marks(text) if method == MEANING else [0] * len(ids)
    leaves = []
    for position, (token, mark) in enumerate(zip(ids, marks)):
        salt = hmac.new(call_key, b"openledger/salt/v1" + position.to_bytes(4, "big"), hashlib.sha256).digest()[:16]
        leaves.append(_hash(b"\0", (position | mark << 30).to_bytes(4, "big"), token.to_bytes(8, "big"), salt))
    weight = _text.weight(text) if method == MEANING else 0
    said = weight.to_bytes(4, "big") if weight else b""
    return _hash(b"\x03", len(ids).to_bytes(4, "big"), merkle_root(leaves), said)


def input_tokens(request):
    """The number of tokens that are billed for a question."""
    count = 0
    for message in request.get("messages", []):
        content = message.get("content") or ""
        if isinstance(content, list):
            content = "\n".join(part["text"] for part in content)
        count += len(_text.tokens(content))
        for call in message.get("tool_calls") or []:
            count += len(_text.tokens(call["function"]["name"] + " " + call["function"]["arguments"]))
    for name in ("tools", "response_format"):
        if request.get(name) is not None:
            count += len(_text.tokens(canonical(request[name])))
    return count


def answered(message):
    """The text of an answer: its content and then its tool calls, each on a line of its own."""
    calls = [call["function"]["name"] + " " + call["function"]["arguments"] for call in message.get("tool_calls") or []]
    return "\n".join(([message["content"]] if message.get("content") else []) + calls)
