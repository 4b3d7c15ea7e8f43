"""Tokens of a text, the marks of its sentences, and what clean text is: poa/README.md, sections 1 and 4b."""

import hashlib

from .alphabets import Word, alphabet_of, GREEK, LATIN, OTHER
from .stopwords import STOP_WORDS
from .unicode import (
    ALONE, BULLET, FORBIDDEN, IGNORABLE, JOINER, LINE, MARK, SELECTOR, SPACE, STACKER, TABLE, VARIANT, VIRAMA, WORD,
)

MAX_MARKS = 12
_MAX_BLANKS = 64
_SOFT_HYPHEN, _HYPHEN = 0x00AD, 0x2010
STARTS, ENDS = 1, 2  # marks


def codes_of(text):
    """Returns the code points of a text. Raises ValueError for an unpaired surrogate."""
    text.encode("utf-8")
    return [ord(c) for c in text]


def tokens(text):
    """Returns (start, end, id) of each token, in code points."""
    codes = codes_of(text)
    out = []
    start, end = _next(codes, 0)
    while start < end:
        out.append((start, end, token_id(codes[start:end])))
        start, end = _next(codes, end)
    return out


def token_ids(text):
    return [token for _, _, token in tokens(text)]


def token_id(codes):
    """The first eight bytes of SHA-256 of the folded token, as a number."""
    return int.from_bytes(hashlib.sha256(fold(codes).encode()).digest()[:8], "big")


def fold(codes):
    """The folded form of a token: small letters in form NFC, without invisible characters."""
    out = []
    for code in codes:
        if TABLE.kind.get(code) in (WORD, ALONE, MARK, STACKER):
            if 0x41 <= code <= 0x5A:
                out.append(code + 0x20)
            else:
                out += TABLE.fold.get(code) or TABLE.decompose(code)
    undotted, letter = [], 0
    for code in out:
        if TABLE.order.get(code, 0) == 0:
            letter = code
        elif code == 0x307 and letter in (0x69, 0x6A):
            continue
        undotted.append(code)
    return "".join(map(chr, TABLE.compose(undotted)))


def _next(codes, i):
    while i < len(codes):
        kind = TABLE.kind.get(codes[i], FORBIDDEN)
        if kind == WORD:
            return i, _word_end(codes, i)
        if kind == ALONE:
            return i, _alone_end(codes, i + 1)
        i += 1
    return len(codes), len(codes)


def _digit(code):
    return 0x30 <= code <= 0x39


def _word_end(codes, i):
    end, alphabet, marks, letter = i, OTHER, 0, False
    while i < len(codes):
        code = codes[i]
        kind = TABLE.kind.get(code, FORBIDDEN)
        if kind == WORD:
            here = alphabet_of(code)
            if here != OTHER:
                if alphabet != OTHER and here != alphabet:
                    return end
                alphabet = here
            i += 1
            end, marks, letter = i, 0, not _digit(code)
        elif kind in (MARK, STACKER):
            marks += 1
            if marks > MAX_MARKS:
                return end
            i += 1
            end = i
        elif kind in (IGNORABLE, JOINER, VARIANT):
            after = _over_line_end(codes, i + 1) if code == _SOFT_HYPHEN and letter else 0
            i = after or i + 1  # it belongs to the token if a letter follows
        else:
            after = _over_line_end(codes, i + 1) if code in (0x2D, _HYPHEN) and letter else 0
            if not after:
                return end
            i = after
    return end


def _over_line_end(codes, i):
    """Returns where a word continues after a hyphen at the end of a line, or 0."""
    lines, limit = 0, i + _MAX_BLANKS
    while i < len(codes) and i < limit:
        code = codes[i]
        if code in (0x20, 0x09, 0x0D):
            i += 1
            continue
        if code == 0x0A:
            lines += 1
            if lines > 1:
                return 0
            i += 1
            continue
        if lines == 0:
            return 0
        if code < 0x80:
            return i if 0x61 <= code <= 0x7A else 0
        return i if TABLE.kind.get(code) == WORD and code not in TABLE.fold else 0
    return 0


def _alone_end(codes, i):
    end, marks, stacked = i, 0, False
    while i < len(codes) and codes[i] >= 0x80:
        kind = TABLE.kind.get(codes[i], FORBIDDEN)
        if kind in (MARK, STACKER):
            stacked = stacked or kind == STACKER
        elif kind == ALONE and (stacked or codes[i] in TABLE.back):
            stacked = False
        elif kind in (IGNORABLE, JOINER):
            i += 1
            continue
        else:
            return end
        marks += 1
        if marks > MAX_MARKS:
            return end
        i += 1
        end = i
    return end


_STOPS = set("\n\r\u2028\u2029\u0085。！？｡।॥؟۔።។၊။…")


def marks(text):
    """Returns the mark of each token: STARTS if a sentence starts with it, ENDS if one ends with it, both, or 0."""
    codes = codes_of(text)
    out, last = [], 0
    for start, end, _ in tokens(text):
        if not out:
            out.append(STARTS)
        elif _breaks(codes[last:start]):
            out[-1] |= ENDS
            out.append(STARTS)
        else:
            out.append(0)
        last = end
    if out:
        out[-1] |= ENDS
    return out


