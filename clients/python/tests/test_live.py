"""Asks on a running demo. OPENLEDGER_DEMO names a file with the output of `openlorad demo --keep --json`."""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from openledger import AnswerError, GatewayError, Node, OpenLedger, Session, Wallet, parse_amount

DEMO = os.environ.get("OPENLEDGER_DEMO")
QUESTION = "How is Hailey-Hailey disease told apart from Darier disease?"
DEPOSIT = parse_amount("3OPEN")


@unittest.skipUnless(DEMO, "OPENLEDGER_DEMO names no demo")
class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = json.loads(pathlib.Path(DEMO).read_text(encoding="utf-8"))["running"]
        where = ["--home", cls.demo["home"] + "/node0", "--keyring-backend", "test"]

        def keys(*command):
            command = ["openledgerd", "keys", *command, *where]
            out = subprocess.run(command, check=True, capture_output=True, input=b"y\n")
            return out.stdout.decode().strip()

        key = keys("export", "node0", "--unarmored-hex", "--unsafe")
        cls.wallet = Wallet(bytes.fromhex(key), keys("show", "node0", "-a"))
        cls.node = Node(cls.demo["rest"])
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def open(self, name):
        path = os.path.join(self.folder.name, name)
        return Session.open(path, self.demo["gateway"], self.demo["rest"], self.wallet, DEPOSIT)

    def receipt(self, name):
        until = time.monotonic() + 60
        while True:
            try:
                return self.node.get(f"/openledger/attribution/v1/receipts/{name}")
            except LookupError:
                self.assertLess(time.monotonic(), until, "the receipt is not on chain after a minute")
                time.sleep(0.3)

    def test_ask_and_pay(self):
        session = self.open("one.json")
        client, pieces = OpenLedger(session, max_fee="1OPEN"), []
        said = client.chat.completions.create(messages=[{"role": "user", "content": QUESTION}])
        self.assertIn("Darier", said.choices[0].message.content)
        again = session.ask({"messages": [{"role": "user", "content": QUESTION}]}, parse_amount("1OPEN"), pieces.append)
        self.assertEqual(again.text, "".join(pieces))
        session.acknowledge()
        for proof in (said.openledger, again.proof):
            found = self.receipt(proof["receipt_id"])["receipt"]
            self.assertTrue(found["acknowledged"])
            self.assertEqual(proof["fee"], found["fee"])
            weights = {one["contribution"]: one["weight_ppm"] for one in proof["sources"]}
            self.assertEqual(weights, {int(one["rank"]): one["weight_ppm"] for one in found["entries"]})
        self.assertEqual(session.spent, int(said.openledger["fee"]) + int(again.proof["fee"]))
        session.close(self.wallet)

    def test_going_on(self):
        session = self.open("two.json")
        path = session.path
        session.ask({"messages": [{"role": "user", "content": QUESTION}]}, parse_amount("1OPEN"))
        session.leave()
        session = Session.load(path)
        asked = session.ask({"messages": [{"role": "user", "content": QUESTION}]}, parse_amount("1OPEN"))
        self.assertEqual(asked.proof["n"], 2)

        # A question whose answer was lost is asked for again, and paid once.
        state = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        call = session._attempt
        session._attempt = lambda piece: (call(piece), None)[1]
        spent = session.spent
        session.ask({"messages": [{"role": "user", "content": QUESTION}]}, parse_amount("1OPEN"))
        once = session.spent - spent
        lost = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        self.assertGreater(lost["n"], state["n"])
        session._attempt = call
        session.acknowledge()
        self.assertEqual(session.spent - spent, once)

        with self.assertRaises(GatewayError) as refused:
            session.ask({"messages": [{"role": "user", "content": QUESTION}], "stop": ["a"]}, parse_amount("1OPEN"))
        self.assertEqual(refused.exception.code, "unsupported_parameter")
        self.assertFalse(session.pending)
        session.ask({"messages": [{"role": "user", "content": QUESTION}]}, parse_amount("1OPEN"))
        session.close(self.wallet)

    def test_interrupted_answers(self):
        session = self.open("three.json")

        class Gone(Exception):
            pass

        def leave(_):
            raise Gone

        with self.assertRaises(Gone):
            session.ask({"messages": [{"role": "user", "content": QUESTION}]}, parse_amount("1OPEN"), leave)
        self.assertTrue(session.pending)
        session.leave()
        session = Session.load(session.path)
        answer = session.recover()
        self.assertEqual(session.spent, int(answer.proof["fee"]))
        self.assertEqual(answer.proof["n"], 1)
        session.close(self.wallet)

    def test_lies(self):
        session = self.open("four.json")
        check = session.check

        def another(answer):
            answer.message["content"] += " And more."
            answer.proof["output_tokens"] += 2
            return check(answer)

        session.check = another
        with self.assertRaises(AnswerError):
            session.ask({"messages": [{"role": "user", "content": QUESTION}]}, parse_amount("1OPEN"))
        self.assertEqual(session.spent, 0)
        session.check = check
        session.close(self.wallet)


if __name__ == "__main__":
    unittest.main()
