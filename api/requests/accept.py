"""Content negotiation by the Accept header (RFC 9110, 12.5.1)."""

from collections.abc import Sequence


def preferred_media_type(accept: str, offered: Sequence[str]) -> str:
    """The offered media type that the header prefers; the first one if it names none of them.

    Wildcards stand for the first one only, so that browsers and curl get it.
    """
    weights = dict(_media_range(text) for text in accept.lower().split(","))
    first = max(weights.get(name, 0.0) for name in (offered[0], f"{offered[0].partition('/')[0]}/*", "*/*"))
    best = max(offered[1:], key=lambda name: weights.get(name, 0.0))
    return best if weights.get(best, 0.0) > first else offered[0]


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = text.strip().split(";")
    for parameter in parameters:
        key, _, value = parameter.strip().partition("=")
        if key == "q":
            try:
                return name.strip(), float(value)
            except ValueError:
                return name.strip(), 0.0
    return name.strip(), 1.0
