"""An account that signs transactions: secp256k1 (RFC 6979), addresses, and the few messages that sessions need.

Signing takes some milliseconds. The time may depend on the key: use it where nobody can measure it.
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request

_P = 2**256 - 2**32 - 977
_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
      0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GAS_PERCENT = 140  # of what a simulation measured
INCLUSION_SECONDS = 45


def _add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % _P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, _P) % _P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _P) % _P
    x = (slope * slope - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P


def _multiply(scalar, point):
    out = None
    while scalar:
        if scalar & 1:
            out = _add(out, point)
        point = _add(point, point)
        scalar >>= 1
    return out


def _nonce(key, digest):
    """The nonce of RFC 6979, with SHA-256."""
    v, k = b"\1" * 32, b"\0" * 32
    seed = key.to_bytes(32, "big") + (int.from_bytes(digest, "big") % _N).to_bytes(32, "big")
    for mark in (b"\0", b"\1"):
        k = hmac.new(k, v + mark + seed, hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()
    while True:
        v = hmac.new(k, v, hashlib.sha256).digest()
        nonce = int.from_bytes(v, "big")
        if 0 < nonce < _N:
            return nonce
        k = hmac.new(k, v + b"\0", hashlib.sha256).digest()
        v = hmac.new(k, v, hashlib.sha256).digest()


def _bech32_checksum(prefix, data):
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + data
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> i & 1 else 0
    return check


def decode_address(address):
    """Returns the bytes of an address such as open1…. Raises ValueError if the text is not an address."""
    prefix, found, rest = address.lower().rpartition("1")
    data = [_CHARSET.find(c) for c in rest]
    if not found or len(data) < 6 or -1 in data or _bech32_checksum(prefix, data) != 1:
        raise ValueError(f"{address!r} is not an address")
    number = 0
    for value in data[:-6]:
        number = number << 5 | value
    bits = 5 * (len(data) - 6)
    return (number >> bits % 8).to_bytes(bits // 8, "big")


def _varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def message(*fields):
    """Encodes protobuf fields, given as pairs of number and value: an int, bytes or str. Empty values are left out."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += _varint(number << 3) + _varint(value) if value else b""
        else:
            content = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(content)) + content if content else b""
    return out


def coin(aopen):
    return message((1, "aopen"), (2, str(aopen)))


def packed(type_url, content):
    """An Any, whose value may be empty."""
    return message((1, type_url), (2, content))


class Refused(Exception):
    """A transaction that the chain refused."""


class Node:
    """The REST API of a node, such as http://127.0.0.1:1317."""

    def __init__(self, url, timeout=30):
        self.url, self.timeout = url.rstrip("/"), timeout

    def get(self, path):
        return self._call(urllib.request.Request(self.url + path))

    def post(self, path, body):
        headers = {"Content-Type": "application/json"}
        return self._call(urllib.request.Request(self.url + path, json.dumps(body).encode(), headers))

    def _call(self, request):
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                text = json.loads(text).get("message", text)
            except ValueError:
                pass
            if error.code == 404:
                raise LookupError(text) from error
            raise Refused(text) from error

    def chain_id(self):
        info = self.get("/cosmos/base/tendermint/v1beta1/node_info")
        return info["default_node_info"]["network"]


class Wallet:
    """An account: its private key, 32 bytes, which `openledgerd keys export NAME --unarmored-hex --unsafe` prints in
    hex, and its address. If a fee granter is given, that account pays the fees of transactions."""

    def __init__(self, key, address, fee_granter=""):
        self._key = int.from_bytes(key, "big")
        if len(key) != 32 or not 0 < self._key < _N:
            raise ValueError("a private key has 32 bytes, and is a number from 1 to the order of the curve")
        decode_address(address)
        self.address, self.fee_granter = address, fee_granter
        x, y = _multiply(self._key, _G)
        self.public_key = bytes([2 + (y & 1)]) + x.to_bytes(32, "big")

    def sign(self, content):
        """The signature over SHA-256 of the content, 64 bytes, with the lower s."""
        digest = hashlib.sha256(content).digest()
        nonce = _nonce(self._key, digest)
        r = _multiply(nonce, _G)[0] % _N
        s = pow(nonce, -1, _N) * (int.from_bytes(digest, "big") + r * self._key) % _N
        return r.to_bytes(32, "big") + min(s, _N - s).to_bytes(32, "big")

    def sign_transaction(self, node, type_url, content):
        """Returns a signed transaction of one message, with gas from a simulation. It may be sent more than once."""
        info = node.get(f"/cosmos/auth/v1beta1/account_info/{self.address}")["info"]
        sequence, number, chain_id = int(info["sequence"]), int(info["account_number"]), node.chain_id()
        body = message((1, packed(type_url, content)))

        def signed(gas, fee):
            key = packed("/cosmos.crypto.secp256k1.PubKey", message((1, self.public_key)))
            signer = message((1, key), (2, message((1, message((1, 1))))), (3, sequence))
            fees = message((1, coin(fee)), (2, gas), (4, self.fee_granter))
            auth = message((1, signer), (2, fees))
            document = message((1, body), (2, auth), (3, chain_id), (4, number))
            return message((1, body), (2, auth), (3, self.sign(document)))

        draft = base64.b64encode(signed(0, 1)).decode()
        used = node.post("/cosmos/tx/v1beta1/simulate", {"tx_bytes": draft})["gas_info"]["gas_used"]
        price = int(node.get("/openledger/rewards/v1/params")["params"]["min_gas_price"])
        gas = int(used) * GAS_PERCENT // 100
        return signed(gas, gas * max(price, 1))


def deliver(node, transaction):
    """Sends a signed transaction, and waits until it is in a block. Raises Refused if the chain refuses it."""
    body = {"tx_bytes": base64.b64encode(transaction).decode(), "mode": "BROADCAST_MODE_SYNC"}
    sent = node.post("/cosmos/tx/v1beta1/txs", body)["tx_response"]
    if sent["code"] and (sent["codespace"], sent["code"]) != ("sdk", 19):  # 19: the node has it already
        raise Refused(sent["raw_log"])
    name = hashlib.sha256(transaction).hexdigest().upper()
    until = time.monotonic() + INCLUSION_SECONDS
    while time.monotonic() < until:
        try:
            found = node.get(f"/cosmos/tx/v1beta1/txs/{name}")["tx_response"]
        except (LookupError, Refused):
            time.sleep(0.3)
            continue
        if found["code"]:
            raise Refused(found["raw_log"])
        return found
    raise TimeoutError(f"transaction {name} is not in a block after {INCLUSION_SECONDS} seconds: send it again")
