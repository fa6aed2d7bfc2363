"""Values of the form fields of a page. They belong to its text, drawn or not, except passwords."""

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
# States of a button that mean only that it is set.
PLAIN = re.compile(r"(?:yes|on|true|x|checked|choice|\d+)?", re.IGNORECASE)
UNIQUE_MIN_CHARACTERS = 12  # longer values hardly occur elsewhere on the page by chance


@dataclass(frozen=True)
class FilledField:
    """A value and the rectangle in which its field draws it; None if it draws a mark or nothing."""

    value: str
    place: pymupdf.Rect | None


def filled_fields(page: pymupdf.Page) -> list[FilledField]:
    """Return the values of the visible fields, in page order; removes fields with marks and passwords from the page."""
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


def missing_values(filled: list[FilledField], layer: pymupdf.TextPage, text: str) -> list[str]:
    """Return the values that are missing in the page's text at their place."""
    whole = _words(text)
    return [item.value for item in filled if not _drawn(item, layer, whole)]


def _drawn(item: FilledField, layer: pymupdf.TextPage, whole: str) -> bool:
    value = _words(item.value)
    if item.place is not None and value in _words(layer.extractTextbox(item.place)):
        return True
    return len(value) > UNIQUE_MIN_CHARACTERS and value in whole


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
    """Return a ticked box as text: its label, and its state if that is a word of its own."""
    name = (widget.field_label or widget.field_name or "").strip()
    state = str(widget.field_value)
    return "[x] " + ": ".join(part for part in (name, "" if PLAIN.fullmatch(state) else state) if part)


def _chosen(page: pymupdf.Page, widget: pymupdf.Widget) -> Iterator[str]:
    """Yield the chosen options as displayed; an export value is replaced by its option."""
    options = [(each, each) if isinstance(each, str) else (each[0], each[-1]) for each in widget.choice_values or ()]
    kind, places = page.parent.xref_get_key(widget.xref, "I")
    if kind == "array" and not widget.field_value:
        yield from (options[int(place)][1] for place in re.findall(r"\d+", places) if int(place) < len(options))
    elif value := _text(widget):
        yield str(dict(options).get(value, value))
