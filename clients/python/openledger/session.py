"""Sessions: keys on disk before money moves, vouchers, and the check of answers before they are acknowledged."""

import base64
import contextlib
import json
import os
import secrets
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from . import ed25519, poa
from .canonical import canonical
from .text import TextError, check_text, token_ids, tokens
from .wallet import Node, Refused, coin, decode_address, deliver, message

try:
    import fcntl
except ImportError:  # without it, the user must see that only one process uses a session
    fcntl = None


class AnswerError(Exception):
    """An answer that is not what the provider signed. It is not acknowledged; close the session."""


class GatewayError(Exception):
    """An error that the gateway returned. If gap is true, the call is recorded as failed, and nothing is charged."""

    def __init__(self, status, error):
        super().__init__(f"{error.get('message')} ({error.get('code')})")
        self.status, self.code, self.gap = status, error.get("code"), bool(error.get("openledger_gap"))


class InUse(Exception):
    """Another process uses the session."""


def _write(path, content):
    """Replaces a file. The new content is on the disk when it returns."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(name)
        raise
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def call(url, body=None, timeout=180):
    """Sends a request to a gateway and returns its response; errors are GatewayError."""
    content = None if body is None else canonical(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    try:
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            fields = json.loads(text)["error"]
        except (ValueError, KeyError, TypeError):
            fields = {"message": error.reason, "code": "unknown"}
        raise GatewayError(error.code, fields) from error


class Answer:
    """An answer: the message in the form of OpenAI's API, and the gateway's proof of what it costs."""

    def __init__(self, reply, finish, proof):
        self.message, self.finish, self.proof = reply, finish, proof

    @property
    def text(self):
        return self.message.get("content") or ""

    @property
    def sources(self):
        return self.proof.get("sources", [])


class Session:
    """Asks in one session. Its state is in a file, which is written before each question."""

    def __init__(self, path, state, lock):
        self.path, self._state, self._lock = path, state, lock

    @classmethod
    def load(cls, path):
        """Loads a session, and finishes an interrupted opening. Raises InUse if another process uses it."""
        lock = cls._acquire(path)
        try:
            with open(path, encoding="utf-8") as file:
                state = json.load(file)
            session = cls(path, state, lock)
            if "opening" in state:
                session._finish()
        except BaseException:
            lock.close()
            raise
        return session

    @classmethod
    def open(cls, path, gateway, node_url, wallet, deposit, model_id=None):
        """Opens a session with a gateway, with a deposit in aopen. The key is on disk before anything is sent."""
        if os.path.exists(path):
            raise FileExistsError(f"{path} exists: load the session in it, or name another file")
        gateway, node = gateway.rstrip("/"), Node(node_url)
        with call(gateway + "/v1/models", timeout=15) as response:
            offered = [one["openledger"] for one in json.load(response)["data"] if one.get("openledger")]
        model = next((one for one in offered if model_id in (None, one["model_id"])), None)
        if model is None:
            raise LookupError(f"the gateway does not serve model {model_id}")
        if model["chain_id"] != node.chain_id():
            raise ValueError(f"the node is not of chain {model['chain_id']}, which the gateway serves: name another")
        seed = secrets.token_bytes(32)
        content = message(
            (1, wallet.address), (2, model["provider"]), (3, model["model_id"]), (4, ed25519.public_key(seed)),
            (5, coin(deposit)), (7, bytes.fromhex(model.get("fence", ""))),
        )
        signed = wallet.sign_transaction(node, "/openledger.attribution.v1.MsgOpenSession", content)
        lock = cls._acquire(path)
        try:
            if os.path.exists(path):  # another process has opened a session meanwhile: its key is worth a deposit
                raise FileExistsError(f"{path} exists: load the session in it, or name another file")
            state = {
                "seed": seed.hex(), "gateway": gateway, "node": node.url, "chain_id": model["chain_id"],
                "payer": wallet.address, "opening": base64.b64encode(signed).decode(),
            }
            _write(path, state)
            session = cls(path, state, lock)
            session._finish()
        except BaseException:
            lock.close()
            raise
        return session

    @staticmethod
    def _acquire(path):
        folder = os.path.dirname(os.path.abspath(path))
        os.makedirs(folder, mode=0o700, exist_ok=True)
        lock = open(os.path.join(folder, "." + os.path.basename(path) + ".lock"), "a", encoding="utf-8")
        if fcntl:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.close()
                raise InUse(f"another process uses the session in {path}: wait for it") from error
        return lock

    def _finish(self):
        """Sends the transaction that opens the session, again if necessary: the chain executes it once."""
        node = Node(self._state["node"])
        found = self._find(node)
        if found is None:
            try:
                deliver(node, base64.b64decode(self._state["opening"]))
            except Refused:
                found = self._find(node)
                if found is None:
                    raise
            found = found or self._find(node)
        if found is None:
            raise Refused("the transaction is in a block, but the node shows no session of this key: try again later")
        price = found["price"]
        del self._state["opening"]
        self._state.update({
            "id": base64.b64decode(found["id"]).hex(), "provider": found["provider"],
            "model_id": int(found["model_id"]), "model_version": int(found["model_version"]),
            "answer_key": base64.b64decode(found["answer_key"]).hex(),
            "price": [int(price["input"]), int(price["output"]), int(price["royalty"])],
            "n": 0, "head": poa.NO_HASH.hex(), "last": None, "spent": 0, "pending": None,
        })
        _write(self.path, self._state)

    def _find(self, node):
        public, key = base64.b64encode(ed25519.public_key(bytes.fromhex(self._state["seed"]))).decode(), ""
        while True:
            query = f"?pagination.key={urllib.parse.quote(key, safe='')}" if key else ""
            page = node.get(f"/openledger/attribution/v1/payers/{self._state['payer']}/sessions{query}")
            for one in page["sessions"]:
                if one["session_key"] == public:
                    return one
            key = (page.get("pagination") or {}).get("next_key") or ""
            if not key:
                return None

    @property
    def id(self):
        return self._state["id"]

    @property
    def price(self):
        return poa.Price(*self._state["price"])

    @property
    def spent(self):
        """What the answers of the session have cost, in aopen."""
        return self._state["spent"]

    @property
    def pending(self):
        """Whether there is a question whose answer has not arrived."""
        return self._state["pending"] is not None

    def _last(self):
        last = self._state["last"]
        return poa.Outcome(bytes.fromhex(last[0]), *last[1:]) if last else poa.Outcome()

    def _sign(self, n, head, cumulative):
        s = self._state
        voucher = poa.Voucher(
            s["chain_id"], bytes.fromhex(s["id"]), decode_address(s["provider"]), s["model_id"], s["model_version"],
            self.price, n, head, cumulative,
        )
        return base64.b64encode(ed25519.sign(bytes.fromhex(s["seed"]), voucher.sign_bytes())).decode()

    def ask(self, request, max_fee, piece=None):
        """Asks a question, in the form of POST /v1/chat/completions, for at most max_fee in aopen. Returns an Answer.

        With piece, the answer is streamed: piece is called with each part of the text, before it can be checked. If the
        answer to an earlier question has not arrived, ask settles that one first; call recover() to get its answer.
        """
        if self.pending:
            self.recover()
        s = self._state
        aside = ("openledger", "stream", "stream_options")
        request = {name: value for name, value in request.items() if name not in aside}
        request["model"] = f"openledger/{s['model_id']}"
        call_key, n = secrets.token_bytes(32), s["n"] + 1
        hashed = poa.call_hash(poa.query_hash(call_key, request), max_fee)
        head = poa.next_hash(bytes.fromhex(s["head"]), hashed, self._last())
        paid = {
            "session": s["id"], "call_key": call_key.hex(), "n": n, "max_fee": str(max_fee),
            "cumulative_max": str(s["spent"] + max_fee), "head": head.hex(),
            "signature": self._sign(n, head, s["spent"] + max_fee),
        }
        before = {"n": s["n"], "head": s["head"], "last": s["last"]}
        s["pending"] = {"request": request, "paid": paid, "before": before, "shown": ""}
        s.update(n=n, head=head.hex(), last=None)
        _write(self.path, s)
        try:
            return self._attempt(piece)
        except GatewayError as error:
            if error.gap:
                self._settle(None)
            elif error.code != "unknown":
                self._withdraw()
            raise

    def recover(self):
        """Asks again for the answer to the pending question, with the voucher that already pays for it.

        Returns the Answer, or None if no question is pending, the call was not recorded, or it failed.
        """
        asked = self._state["pending"]
        if not asked:
            return None
        try:
            return self._attempt(None)
        except GatewayError as error:
            if error.gap:
                self._settle(None)
                return None
            if error.status >= 500 or error.status == 429 or error.code in ("session_busy", "unknown"):
                raise
            status = self._status()
            if status is None or status["n"] < asked["paid"]["n"]:
                self._withdraw()
            elif status["n"] == asked["paid"]["n"] and status["head"] == asked["paid"]["head"] and status["gap"]:
                self._settle(None)
            else:
                raise AnswerError("the call was answered and the answer is lost: close the session") from error
            return None

    def _status(self):
        try:
            with call(f"{self._state['gateway']}/v1/openledger/sessions/{self.id}", timeout=15) as response:
                return json.load(response)
        except GatewayError as error:
            if error.status == 404:
                return None
            raise

    def _settle(self, outcome):
        s = self._state
        s["pending"] = None
        if outcome and outcome != poa.Outcome():
            s["last"] = [outcome.answer_root.hex(), outcome.input_tokens, outcome.output_tokens, outcome.fee]
            s["spent"] += outcome.fee
        _write(self.path, s)

    def _withdraw(self):
        s = self._state
        s.update(s["pending"]["before"], pending=None)
        _write(self.path, s)

    def _attempt(self, piece):
        s = self._state
        asked = s["pending"]
        body = dict(asked["request"], openledger=asked["paid"], stream=piece is not None)
        shown = ""
        try:
            with call(s["gateway"] + "/v1/chat/completions", body) as response:
                if piece is None:
                    whole = json.load(response)
                    choice = whole["choices"][0]
                    answer = Answer(choice["message"], choice["finish_reason"], whole["openledger"])
                else:
                    reply, finish, proof = {"role": "assistant", "content": ""}, None, None
                    for chunk in _events(response):
                        if "error" in chunk:
                            raise GatewayError(200, chunk["error"])
                        proof = chunk.get("openledger", proof)
                        for choice in chunk["choices"]:
                            delta = choice.get("delta") or {}
                            finish = choice.get("finish_reason") or finish
                            for one in delta.get("tool_calls", []):
                                reply.setdefault("tool_calls", []).append(one)
                            if delta.get("content"):
                                reply["content"] += delta["content"]
                                shown = reply["content"]
                                piece(delta["content"])
                    if proof is None:
                        raise ConnectionError("the stream ended without a signature: call recover()")
                    answer = Answer(reply, finish, proof)
        finally:
            if len(shown) > len(asked["shown"]) and s["pending"]:
                asked["shown"] = shown
                _write(self.path, s)
        outcome = self.check(answer)
        whole = poa.answered(answer.message)  # what was shown before may be longer than what is signed for
        if not whole.startswith(asked["shown"]) and not asked["shown"].startswith(whole):
            raise AnswerError("the answer differs from what was shown before the connection was lost")
        self._settle(outcome)
        return answer

    @staticmethod
    def _proved(answer):
        """Splits an answer into the text that the provider signs for, and what was sent after it at no charge."""
        said, count = poa.answered(answer.message), answer.proof["output_tokens"]
        found = tokens(said) if count else []
        if count < len(found):
            end = found[count - 1][1]
            return said[:end], said[end:]
        return said, ""

    def check(self, answer):
        """Recomputes root, tokens and fee of the pending answer, and checks the signature. Returns its outcome."""
        try:
            return self._check(answer)
        except (LookupError, TypeError, ValueError) as error:
            raise AnswerError(f"a field of the proof is missing or cannot be read: {error!r}") from error

    def _check(self, answer):
        s, proof = self._state, answer.proof
        asked = s["pending"]
        said, _ = self._proved(answer)
        if (proof["session"], proof["n"]) != (s["id"], asked["paid"]["n"]):
            raise AnswerError("the answer belongs to another call")
        if proof.get("gap"):
            if proof["fee"] != "0" or proof["sources"] or proof["input_tokens"] or proof["output_tokens"]:
                raise AnswerError("the answer says that the sources say nothing, but it charges")
            return poa.Outcome()
        key, root = bytes.fromhex(asked["paid"]["call_key"]), bytes.fromhex(proof["answer_root"])
        if root not in (poa.answer_root(key, said), poa.answer_root(key, said, poa.MEANING)):
            raise AnswerError("the answer root is that of another text")
        counted = poa.input_tokens(asked["request"]), len(token_ids(said))
        if (proof["input_tokens"], proof["output_tokens"]) != counted:
            raise AnswerError("the billed tokens are not those of question and answer")
        try:
            check_text(said)
        except TextError as error:
            raise AnswerError(f"the text hides words from attribution: {error}") from error
        fee = int(proof["fee"])
        if not 0 <= fee <= min(self.price.total(*counted), int(asked["paid"]["max_fee"])):
            raise AnswerError("the fee is above the price or the maximum")
        outcome = poa.Outcome(root, *counted, fee)
        signed = poa.SignedAnswer(s["chain_id"], bytes.fromhex(s["id"]), proof["n"], outcome).sign_bytes()
        if not ed25519.verify(bytes.fromhex(s["answer_key"]), signed, base64.b64decode(proof["answer_signature"])):
            raise AnswerError("the signature is not the provider's")
        return outcome

    def _acknowledged(self):
        s = self._state
        return s["n"] + 1, poa.next_hash(bytes.fromhex(s["head"]), poa.ACK_CALL, self._last())

    def acknowledge(self):
        """Signs for the last answer without another question, so that its contributors are paid now."""
        s = self._state
        if not s["last"]:
            return
        n, head = self._acknowledged()
        signature = self._sign(n, head, s["spent"])
        body = {"n": n, "head": head.hex(), "cumulative_max": str(s["spent"]), "signature": signature}
        call(f"{s['gateway']}/v1/openledger/sessions/{self.id}/voucher", body, timeout=15).close()
        s.update(n=n, head=head.hex(), last=None)
        _write(self.path, s)

    def close(self, wallet):
        """Acknowledges the last answer and closes the session. The rest of the deposit returns an hour later."""
        s = self._state
        if self.pending:
            with contextlib.suppress(Exception):  # a lost answer, whatever the reason, must not keep the deposit
                self.recover()
        fields = [(1, wallet.address), (2, bytes.fromhex(self.id))]
        if s["last"]:
            n, head = self._acknowledged()
            fields += [(3, n), (4, head)]
        node = Node(s["node"])
        deliver(node, wallet.sign_transaction(node, "/openledger.attribution.v1.MsgCloseSession", message(*fields)))
        self.leave()
        os.remove(self.path)

    def leave(self):
        """Releases the session, so that another process can use it."""
        self._lock.close()


def _events(stream):
    """Yields the JSON objects of a stream of server-sent events."""
    for line in stream:
        text = line.decode("utf-8").rstrip("\r\n")
        if not text.startswith("data:"):
            continue
        data = text[5:].strip()
        if data == "[DONE]":
            return
        yield json.loads(data)
