"""Which columns of a flat table can stand together: a path is a value, an object or an array, and one of these only. Pure."""

from collections.abc import Mapping

from domain.tables.heading_paths import HeadingError, Path, heading_of, is_value


def compatible(paths: Mapping[int, Path]) -> tuple[dict[int, Path], dict[int, str]]:
    """(the columns that can stand together, why each of the others is left out).

    Of columns that contradict each other those stay whose paths are values of OCDS, then those that come first.
    """
    forms: dict[Path, str] = {}
    kept: dict[int, Path] = {}
    left_out: dict[int, str] = {}
    for column, path in sorted(paths.items(), key=lambda one: (not is_value(one[1]), one[0])):
        try:
            claimed = _claims(path, forms)
        except HeadingError as error:
            left_out[column] = str(error)
        else:
            forms |= claimed
            kept[column] = path
    return dict(sorted(kept.items())), dict(sorted(left_out.items()))


def _claims(path: Path, forms: Mapping[Path, str]) -> dict[Path, str]:
    """What the path says of itself and of all above it. HeadingError where `forms` says otherwise."""
    if path in forms and forms[path] == "value":
        raise HeadingError(f"two headings mean {heading_of(path)}")
    claims = {path: "value"}
    for length in range(1, len(path)):
        part, following = path[length - 1], path[length]
        if isinstance(part, int) and isinstance(following, int):
            raise HeadingError(f"{heading_of(path)}: an array in an array is no OCDS")
        form = "element" if isinstance(part, int) else "object" if isinstance(following, str) else "list" if length + 1 == len(path) else "array"
        claims[path[:length]] = form
    for one, form in claims.items():
        if forms.get(one, form) != form:
            raise HeadingError(f"{heading_of(one)} would be {forms[one]} and {form} at once")
    return claims
