"""What is filled into the form fields of a page. The values belong to its text, whether they are drawn or not; passwords do not."""

# mypy: allow-untyped-calls

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pymupdf

PASSWORD = 1 << 13  # flags of a text field
HIDDEN = 1 << 1  # flag of an annotation
TEXT = "Text"  # types of fields, as pymupdf names them
BUTTONS = ("CheckBox", "RadioButton")
CHOICES = ("ComboBox", "ListBox")
PLAIN = re.compile(r"(?:yes|on|true|x|checked|choice|\d+)?", re.IGNORECASE)  # states of a button that say no more than that it is set
LONG = 12  # characters of a value that can hardly stand elsewhere on its page by chance


@dataclass(frozen=True)
class FilledField:
    """A value, and the place on the page where its field draws it; None where it draws a mark or nothing."""

    value: str
    place: pymupdf.Rect | None


def filled_in(page: pymupdf.Page) -> list[FilledField]:
    """The values of the fields that are shown, in the page's order. Fields that draw a mark or a password are taken off the page first."""
    found: dict[tuple[str, str], FilledField] = {}
    for widget in list(page.widgets()):
        secret = widget.field_type_string == TEXT and widget.field_flags & PASSWORD
        marked = widget.field_type_string in BUTTONS
        if not secret and not _hidden(page, widget):
            for value in _values(page, widget):
                found.setdefault((widget.field_name or "", value), FilledField(value, None if marked else widget.rect))
        if secret or marked:
            page.delete_widget(widget)
    return list(found.values())


def lacking(filled: list[FilledField], layer: pymupdf.TextPage, text: str) -> list[str]:
    """The values that the text of the page does not hold where they belong."""
    whole = _words(text)
    return [one.value for one in filled if not _drawn(one, layer, whole)]


def _drawn(one: FilledField, layer: pymupdf.TextPage, whole: str) -> bool:
    value = _words(one.value)
    if one.place is not None and value in _words(layer.extractTextbox(one.place)):
        return True
    return len(value) > LONG and value in whole


def _words(text: str) -> str:
    return "".join(text.split())


def _hidden(page: pymupdf.Page, widget: pymupdf.Widget) -> bool:
    kind, flags = page.parent.xref_get_key(widget.xref, "F")
    return kind == "int" and bool(int(flags) & HIDDEN)


def _values(page: pymupdf.Page, widget: pymupdf.Widget) -> Iterator[str]:
    if widget.field_type_string in BUTTONS:
        if widget.field_value and widget.field_value != "Off":
            yield _mark(widget)
    elif widget.field_type_string in CHOICES:
        yield from _chosen(page, widget)
    elif widget.field_type_string == TEXT and (value := _text(widget)):
        yield value


def _text(widget: pymupdf.Widget) -> str:
    value = str(widget.field_value or "")
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def _mark(widget: pymupdf.Widget) -> str:
    """A box that is ticked: what it says of itself, and its state where that is a word of its own."""
    name = (widget.field_label or widget.field_name or "").strip()
    state = str(widget.field_value)
    return "[x] " + ": ".join(part for part in (name, "" if PLAIN.fullmatch(state) else state) if part)


def _chosen(page: pymupdf.Page, widget: pymupdf.Widget) -> Iterator[str]:
    """The options chosen, as they are shown; an export value stands for the option of that value."""
    options = [(one, one) if isinstance(one, str) else (one[0], one[-1]) for one in widget.choice_values or ()]
    kind, places = page.parent.xref_get_key(widget.xref, "I")
    if kind == "array" and not widget.field_value:
        yield from (options[int(place)][1] for place in re.findall(r"\d+", places) if int(place) < len(options))
    elif value := _text(widget):
        yield str(dict(options).get(value, value))
