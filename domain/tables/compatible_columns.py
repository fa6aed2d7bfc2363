"""Selects the columns of a flat table that do not conflict: each path must be only one of value, object or
array. Pure.
"""

from collections.abc import Mapping

from domain.tables.heading_paths import HeadingError, Path, heading_of, is_value


def compatible(paths: Mapping[int, Path]) -> tuple[dict[int, Path], dict[int, str]]:
    """(the compatible columns, the reason for each omitted one).

    Of conflicting columns, those whose paths are OCDS values are kept first, then earlier ones.
    """
    forms: dict[Path, str] = {}
    kept: dict[int, Path] = {}
    left_out: dict[int, str] = {}
    for column, path in sorted(paths.items(), key=lambda one: (not is_value(one[1]), one[0])):
        try:
            found = forms_of(path, forms)
        except HeadingError as error:
            left_out[column] = str(error)
        else:
            forms |= found
            kept[column] = path
    return dict(sorted(kept.items())), dict(sorted(left_out.items()))


def forms_of(path: Path, forms: Mapping[Path, str]) -> dict[Path, str]:
    """The forms of the path and its parents. HeadingError if they conflict with `forms`."""
    if path in forms and forms[path] == "value":
        raise HeadingError(f"two headings map to {heading_of(path)}")
    found = {path: "value"}
    for length in range(1, len(path)):
        part, following = path[length - 1], path[length]
        if isinstance(part, int) and isinstance(following, int):
            raise HeadingError(f"{heading_of(path)}: OCDS has no arrays in arrays")
        array = "list" if length + 1 == len(path) else "array"
        inner = "object" if isinstance(following, str) else array
        found[path[:length]] = "element" if isinstance(part, int) else inner
    for parent, form in found.items():
        if forms.get(parent, form) != form:
            raise HeadingError(f"{heading_of(parent)} can't be both {forms[parent]} and {form}")
    return found
