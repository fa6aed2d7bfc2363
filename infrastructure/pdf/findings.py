"""What the children wrote of one PDF, gathered from their output as far as it goes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from domain.document_files.document_file import DocumentFileState
from domain.document_files.proposed_facts import distinct_facts

SHOWN = 8  # ranges of pages named in a reason


@dataclass
class Findings:
    """`pages` are JSON texts by number, as the child wrote them; `left` says of a page why it is not among them.

    Of pages without text that can be read, `images` have images, `drawn` something else; `unfilled` says why fields of a form were not read.
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
        """Take in the whole lines of an output; the last one of a child that was killed may be half a line."""
        self.ended = False
        for line in output.split(b"\n")[:-1]:
            tag, number, value = line.split(b" ", 2)
            self._take(tag.decode(), int(number), value)

    @property
    def reached(self) -> int:
        """The last page that anything is known of."""
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
                self._say(tag, orjson.loads(value))

    def _recognised(self, number: int, text: str) -> None:
        if text:
            self.recognised.add(number)
            self.pages[number] = orjson.dumps(orjson.loads(self.pages[number]) | {"text": text, "ocr": True})

    def _say(self, tag: str, value: Any) -> None:
        if tag in {"encrypted", "broken", "stopped", "untabled"}:
            setattr(self, tag, value)
        elif tag in {"metadata", "outline", "language"}:
            self.about[tag] = value

    def state(self) -> DocumentFileState:
        """The state of the file."""
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

    def reason(self, most: int) -> str | None:
        """What a reader must know: what is missing, and why; None where all is well. At most `most` pages are read of any file."""
        said = []
        if self.encrypted:
            return self.encrypted
        if self.broken and not self.pages:
            return f"it can't be opened: {self.broken}"
        if self.count is None and not self.pages:
            return self.stopped or "it can't be opened"
        if self.repaired and not self.pages:
            said.append("it is damaged, and no page of it can be found")
        elif self.repaired:
            said.append("the file is damaged and was repaired; parts of it may be missing")
        for reason in dict.fromkeys(self.left.values()):
            said.append(f"{missing([page for page, why in self.left.items() if why == reason])}: {reason}")
        last = self.count or 0
        if self.stopped is None and last > most and self.reached >= most:
            said.append(f"{missing(range(most + 1, last + 1))}: {most} pages are read at most")
        elif self.reached < last:
            said.append(f"{missing(range(self.reached + 1, last + 1))}: {self.stopped or self.broken or 'reading ended there'}")
        if self.state() == "empty":
            said.append("its pages are blank" if self.count else "it has no pages")
        return "; ".join([*said, *self._without_text()]) or None

    def _without_text(self) -> list[str]:
        said = []
        if self.recognised:
            said.append(f"the text was recognised from images on {ranges(self.recognised)}")
        if unread := self.images - self.recognised:
            said.append(f"there are only images on {ranges(unread)}")
        if unread := self.drawn - self.recognised:
            said.append(f"no text could be read on {ranges(unread)}, though something is drawn there")
        for reason in dict.fromkeys(self.unfilled.values()):
            pages = [page for page, why in self.unfilled.items() if why == reason]
            said.append(f"form fields were not read on {ranges(pages)}: {reason}")
        return said + ([self.untabled] if self.untabled else [])

    @property
    def unread(self) -> set[int]:
        """Pages that show something without text in it: what tesseract can be asked about."""
        return self.images | self.drawn

    def document(self, most: int) -> bytes:
        """The document's fields as JSON, without those that the file itself does not say."""
        about = {name: value for name, value in self.about.items() if value}
        head = {"state": self.state(), "reason": self.reason(most), "facts": distinct_facts(self.facts), **about}
        title = (about.get("metadata") or {}).get("title") or next((fact["value"] for fact in head["facts"] if fact["name"] == "title"), None)
        head |= {"title": title, "page_count": self.count}
        fields = orjson.dumps({name: value for name, value in head.items() if value not in (None, [], {})})
        return fields[:-1] + b',"pages":[' + b",".join(self.pages[number] for number in sorted(self.pages)) + b"]}"


def ranges(pages: Iterable[int]) -> str:
    """`pages 1, 3-5`: page numbers as people write them."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in runs]
    shown = ", ".join(parts[:SHOWN]) + (f" and {len(parts) - SHOWN} more stretches" if len(parts) > SHOWN else "")
    return f"page {shown}" if len(runs) == 1 and runs[0][0] == runs[0][1] else f"pages {shown}"


def missing(pages: Sequence[int]) -> str:
    """That these pages could not be read, before the reason."""
    return f"{ranges(pages)} {'is' if len(pages) == 1 else 'are'} missing"
