"""Ed25519 in pure Python (RFC 8032), for machines without a library of cryptography.

Signing and checking take some milliseconds each. The time that signing takes may depend on the key: use it where nobody
can measure it, for example on your own machine. A session key that leaks costs at most the deposit of its session.
"""

import hashlib

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_ONE = (0, 1, 1, 0)


def _recover_x(y, sign):
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P:
        return None
    if x == 0 and sign:
        return 0  # ZIP 215 accepts it
    return _P - x if x & 1 != sign else x


def _add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % _P
    f = (a[1] + a[0]) * (b[1] + b[0]) % _P
    g = 2 * a[3] * b[3] * _D % _P
    h = 2 * a[2] * b[2] % _P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(scalar, point):
    out = _ONE
    while scalar:
        if scalar & 1:
            out = _add(out, point)
        point = _add(point, point)
        scalar >>= 1
    return out


def _equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % _P == 0 and (a[1] * b[2] - b[1] * a[2]) % _P == 0


_Y = 4 * pow(5, -1, _P) % _P
_X = _recover_x(_Y, 0)
_BASE = (_X, _Y, 1, _X * _Y % _P)


def _encode(point):
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(encoded):
    """Decodes a point by the rules of ZIP 215, as the chain does: forms that are not reduced are accepted."""
    number = int.from_bytes(encoded, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    y %= _P
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _hash(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % _L


def _expand(seed):
    if len(seed) != 32:
        raise ValueError("a seed has 32 bytes")
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def public_key(seed):
    """The public key of a seed, both 32 bytes."""
    return _encode(_multiply(_expand(seed)[0], _BASE))


def sign(seed, message):
    """The signature over a message, 64 bytes."""
    scalar, prefix = _expand(seed)
    public = _encode(_multiply(scalar, _BASE))
    nonce = _hash(prefix, message)
    r = _encode(_multiply(nonce, _BASE))
    s = (nonce + _hash(r, public, message) * scalar) % _L
    return r + s.to_bytes(32, "little")


def verify(public, message, signature):
    """Reports whether a signature over a message was made with a key, by the rules of ZIP 215."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = _decode(public), _decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= _L:
        return False
    left = _multiply(s, _BASE)
    right = _add(r, _multiply(_hash(signature[:32], public, message), a))
    return _equal(_multiply(8, left), _multiply(8, right))
