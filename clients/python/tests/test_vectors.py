"""What the chain's own code computes, this client computes too: clients/vectors/vectors.json."""

import json
import pathlib
import unittest

from openledger import ed25519, poa, text
from openledger.amount import format_amount, parse_amount

ROOT = pathlib.Path(__file__).resolve().parents[3]
VECTORS = json.loads((ROOT / "clients/vectors/vectors.json").read_text(encoding="utf-8"))
CALL_KEY = bytes.fromhex(VECTORS["call_key"])


def price_of(fields):
    return poa.Price(int(fields["input"]), int(fields["output"]), int(fields["royalty"]))


class Vectors(unittest.TestCase):
    def test_texts(self):
        for vector in VECTORS["texts"]:
            with self.subTest(text=vector["text"]):
                self.assertEqual(vector["ids"], [f"{one:016x}" for one in text.token_ids(vector["text"])])
                self.assertEqual(vector["marks"], text.marks(vector["text"]))
                self.assertEqual(vector["span_root"], poa.answer_root(CALL_KEY, vector["text"]).hex())
                meaning = poa.answer_root(CALL_KEY, vector["text"], poa.MEANING)
                self.assertEqual(vector["meaning_root"], meaning.hex())
                error = ""
                try:
                    text.check_text(vector["text"])
                except text.TextError as refused:
                    error = refused.code
                self.assertEqual(vector["error"], error)

    def test_session(self):
        session = VECTORS["session"]
        seed, answer_key = bytes.fromhex(session["seed"]), bytes.fromhex(session["answer_key"])
        self.assertEqual(session["public_key"], ed25519.public_key(seed).hex())
        head, last = poa.NO_HASH, poa.Outcome()
        for call in session["calls"]:
            hashed = poa.call_hash(bytes.fromhex(call["query_hash"]), int(call["max_fee"]))
            if call["max_fee"] == "0":
                hashed = poa.ACK_CALL
            head = poa.next_hash(head, hashed, last)
            self.assertEqual(call["call"], hashed.hex())
            self.assertEqual(call["head"], head.hex())
            voucher = poa.Voucher(
                session["chain_id"], bytes.fromhex(session["id"]), bytes.fromhex(session["provider"]),
                session["model_id"], session["model_version"], price_of(session["price"]), call["n"], head,
                int(call["cumulative_max"]),
            )
            self.assertEqual(call["sign_bytes"], voucher.sign_bytes().hex())
            self.assertEqual(call["signature"], ed25519.sign(seed, voucher.sign_bytes()).hex())
            last = poa.Outcome(
                bytes.fromhex(call["answer_root"]), call["input_tokens"], call["output_tokens"], int(call["fee"]))
            if not call["answer_signature"]:
                self.assertEqual(poa.Outcome(), last)
                continue
            signed = poa.SignedAnswer(session["chain_id"], bytes.fromhex(session["id"]), call["n"], last)
            self.assertEqual(call["answer_bytes"], signed.sign_bytes().hex())
            signature = bytes.fromhex(call["answer_signature"])
            self.assertTrue(ed25519.verify(answer_key, signed.sign_bytes(), signature))
            for i in (0, 31, 32, 63):
                wrong = signature[:i] + bytes([signature[i] ^ 1]) + signature[i + 1:]
                self.assertFalse(ed25519.verify(answer_key, signed.sign_bytes(), wrong))
            self.assertFalse(ed25519.verify(answer_key, signed.sign_bytes() + b"x", signature))

    def test_prices(self):
        for vector in VECTORS["prices"]:
            total = price_of(vector["price"]).total(vector["input_tokens"], vector["output_tokens"])
            self.assertEqual(vector["total"], str(total))

    def test_paths(self):
        for vector in VECTORS["merkle"]:
            leaves, path = ([bytes.fromhex(one) for one in vector[name]] for name in ("leaves", "path"))
            root, index = bytes.fromhex(vector["root"]), vector["index"]
            self.assertEqual(root, poa.merkle_root(leaves))
            self.assertTrue(poa.verify_path(leaves[index], index, len(leaves), path, root))
            self.assertFalse(poa.verify_path(leaves[index], index, len(leaves), path + [root], root))
            if path:
                self.assertFalse(poa.verify_path(root, index, len(leaves), path, root))
            for other in range(len(leaves) + 1):
                if other != index:
                    self.assertFalse(poa.verify_path(leaves[index], other, len(leaves), path, root))

    def test_amounts(self):
        for vector in VECTORS["amounts"]:
            with self.subTest(text=vector["text"]):
                if not vector["aopen"]:
                    self.assertRaises(ValueError, parse_amount, vector["text"])
                    continue
                self.assertEqual(vector["aopen"], str(parse_amount(vector["text"])))
                self.assertEqual(vector["shown"], format_amount(int(vector["aopen"])))

    def test_requests(self):
        for vector in VECTORS["requests"]:
            self.assertEqual(vector["input_tokens"], poa.input_tokens(vector["request"]))

    def test_query_hashes(self):
        vectors = json.loads((ROOT / "openlora/api/testdata/query.json").read_text(encoding="utf-8"))
        for vector in vectors:
            request = json.loads(vector["request"])
            hashed = poa.query_hash(bytes.fromhex(vector["call_key"]), request)
            self.assertEqual(vector["query_hash"], hashed.hex(), vector["name"])


class Signatures(unittest.TestCase):
    def test_rfc_8032(self):
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        signature = ("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                     "d25bf5f0595bbe24655141438e7a100b")
        self.assertEqual(public, ed25519.public_key(seed).hex())
        self.assertEqual(signature, ed25519.sign(seed, b"").hex())


if __name__ == "__main__":
    unittest.main()
