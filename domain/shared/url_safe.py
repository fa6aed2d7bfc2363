"""Names made safe for URLs, injectively: two different names never meet."""

import re

UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")


def url_safe(name: str) -> str:
    """The name in UTF-8, with each byte but letters, digits, '.', '_' and '-' written as `=XX` in hexadecimal."""
    return UNSAFE.sub(lambda byte: b"=%02X" % byte[0][0], name.encode("utf-8", "surrogatepass")).decode()
