"""The hash of a question, as docs/dapp.md specifies it. `python3 query.py query.json` prints the hashes of vectors."""
import hashlib
import json
import re
import sys
from decimal import Decimal


def number(x):
    """Writes a number as ECMAScript does."""
    text = repr(float(x))
    if x == 0:
        return "0"
    if 1e-6 <= abs(x) < 1e21:
        return format(Decimal(text), "f").removesuffix(".0")
    return re.sub(r"e([+-])0*", r"e\1", text).replace(".0e", "e")


def canonical(x):
    if isinstance(x, dict):
        names = sorted(x, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(x[name]) for name in names) + "}"
    if isinstance(x, list):
        return "[" + ",".join(map(canonical, x)) + "]"
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return number(x)
    return json.dumps(x, ensure_ascii=False)


def query_hash(call_key, request):
    query = {name: value for name, value in request.items() if name not in ("openledger", "stream", "stream_options")}
    return hashlib.sha256(b"openledger/query/v2" + call_key + canonical(query).encode()).hexdigest()


for vector in json.load(open(sys.argv[1], encoding="utf-8")):
    print(query_hash(bytes.fromhex(vector["call_key"]), json.loads(vector["request"])))
