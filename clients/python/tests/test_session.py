"""Sessions without a chain: what failures leave on the disk, and answers whose proof is not whole."""

import contextlib
import http.client
import io
import json
import os
import pathlib
import tempfile
import unittest
from unittest import mock

from openledger import AnswerError, InUse, Refused, Session, TextError, check_text, parse_amount, poa, session

MODEL = {"model_id": 1, "provider": "open1provider", "chain_id": "test-1"}


class Wallet:
    """A wallet whose signature takes a while: work runs meanwhile."""

    address = "open1payer"

    def __init__(self, work=lambda: None):
        self.work = work

    def sign_transaction(self, *_):
        self.work()
        return b"signed"


class Sessions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "session.json")
        models = json.dumps({"data": [{"openledger": MODEL}]}).encode()
        self.replace("call", lambda *_, **__: contextlib.closing(io.BytesIO(models)))
        node = self.replace("Node", mock.Mock())
        node.return_value.chain_id.return_value = "test-1"
        node.return_value.url = "http://node"

    def replace(self, name, value):
        patch = mock.patch.object(session, name, value)
        self.addCleanup(patch.stop)
        return patch.start()

    def open(self, wallet):
        return Session.open(self.path, "http://gateway", "http://node", wallet, parse_amount("1OPEN"))

    def free(self):
        Session._acquire(self.path).close()

    def state(self, **fields):
        state = {
            "seed": "11" * 32, "gateway": "http://gateway", "node": "http://node", "chain_id": "test-1",
            "id": "22" * 32, "payer": Wallet.address, "provider": "open1provider", "model_id": 1, "model_version": 1,
            "answer_key": "33" * 32, "price": [1, 1, 1], "n": 0, "head": "00" * 32, "last": None, "spent": 0,
            "pending": None,
        }
        pathlib.Path(self.path).write_text(json.dumps(dict(state, **fields)), encoding="utf-8")

    def test_a_key_is_never_overwritten(self):
        def other():  # another process opens a session in the same file
            pathlib.Path(self.path).write_text("its key", encoding="utf-8")

        with self.assertRaisesRegex(FileExistsError, "name another file"):
            self.open(Wallet(other))
        self.assertEqual("its key", pathlib.Path(self.path).read_text(encoding="utf-8"))
        self.free()

    def test_failures_leave_the_session_free(self):
        with mock.patch.object(Session, "_finish", side_effect=Refused("no")):
            kept = []  # an error holds what its frames hold
            for work in (lambda: self.open(Wallet()), lambda: Session.load(self.path)):
                try:  # assertRaises would clear the frames
                    work()
                except Refused as error:
                    kept.append(error)
                self.free()
        self.assertEqual(2, len(kept))
        pathlib.Path(self.path).write_text("{", encoding="utf-8")
        self.assertRaises(ValueError, Session.load, self.path)
        self.free()

    def test_one_process_at_a_time(self):
        if not session.fcntl:
            self.skipTest("this system has no fcntl")
        self.state()
        first = Session.load(self.path)
        self.assertRaises(InUse, Session.load, self.path)
        first.leave()
        Session.load(self.path).leave()

    def test_closing_does_not_need_the_lost_answer(self):
        self.replace("deliver", mock.Mock())
        failures = http.client.IncompleteRead(b"{"), ValueError("no JSON"), KeyError("choices"), AnswerError("a lie")
        for lost in failures:
            self.state(pending={"request": {}})
            opened = Session.load(self.path)
            with mock.patch.object(opened, "_attempt", side_effect=lost):
                opened.close(Wallet())
            self.assertFalse(os.path.exists(self.path), lost)
        self.assertEqual(4, session.deliver.call_count)

    def test_proofs_that_are_not_whole(self):
        request = {"messages": [{"role": "user", "content": "Why?"}]}
        self.state(pending={"request": request, "paid": {"n": 1, "call_key": "44" * 32, "max_fee": "100"}})
        opened = Session.load(self.path)
        root = poa.answer_root(bytes.fromhex("44" * 32), "So.").hex()
        whole = {
            "session": "22" * 32, "n": 1, "answer_root": root, "input_tokens": 1, "output_tokens": 1, "fee": "3",
            "answer_signature": "AA==", "sources": [],
        }
        wrong = [{name: value for name, value in whole.items() if name != gone} for gone in whole if gone != "sources"]
        wrong += [dict(whole, **change) for change in (
            {}, {"answer_root": "x"}, {"fee": "1.5"}, {"fee": None}, {"answer_signature": None}, {"output_tokens": "1"},
            {"output_tokens": -1}, {"gap": True},
        )]
        for proof in wrong:
            with self.subTest(proof=proof), self.assertRaises(AnswerError):
                opened.check(session.Answer({"content": "So."}, "stop", proof))
        opened.leave()


class Texts(unittest.TestCase):
    def test_reasons_say_what_to_write(self):
        for text, reason in {"a\u00a0b": "use an ordinary space", "\ud800": "an unpaired surrogate",
                             "\uf0b7": "use a bullet", "\ufb01": "use the plain letter"}.items():
            with self.assertRaisesRegex(TextError, reason):
                check_text(text)

    def test_amounts_say_what_to_write(self):
        for text, advice in {"1OPEM": "write OPEN or aopen", "1.5aopen": "fewer decimals", "5": "write 5OPEN"}.items():
            with self.assertRaisesRegex(ValueError, advice):
                parse_amount(text)


if __name__ == "__main__":
    unittest.main()
