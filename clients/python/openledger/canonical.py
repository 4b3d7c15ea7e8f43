"""The JSON Canonicalization Scheme, RFC 8785."""

import json
import math
import re
from decimal import Decimal


def canonical(value):
    """Returns the form of a JSON value that is the same in every language."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(float(value))
    if isinstance(value, str):
        value.encode("utf-8")  # raises for an unpaired surrogate, which has no form
    return json.dumps(value, ensure_ascii=False)


def _number(number):
    """Writes a number as ECMAScript does."""
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    if number == 0:
        return "0"
    text = repr(number)
    if 1e-6 <= abs(number) < 1e21:
        return format(Decimal(text), "f").removesuffix(".0")
    return re.sub(r"e([+-])0*", r"e\1", text).replace(".0e", "e")
