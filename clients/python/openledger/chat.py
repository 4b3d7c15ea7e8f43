"""OpenAI's chat completions over a session: client.chat.completions.create(...), as in the package openai."""

from .amount import parse_amount


class _Object(dict):
    """A JSON object whose fields can also be read as attributes."""

    def __getattr__(self, name):
        try:
            value = self[name]
        except KeyError as error:
            raise AttributeError(name) from error
        return value

    @classmethod
    def of(cls, value):
        if isinstance(value, dict):
            return cls({name: cls.of(one) for name, one in value.items()})
        return [cls.of(one) for one in value] if isinstance(value, list) else value


class OpenLedger:
    """A client that pays by itself. One call at a time; each answer is checked before it is returned.

        client = OpenLedger(Session.load("session.json"), max_fee="1OPEN")
        response = client.chat.completions.create(messages=[{"role": "user", "content": "Why?"}])
        print(response.choices[0].message.content, response.openledger.sources)
    """

    def __init__(self, session, max_fee="1OPEN"):
        self.session, self.max_fee = session, parse_amount(max_fee)
        self.chat = self
        self.completions = self

    def create(self, messages, model=None, stream=False, on_text=None, **options):
        """Returns a response; with stream=True, a list of chunks. on_text is called with each piece of text."""
        request = dict(options, messages=messages)
        answer = self.session.ask(request, self.max_fee, on_text)
        proof = answer.proof
        usage = {
            "prompt_tokens": proof["input_tokens"], "completion_tokens": proof["output_tokens"],
            "total_tokens": proof["input_tokens"] + proof["output_tokens"],
        }
        head = {
            "id": "chatcmpl-" + proof["receipt_id"], "model": model or "openledger", "openledger": proof,
            "usage": usage,
        }
        if stream:
            return [_Object.of(dict(head, object="chat.completion.chunk", choices=[
                {"index": 0, "delta": answer.message, "finish_reason": answer.finish}]))]
        return _Object.of(dict(head, object="chat.completion", choices=[
            {"index": 0, "message": answer.message, "finish_reason": answer.finish}]))