_stop_ids = frozenset()


def weight(text):
    """The weight of a text: 13/8 for a word, 4/8 for a letter of a script without spaces, nothing for stop words."""
    global _stop_ids
    if not _stop_ids:
        _stop_ids = frozenset(token_id(codes_of(word)) for word in STOP_WORDS)
    codes = codes_of(text)
    eighths = 0
    for start, end, token in tokens(text):
        if token not in _stop_ids:
            first = ord(fold(codes[start:end])[0])
            eighths += 4 if first >= 0x80 and TABLE.kind.get(first) == ALONE else 13
    return eighths // 8


def _breaks(gap):
    stop = False
    for code in gap:
        if chr(code) in _STOPS:
            return True
        if code in (0x2E, 0x21, 0x3F):
            stop = True
        elif stop and (code in (0x20, 0x09) or TABLE.kind.get(code) in (SPACE, LINE)):
            return True
    return False


class TextError(ValueError):
    """Text that is not clean, or mixes alphabets. Such an answer is not acknowledged: it pays nobody for its words."""

    def __init__(self, code, position, reason):
        super().__init__(f"{code} at character {position}: {reason}")
        self.code, self.position = code, position


_JOINERS = [
    (0x0600, 0x074F), (0x0750, 0x077F), (0x07C0, 0x07FF), (0x0840, 0x08FF), (0x0900, 0x0DFF), (0x0F00, 0x109F),
    (0x1780, 0x18AF), (0x1A20, 0x1AAF), (0x1B00, 0x1C4F), (0xA840, 0xA87F), (0xA8E0, 0xA8FF), (0xA980, 0xA9FF),
    (0xAA60, 0xAA7F), (0x10A00, 0x10FFF), (0x11000, 0x11FFF), (0x1E900, 0x1E95F),
]
_SYMBOLS = [
    (0x23, 0x23), (0x2A, 0x2A), (0x30, 0x39), (0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049),
    (0x2122, 0x2122), (0x2139, 0x2139), (0x2190, 0x2BFF), (0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3297),
    (0x3299, 0x3299), (0x1F000, 0x1FAFF),
]


def _within(ranges, code):
    return any(first <= code <= last for first, last in ranges)


def _script_letter(code):
    return _within(_JOINERS, code) and TABLE.kind.get(code) in (WORD, ALONE, MARK, STACKER)


def _may_follow(previous, code):
    if code in (0xFE0E, 0xFE0F):
        return _within(_SYMBOLS, previous)
    if code == 0x200D:
        return previous == 0xFE0F or previous >= 0x2190 and _within(_SYMBOLS, previous) or _script_letter(previous)
    if code == 0x200C:
        return _script_letter(previous)
    return 0x1800 <= previous <= 0x18AF


def _joins(previous, code):
    if _script_letter(previous):
        return _script_letter(code)
    return code >= 0x2190 and _within(_SYMBOLS, code)


_REFUSED = {
    FORBIDDEN: "a control or private character, or none of Unicode 15.0", LINE: "use a line feed",
    SPACE: "use an ordinary space", IGNORABLE: "it is invisible", BULLET: "use a bullet (U+2022)",
}


def check_text(text):
    """Raises TextError for the first problem of a text that is not clean."""
    try:
        codes = codes_of(text)
    except UnicodeEncodeError as error:
        raise TextError("invalid_utf8", error.start, "an unpaired surrogate") from error
    previous, joined, first, run, word = 0, 0, 0, [], Word()
    for position, code in enumerate(codes):
        kind = TABLE.kind.get(code, FORBIDDEN)
        reason = _refuse(code, kind, previous, joined, first, run)
        if reason:
            raise TextError("forbidden_code_point", position, f"U+{code:04X}: {reason}")
        if not word.next(code, kind):
            raise TextError("mixed_script", position, f"U+{code:04X} looks like a letter of another alphabet")
        joined = 0
        if kind == JOINER and TABLE.order.get(previous, 0) != VIRAMA:
            joined, first = code, previous
        if code in TABLE.back and run:
            run.append(code)
        else:
            run = [code]
        previous = code
    if joined:
        raise TextError("forbidden_code_point", len(codes) - 1, "a joiner that joins nothing")


def _refuse(code, kind, previous, joined, first, run):
    if joined and not _joins(first, code):
        return "the joiner before it joins nothing"
    if kind in _REFUSED:
        return _REFUSED[kind]
    if kind in (JOINER, SELECTOR, VARIANT) and (joined or not _may_follow(previous, code)):
        return "no script or symbol needs it here"
    if code in TABLE.unclean:
        return "use the plain letter that it is a form of"
    if code not in TABLE.back or not run:
        return ""
    if len(run) >= MAX_MARKS + 1:
        return "a letter has at most 12 marks"
    whole = [part for one in run + [code] for part in TABLE.decompose(one)]
    return "" if TABLE.compose(whole) == run + [code] else "letter and marks are not composed (form NFC)"
