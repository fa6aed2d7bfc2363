"""Ids and words as Typesense takes them: ids in `[A-Za-z0-9_.-]`, exact values as whole numbers, codes without their punctuation."""

import hashlib
import re
import struct

ID = "id"
PLAIN = re.compile(rb"[A-Za-z0-9.-]")
SUFFIX = 5  # characters from which the end of an identifier is found on its own
CHECK_DIGIT = re.compile(r"(\d{8})-\d")
SIGNS = re.compile(r"[\W_]+")
SCHEME = re.compile(r"[^\W\d]+:(?=.)")


def encode_id(key: str) -> str:
    """A business key as an id; every byte that is not plain becomes `_` and two hexadecimal digits."""
    return "".join(chr(byte) if PLAIN.match(bytes([byte])) else f"_{byte:02x}" for byte in key.encode("utf-8", "surrogatepass"))


def decode_id(encoded: str) -> str:
    """The business key of an id."""
    return re.sub(rb"_([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), encoded.encode()).decode("utf-8", "surrogatepass")


def exact(value: str) -> int:
    """A keyword as a number below 2^63: Typesense's own text filters forget case and punctuation, this one does not."""
    return int.from_bytes(hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


def ordered(number: float) -> int:
    """A float as a 64-bit integer of the same order: Typesense's own floats have 32 bits, too few for money."""
    bits = int(struct.unpack(">q", struct.pack(">d", number + 0.0))[0])  # -0.0 and 0.0 alike
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def code_of(whole: str) -> str:
    """A folded identifier as typed, as one word: without scheme (`cpv:…`), check digit (`…-6`) and punctuation."""
    bare = SCHEME.sub("", whole, count=1) if SCHEME.match(whole) else whole
    digits = CHECK_DIGIT.fullmatch(bare)
    return "".join(filter(str.isalnum, digits[1] if digits else bare))


def parts_of(whole: str) -> list[str]:
    """The parts of a folded identifier, between its signs."""
    return [part for piece in SIGNS.split(whole) if (part := "".join(filter(str.isalnum, piece)))]


def codes_of(parts: list[str]) -> list[str]:
    """The words that an identifier is found by: all of it, and its ends from the start of each part."""
    joined = ["".join(parts[start:]) for start in range(len(parts))]
    return [word for start, word in enumerate(joined) if start == 0 or len(word) >= SUFFIX]
