"""Which alphabets may be mixed in a word: Latin and Greek letters, in the forms that names of genes and units have."""

from .unicode import JOINER, MARK, SELECTOR, STACKER, TABLE, VARIANT, WORD

OTHER, LATIN, GREEK = 0, 1, 2  # alphabets of tokens
_NONE, _LATIN, _GREEK, _CYRILLIC, _ARMENIAN, _CHEROKEE, _COPTIC = range(7)

_LIKE = set("αγεηικνρστχω")  # Greek letters that look like Latin ones
_SIGNS = set("ΓΔΘΛΞΠΣΦΨΩβδζθλμξπφψϑϕϵϰϱϖ")  # Greek letters that do not
_HEADS = (  # words that may stand directly before a Greek letter
    "cronbach interferon integrin casein kinase fc tocopherol amyloid thalassemia methyl receptor"
).split()
_TAILS = (  # words that may stand directly after one
    "max min eff obs rel ref crit abs syn synuclein actin tubulin globulin catenin tocopherol carotene helix "
    "terpinene casein ketoglutarate fetoprotein linolenic p r s x y z n k"
).split()
_MAX_GREEK, _MAX_RUN, _MAX_LATIN = 3, 2, 14
_START, _DIGIT, _SMALL, _CAPITAL, _AFTER_GREEK = range(5)


def alphabet_of(code):
    """Returns LATIN, GREEK or OTHER: the alphabet of a code point, which may be any form of a letter."""
    if code in TABLE.clean:
        code = TABLE.clean[code][0]
    elif code in TABLE.unclean:
        code = TABLE.parts[code][0]
    if code < 0x80:
        return LATIN if 0x41 <= code <= 0x5A or 0x61 <= code <= 0x7A else OTHER
    if code == 0xB5 or 0x370 <= code <= 0x3E1 or 0x3F0 <= code <= 0x3FF or 0x1F00 <= code <= 0x1FFF:
        return GREEK
    if (0xC0 <= code <= 0x2AF and code not in (0xD7, 0xF7) or 0x1E00 <= code <= 0x1EFF or 0x2C60 <= code <= 0x2C7F
            or 0xA720 <= code <= 0xA7FF):
        return LATIN
    return OTHER


def _script_of(code):
    alphabet = alphabet_of(code)
    if alphabet == LATIN:
        return _LATIN
    if code != 0xB5 and alphabet == GREEK:
        return _GREEK
    for script, ranges in (
        (_CYRILLIC, ((0x400, 0x52F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F))),
        (_ARMENIAN, ((0x531, 0x58A),)), (_CHEROKEE, ((0x13A0, 0x13FF), (0xAB70, 0xABBF))),
        (_COPTIC, ((0x2C80, 0x2CFF), (0x3E2, 0x3EF))),
    ):
        if any(first <= code <= last for first, last in ranges):
            return script
    return _NONE


class Word:
    """Follows the alphabets of one word."""

    def __init__(self):
        self._begin()

    def _begin(self):
        self.script, self.greek, self.run, self.letters, self.like = _NONE, 0, 0, False, False
        self.before, self.last, self.capitals, self.latin, self.smalls = _START, _START, False, [], 0

    def next(self, code, kind):
        """Takes the next code point, and reports whether it may stand in the word."""
        if kind in (MARK, STACKER, JOINER, SELECTOR, VARIANT):
            return True
        if kind != WORD:
            self._begin()
            return True
        script = _script_of(code)
        if script == _NONE:
            if 0x30 <= code <= 0x39:
                self.last = _DIGIT
            self.run, self.latin, self.smalls, self.like = 0, [], 0, False
            return True
        if self.script in (_NONE, script):
            self.script = script
        elif {self.script, script} == {_LATIN, _GREEK}:
            self.script = _LATIN  # from here on both
            if script == _LATIN and (self.letters or self.greek > _MAX_GREEK or self.run > _MAX_RUN):
                return False
        else:
            return False
        if script == _GREEK:
            return self._next_greek(code, self.script == _LATIN)
        return self._next_latin(code) if script == _LATIN else True

    def _next_greek(self, code, mixed):
        like, sign = chr(code) in _LIKE, chr(code) in _SIGNS
        if self.run == 0:
            self.before, self.like = self.last, False
        self.greek += 1
        self.run += 1
        self.letters = self.letters or not like and not sign
        self.like = self.like or like
        smalls, self.last, self.smalls = self.smalls, _AFTER_GREEK, 0
        if not mixed:
            return True
        if self.letters or self.greek > _MAX_GREEK or self.run > _MAX_RUN:
            return False
        return (not like or self.before != _SMALL or smalls == 1 and self.capitals or self.run > 1
                or self._listed(_HEADS, False))

    def _next_latin(self, code):
        small = 0x61 <= code <= 0x7A or code >= 0x80 and code not in TABLE.fold
        after_greek = self.greek > 0 and self.like
        if self.last == _AFTER_GREEK:
            self.latin, self.smalls = [], 0
        self.latin.append(chr(code | 0x20) if code < 0x80 else "\0")
        self.run = 0
        if not small:
            self.last, self.smalls, self.capitals, self.like = _CAPITAL, 0, True, False
            return True
        self.smalls += 1
        self.last = _SMALL
        if not after_greek:
            return True
        if self.before == _START:
            return self._listed(_TAILS, True)
        return self.before != _SMALL and self.smalls <= 1

    def _listed(self, words, prefix):
        if len(self.latin) > _MAX_LATIN:
            return False
        word = "".join(self.latin)
        return any(one == word or prefix and one.startswith(word) for one in words)
