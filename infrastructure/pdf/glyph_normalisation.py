"""Letters as they are written, in place of the glyph forms that a PDF draws: what is stored is what people search for.

Most Arabic PDFs draw presentation forms, many Chinese and Japanese ones radicals or compatibility ideographs.
"""

import re
from unicodedata import combining, normalize

TATWEEL = "\u0640"
BLOCKS = (
    (0x2E80, 0x2FD5),  # radicals
    (0xF900, 0xFAFF),  # compatibility ideographs
    (0xFB00, 0xFDFF),  # Latin and Armenian ligatures, Hebrew and Arabic presentation forms
    (0xFE70, 0xFEFC),  # Arabic presentation forms B
)
DRAWN = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in BLOCKS) + "]")


def _letter(form: str) -> str:
    """NFKC; a vowel mark without the blank or stroke that carries it where it stands alone."""
    plain = normalize("NFKC", form)
    marks = plain.lstrip(f" {TATWEEL}")
    return marks if marks and all(map(combining, marks)) else plain


LETTERS = {code: _letter(chr(code)) for first, last in BLOCKS for code in range(first, last + 1) if _letter(chr(code)) != chr(code)}


def letters(text: str) -> str:
    """The text in letters; a text without presentation forms is returned as it is."""
    return text if text.isascii() or not DRAWN.search(text) else text.translate(LETTERS)
