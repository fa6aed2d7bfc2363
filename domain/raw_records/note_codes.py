"""The codes of data-quality notes, with their texts."""

from domain.raw_records.record import Note

NOTES: dict[str, str] = {
    "array_expected": "an object or a text stood where an array belongs; read as an array of one",
    "object_expected": "an array of one stood where a single value belongs, or an empty array where an object does",
    "bids_as_array": "`bids` is an array of bids, as before the bids extension; read as `bids/details`",
    "integer_id": "ids of reference records that are numbers; read as texts, so that 1 and '1' are the same",
    "number_as_text": "a number stood where a text belongs; read as text",
    "text_as_number": "a text that is a number stood where a number belongs",
    "null_element": "a null stood in an array; dropped",
    "blank_value": "a blank text stood where a number, a truth value, an object or an array belongs; left out",
    "nul_character": "U+0000 in a text; removed",
    "bad_surrogate": "half of a surrogate pair in a text; replaced by U+FFFD",
    "date_repaired": "the release's date is not an RFC 3339 date-time; written as one",
    "date_without_zone": "a date without a zone; kept as published, read as UTC in the star",
    "date_format": "a date that is not written as RFC 3339 has it; kept as published, read in the star",
    "date_order": "a date with two readings that another date of the release or of its file decides; written as ISO "
    "8601",
    "ambiguous_date": "a date that can be read in two ways; null in the star",
    "unreadable_date": "a date that can't be read; null in the star",
    "missing_release_id": "the release has no id; one was made of its content",
    "repeated_release_id": "the upload has another release of this id; one was made of this one's content",
    "compiled_only": "a compiled release, which stands for its releases",
    "compiled_supersedes": "the compiled release stands for the releases of its process that are not newer, compiled "
    "ones too; so many were left out",
    "duplicate_id": "an id stands twice in one array; the last one wins where they differ",
    "organization_differs": "a reference says otherwise of an organisation than `parties`, or, where that is silent, "
    "than an earlier reference",
    "unreadable_detail": "what is said of an organisation outside of `parties` can't be read; left out",
    "unreadable_element": "a value of an amendment, a transaction or a technique can't be read; left out",
    "whitespace_removed": "whitespace at the ends of a name or code, or more than a space inside; removed",
    "award_status_unknown": "the status of an award is not one of the standard's; the award counts in no total",
    "award_not_found": "a contract's awardID names no award of the process",
    "placeholder_amount": "an amount that looks like a placeholder (at most 1, all nines, 10^15 and more); kept, not "
    "converted",
    "currency_unknown": "a currency that ISO 4217 does not know; the amount is not converted",
    "currency_missing": "an amount without a currency",
    "numeric_date": "a date whose day and month are numbers; written in ISO 8601",
    "digits_lost": "a number with more digits than a 64-bit float keeps; rounded",
    "rounded_number": "a number with more digits than a 64-bit number holds; kept as published, rounded in the star",
    "merge_conflict": "releases disagree on the type of a field; the newest one won",
}


def note(code: str, path: str = "", detail: str = "") -> Note:
    """A note with the text of its code."""
    return Note(code=code, path=path, message=f"{NOTES[code]}: {detail}" if detail else NOTES[code])
