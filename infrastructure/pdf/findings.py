"""Collects the output of the child processes for one PDF into the fields of a document file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from domain.document_files.document_file import DocumentFileState
from domain.document_files.proposed_facts import distinct_facts

MAX_PAGE_RANGES = 8  # named in a reason


@dataclass
class Findings:
    """`pages` holds the JSON text of each page by number, as the child wrote it; `left` the reason for each missing
    page.

    `images` and `drawn` are pages without readable text, with images or other drawings; `unfilled` holds, by page,
    why form fields were not read.
    """

    count: int | None = None
    repaired: bool = False
    encrypted: str | None = None
    broken: str | None = None
    stopped: str | None = None
    untabled: str | None = None
    pages: dict[int, bytes] = field(default_factory=dict)
    texts: set[int] = field(default_factory=set)
    images: set[int] = field(default_factory=set)
    drawn: set[int] = field(default_factory=set)
    unfilled: dict[int, str] = field(default_factory=dict)
    recognised: set[int] = field(default_factory=set)
    left: dict[int, str] = field(default_factory=dict)
    facts: list[dict[str, Any]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    ended: bool = False

    def add(self, output: bytes) -> None:
        """Add the complete lines of an output; a killed child may leave an incomplete last line."""
        self.ended = False
        for line in output.split(b"\n")[:-1]:
            tag, number, value = line.split(b" ", 2)
            self._take(tag.decode(), int(number), value)

    @property
    def reached(self) -> int:
        """The last page with a result or a reason."""
        return max([*self.pages, *self.left], default=0)

    def _take(self, tag: str, number: int, value: bytes) -> None:
        match tag:
            case "page" | "image" | "drawn" | "blank":
                self.pages[number] = value
                if tag != "blank":
                    {"page": self.texts, "image": self.images, "drawn": self.drawn}[tag].add(number)
            case "opened":
                self.count = number
                self.repaired |= orjson.loads(value)["repaired"]
            case "end":
                self.ended = True
                self.repaired |= orjson.loads(value)["repaired"]
            case "failed":
                self.left[number] = orjson.loads(value)
            case "unfilled":
                self.unfilled[number] = orjson.loads(value)
            case "ocr":
                self._recognised(number, orjson.loads(value))
            case "tables":
                self.pages[number] = orjson.dumps(orjson.loads(self.pages[number]) | {"tables": orjson.loads(value)})
            case "facts":
                self.facts += orjson.loads(value)
            case _:
                self._set_field(tag, orjson.loads(value))

    def _recognised(self, number: int, text: str) -> None:
        if text:
            self.recognised.add(number)
            self.pages[number] = orjson.dumps(orjson.loads(self.pages[number]) | {"text": text, "ocr": True})

    def _set_field(self, tag: str, value: Any) -> None:
        if tag in {"encrypted", "broken", "stopped", "untabled"}:
            setattr(self, tag, value)
        elif tag in {"metadata", "outline", "language"}:
            self.about[tag] = value

    def state(self) -> DocumentFileState:
        """Return the state of the file."""
        if self.encrypted:
            return "encrypted"
        if not self.pages and (self.count or self.broken or self.repaired or self.count is None):
            return "damaged"
        if self.repaired:
            return "repaired"
        if self.texts:
            return "text"
        if self.recognised:
            return "ocr"
        if self.images:
            return "scanned"
        return "no_text" if self.drawn else "empty"

    def reason(self, max_pages: int) -> str | None:
        """Return what is missing in the document and why; None if nothing is. `max_pages` is the limit per file."""
        reasons = []
        if self.encrypted:
            return self.encrypted
        if self.broken and not self.pages:
            return f"it can't be opened: {self.broken}"
        if self.count is None and not self.pages:
            return self.stopped or "it can't be opened"
        if self.repaired and not self.pages:
            reasons.append("it is damaged, and no page of it can be found")
        elif self.repaired:
            reasons.append("the file is damaged and was repaired; parts of it may be missing")
        for reason in dict.fromkeys(self.left.values()):
            reasons.append(f"{missing([page for page, why in self.left.items() if why == reason])}: {reason}")
        last = self.count or 0
        if self.stopped is None and last > max_pages and self.reached >= max_pages:
            pages = missing(range(max_pages + 1, last + 1))
            reasons.append(f"{pages}: {max_pages} pages are read at most")
        elif self.reached < last:
            pages = missing(range(self.reached + 1, last + 1))
            reasons.append(f"{pages}: {self.stopped or self.broken or 'reading ended there'}")
        if self.state() == "empty":
            reasons.append("its pages are blank" if self.count else "it has no pages")
        return "; ".join([*reasons, *self._without_text()]) or None

    def _without_text(self) -> list[str]:
        reasons = []
        if self.recognised:
            reasons.append(f"the text was recognised from images on {ranges(self.recognised)}")
        if unread := self.images - self.recognised:
            reasons.append(f"there are only images on {ranges(unread)}")
        if unread := self.drawn - self.recognised:
            reasons.append(f"no text could be read on {ranges(unread)}, though something is drawn there")
        for reason in dict.fromkeys(self.unfilled.values()):
            pages = [page for page, why in self.unfilled.items() if why == reason]
            reasons.append(f"form fields were not read on {ranges(pages)}: {reason}")
        return reasons + ([self.untabled] if self.untabled else [])

    @property
    def unread(self) -> set[int]:
        """Pages that show something without text: input of OCR."""
        return self.images | self.drawn

    def document(self, max_pages: int) -> bytes:
        """Return the document's fields as JSON, without empty ones."""
        about = {name: value for name, value in self.about.items() if value}
        head = {"state": self.state(), "reason": self.reason(max_pages), "facts": distinct_facts(self.facts), **about}
        title = (about.get("metadata") or {}).get("title") or next(
            (fact["value"] for fact in head["facts"] if fact["name"] == "title"), None
        )
        head |= {"title": title, "page_count": self.count}
        fields = orjson.dumps({name: value for name, value in head.items() if value not in (None, [], {})})
        return fields[:-1] + b',"pages":[' + b",".join(self.pages[number] for number in sorted(self.pages)) + b"]}"


def ranges(pages: Iterable[int]) -> str:
    """Return page numbers in words: `pages 1, 3-5`."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    shown = ", ".join(parts[:MAX_PAGE_RANGES])
    if len(parts) > MAX_PAGE_RANGES:
        shown += f" and {len(parts) - MAX_PAGE_RANGES} more ranges"
    return f"page {shown}" if len(runs) == 1 and runs[0][0] == runs[0][1] else f"pages {shown}"


def missing(pages: Sequence[int]) -> str:
    """Return that these pages are missing, as the beginning of a reason."""
    return f"{ranges(pages)} {'is' if len(pages) == 1 else 'are'} missing"
