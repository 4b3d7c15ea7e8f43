"""The table of code points of NormVersion 2, Unicode 15.0.0. The file decides, not Python's own tables."""

from importlib import resources

FORBIDDEN = ""
WORD, ALONE, MARK, STACKER, SEPARATOR, SPACE, LINE = "L", "S", "M", "G", "P", "Z", "N"
IGNORABLE, JOINER, SELECTOR, VARIANT, BULLET = "I", "J", "V", "F", "B"
VIRAMA = 9  # combining class of a virama

_HANGUL, _LEAD, _VOWEL, _TAIL = 0xAC00, 0x1100, 0x1161, 0x11A7
_LEADS, _VOWELS, _TAILS = 19, 21, 28


class Table:
    """The properties of each code point."""

    def __init__(self, text):
        self.kind, self.order = {}, {}
        self.parts, self.clean, self.fold, self.whole = {}, {}, {}, {}
        back = set()
        for line in text.splitlines():
            name, _, rest = line.partition(" ")
            fields = rest.split(" ")
            if name == "class":
                for code in range(int(fields[0], 16), int(fields[1], 16) + 1):
                    self.kind[code] = fields[2]
            elif name == "order":
                for code in range(int(fields[0], 16), int(fields[1], 16) + 1):
                    self.order[code] = int(fields[2])
            elif name in ("parts", "clean", "fold"):
                codes = [int(field, 16) for field in fields]
                getattr(self, name)[codes[0]] = codes[1:]
            elif name == "whole":
                first, second, whole = (int(field, 16) for field in fields)
                self.whole[first, second] = whole
                back.add(second)
        back.update(code for code, order in self.order.items() if order)
        back.update(range(_VOWEL, _VOWEL + _VOWELS))
        back.update(range(_TAIL, _TAIL + _TAILS))
        self.back = back  # code points that may compose with the one before them
        self.unclean = set(self.clean)  # code points that clean text does not have
        self.unclean.update(code for code, parts in self.parts.items() if self.compose(list(parts)) != [code])

    def decompose(self, code):
        """The canonical decomposition of a code point, not reordered."""
        syllable = code - _HANGUL
        if 0 <= syllable < _LEADS * _VOWELS * _TAILS:
            out = [_LEAD + syllable // (_VOWELS * _TAILS), _VOWEL + syllable % (_VOWELS * _TAILS) // _TAILS]
            return out + [_TAIL + syllable % _TAILS] if syllable % _TAILS else out
        return self.parts.get(code, [code])

    def compose(self, codes):
        """Turns decomposed text into Unicode's form NFC."""
        codes = list(codes)
        for i in range(1, len(codes)):  # a stable sort: marks of the same order keep their places
            order, j = self.order.get(codes[i], 0), i
            while order and j > 0 and self.order.get(codes[j - 1], 0) > order:
                codes[j - 1], codes[j] = codes[j], codes[j - 1]
                j -= 1
        out, starter, last = [], -1, 0
        for code in codes:
            order = self.order.get(code, 0)
            if starter >= 0 and (len(out) - 1 == starter or last < order):
                whole = self._pair(out[starter], code)
                if whole is not None:
                    out[starter] = whole
                    continue
            if order == 0:
                starter = len(out)
            last = order
            out.append(code)
        return out

    def _pair(self, a, b):
        if 0 <= a - _LEAD < _LEADS and 0 <= b - _VOWEL < _VOWELS:
            return _HANGUL + ((a - _LEAD) * _VOWELS + b - _VOWEL) * _TAILS
        syllable = a - _HANGUL
        if 0 <= syllable < _LEADS * _VOWELS * _TAILS and syllable % _TAILS == 0 and 0 < b - _TAIL < _TAILS:
            return a + b - _TAIL
        return self.whole.get((a, b))


TABLE = Table(resources.files(__package__).joinpath("unicode_v2.txt").read_text(encoding="ascii"))
