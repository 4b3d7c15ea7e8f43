"""Amounts as people write them: 1.5OPEN. Programs use whole numbers of aopen, of which an OPEN has 10**18."""

import re

DECIMALS = 18
_FORM = re.compile(r"([0-9]+)(?:\.([0-9]+))?\s*([a-zA-Z]+)?")
_PLACES = {"open": DECIMALS, "aopen": 0, "attoopen": 0}


def parse_amount(text):
    """Reads an amount with its unit as aopen. Only 0 needs no unit."""
    parts = _FORM.fullmatch(text.strip())
    if not parts:
        raise ValueError(f"{text!r} is not an amount: write 1.5OPEN")
    whole, fraction, unit = parts[1], (parts[2] or "").rstrip("0"), parts[3]
    if unit is None:
        if int(whole) or fraction:
            raise ValueError(f"{text!r} has no unit: write {text}OPEN, or {text}aopen for base units")
        return 0
    places = _PLACES.get(unit.lower())
    if places is None:
        raise ValueError(f"{text!r}: the chain has no unit {unit!r}: write OPEN or aopen")
    if len(fraction) > places:
        raise ValueError(f"{text!r} has a fraction of an aopen, the smallest unit: write fewer decimals")
    return int(whole + fraction.ljust(places, "0"))


def format_amount(aopen):
    """Writes aopen as people read it, such as 1.5 OPEN, without rounding."""
    whole, fraction = divmod(aopen, 10**DECIMALS)
    digits = str(fraction).rjust(DECIMALS, "0").rstrip("0")
    return f"{whole}{'.' + digits if digits else ''} OPEN"
