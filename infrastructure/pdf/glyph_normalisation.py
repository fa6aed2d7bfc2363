"""Replaces the glyph forms that PDFs draw by plain letters, so that stored text is what users search for.

Most Arabic PDFs use presentation forms, many Chinese and Japanese ones radicals or compatibility ideographs.
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
GLYPH_FORMS = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in BLOCKS) + "]")


def _letter(form: str) -> str:
    """NFKC; a vowel mark alone loses the space or stroke that carries it."""
    plain = normalize("NFKC", form)
    marks = plain.lstrip(f" {TATWEEL}")
    return marks if marks and all(map(combining, marks)) else plain


LETTERS = {
    code: _letter(chr(code))
    for first, last in BLOCKS
    for code in range(first, last + 1)
    if _letter(chr(code)) != chr(code)
}


def letters(text: str) -> str:
    """Return the text with glyph forms replaced; text without any is returned unchanged."""
    return text if text.isascii() or not GLYPH_FORMS.search(text) else text.translate(LETTERS)
