"""Proposes key facts of a notice from the lines of a page: title, buyer, deadline, value, CPV codes. Pure.

A proposed fact has its position and original text; ambiguous text is kept as text or left out. Proposed facts are
never mixed with published data.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from domain.document_files.proposed_values import parse_date, parse_money

Box = tuple[float, float, float, float]
Fact = dict[str, Any]
FACT_MAX_CHARACTERS = 300
PAGE_MAX_FACTS = 30


class TextLine(NamedTuple):
    """A line of text, its box (x0, y0, x1, y1 in points from the page's top left) and the size of its largest letters
    in points.
    """

    text: str
    box: Box
    size: float


LABELS: dict[str, str] = {
    "title": r"(?:notice |tender |contract |procurement )?title|name of (?:the )?(?:contract|tender)|title of (?:the "
    r")?(?:contract|tender|notice)"
    r"|objet du marché|bezeichnung des auftrags|título",
    "buyer": r"buyer(?: name)?|name of (?:the )?buyer|contracting (?:authority|body|entity)|procuring (?:entity"
    r"|authority)|purchaser|awarding authority"
    r"|pouvoir adjudicateur|acheteur|auftraggeber|poder adjudicador|entidad contratante",
    "deadline": r"(?:submission |tender |closing )?deadline(?: for (?:the )?(?:submission|receipt)(?: of (?:tenders"
    r"|bids|offers))?)?"
    r"|closing date(?: and time)?|submissions? (?:due|by)|time limit for (?:the )?receipt of tenders(?: or requests to "
    r"participate)?"
    r"|date limite(?: de réception des offres)?|angebotsfrist|fecha límite",
    "value": r"(?:estimated |total |contract |maximum |tender |total estimated |estimated total )?value(?: of (?:the "
    r")?(?:contract|tender|procurement))?"
    r"(?: (?:excluding|including|excl\.?|incl\.?) vat)?|(?:estimated )?(?:budget|amount)|valeur estimée|geschätzter "
    r"wert|valor estimado",
}
LABELLED = {
    name: re.compile(rf"^\W*(?:{words})\s*(?:\([^)]{{0,40}}\))?\s*(?:[:：]\s*|$)", re.I)
    for name, words in LABELS.items()
}
CODE = re.compile(r"(?<![\d.,/-])(\d{8})(-\d)?(?![\d-])")
CPV = re.compile(r"\bCPV\b", re.I)


def propose_facts(page: int, lines: Sequence[TextLine]) -> list[Fact]:
    """The facts of a page, in order, each {"name", "value", "page", "bbox", "text"}; "currency" if it is known."""
    lines = [line._replace(text=" ".join(line.text.split())) for line in lines if line.text.strip()]
    found = [*_labelled(lines), *_codes(lines)]
    if page == 1 and not any(name == "title" for name, _, _ in found):
        found = [*_headline(lines), *found]
    return [
        {
            "name": name,
            "page": page,
            "bbox": [round(x, 1) for x in line.box],
            "text": line.text[:FACT_MAX_CHARACTERS],
            **value,
        }
        for name, value, line in found[:PAGE_MAX_FACTS]
    ]


def distinct_facts(facts: Iterable[Fact]) -> list[Fact]:
    """The distinct facts of a file by name, value and currency, in order; only the first title."""
    kept: dict[tuple[Any, ...], Fact] = {}
    for fact in facts:
        kept.setdefault((fact["name"], fact["value"], fact.get("currency")), fact)
    labelled = [fact for fact in kept.values() if fact["name"] == "title"]
    return [fact for fact in kept.values() if fact["name"] != "title" or fact is labelled[0]]


def _labelled(lines: Sequence[TextLine]) -> Iterator[tuple[str, Fact, TextLine]]:
    """Values after their label, on the same line or the next one."""
    for index, line in enumerate(lines):
        for name, label in LABELLED.items():
            match = label.match(line.text)
            if match is None:
                continue
            at = line
            text = line.text[match.end() :].strip()
            if not text and index + 1 < len(lines):
                at = lines[index + 1]
                text = "" if any(other.match(at.text) for other in LABELLED.values()) else at.text
            value = _value(name, text[:FACT_MAX_CHARACTERS]) if text else None
            if value is not None:
                yield name, value, at
            break


def _value(name: str, text: str) -> Fact | None:
    if name == "deadline":
        when = parse_date(text)
        return {"value": when} if when else None
    return parse_money(text) if name == "value" else {"value": text}


def _codes(lines: Sequence[TextLine]) -> Iterator[tuple[str, Fact, TextLine]]:
    """CPV codes: eight digits with a check digit, or on a line with the word CPV or one of the two lines after it."""
    lines_left = 0
    for line in lines:
        lines_left = 3 if CPV.search(line.text) else lines_left - 1
        for match in CODE.finditer(line.text):
            if (match[2] or lines_left > 0) and 3 <= int(match[1][:2]) <= 98:
                yield "cpv", {"value": match[1]}, line


def _headline(lines: Sequence[TextLine]) -> Iterator[tuple[str, Fact, TextLine]]:
    """The title: the first line with the largest letters on the page and the lines of that size after it.

    None if all lines have the same size.
    """
    sizes = sorted({round(line.size, 1) for line in lines})
    if len(sizes) < 2:
        return
    start = next(index for index, line in enumerate(lines) if round(line.size, 1) == sizes[-1])
    text = lines[start].text
    for line in lines[start + 1 : start + 4]:
        if round(line.size, 1) != sizes[-1]:
            break
        text = f"{text} {line.text}"
    if any(letter.isalpha() for letter in text):
        yield "title", {"value": text[:FACT_MAX_CHARACTERS]}, lines[start]
