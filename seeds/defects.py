"""Defects of real data, added on purpose: some are repaired or noted, others make the record be refused."""

from collections.abc import Callable

import orjson

from seeds.case import Json
from seeds.dice import Dice

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
MONTHS_OF_A_YEAR = len(MONTHS)


def _object_for_array(release: Json, _dice: Dice) -> None:
    tender = release["tender"]
    for holder, key in (
        (release, "awards"),
        (release, "contracts"),
        (tender, "documents"),
        (tender, "items"),
        (release, "tag"),
    ):
        if len(holder.get(key, ())) == 1:
            holder[key] = holder[key][0]
            return
    release["tag"] = release["tag"][0]


def _numeric_ids(release: Json, dice: Dice) -> None:
    """Integer ids, which stay, and a float, which becomes a string."""
    release["tender"]["id"] = float(dice.between(10_000, 99_999))
    for item in release["tender"].get("items", ()):
        item["id"] = int(item["id"])


def _date_without_zone(release: Json, dice: Dice) -> None:
    release["date"] = release["date"][:19] if dice.chance(0.6) else release["date"][:10]


def _date_in_words(release: Json, dice: Dice) -> None:
    year, month, day = release["date"][:10].split("-")
    forms = (
        f"{day}/{month}/{year} {release['date'][11:16]}",
        f"{day}/{month}/{year}",
        f"{int(day)} {MONTHS[int(month) - 1]} {year}",
        f"{day}.{month}.{year}",
    )
    chosen = dice.pick(forms)
    release["date"] = chosen if int(day) > MONTHS_OF_A_YEAR else forms[2]  # no date that can be read in two ways


def _nul_character(release: Json, dice: Dice) -> None:
    title = release["tender"]["title"]
    at = dice.below(len(title))
    release["tender"]["title"] = f"{title[:at]}\x00{title[at:]}"


def _duplicate_ids(release: Json, _dice: Dice) -> None:
    """Repeat an award (or else a party or document) with another status or name."""
    awards, parties = release.get("awards"), release.get("parties", [{}])
    if isinstance(awards, list) and awards:
        awards.append({**awards[-1], "status": "pending"})
    elif "id" in parties[0] and "name" in parties[0]:
        parties.append({**parties[0], "name": parties[0]["name"].upper()})
    else:
        documents = release["tender"].setdefault("documents", [{"id": "1", "documentType": "tenderNotice"}])
        documents.append({**documents[0], "title": "Notice (corrected)"})


def _amount_as_text(release: Json, dice: Dice) -> None:
    value = release["tender"].setdefault("value", {"amount": dice.between(10, 900) * 1_000, "currency": "EUR"})
    value["amount"] = f"{value['amount']:,}.00" if dice.chance(0.4) else str(value["amount"])


def _missing_id(release: Json, _dice: Dice) -> None:
    del release["id"]


def _placeholder_amount(release: Json, dice: Dice) -> None:
    release["tender"]["value"] = {"amount": dice.pick((0, 1, 99_999_999_999)), "currency": "EUR"}


def _currency_missing(release: Json, dice: Dice) -> None:
    release["tender"]["value"] = {"amount": dice.between(10, 900) * 1_000}


def _no_ocid(release: Json, _dice: Dice) -> None:
    del release["ocid"]


def _empty_ocid(release: Json, dice: Dice) -> None:
    release["ocid"] = dice.pick(("", " ", None))


def _no_date(release: Json, _dice: Dice) -> None:
    del release["date"]


def _no_such_date(release: Json, dice: Dice) -> None:
    release["date"] = dice.pick(("to be announced", "2023-02-30T10:00:00Z", "00/00/0000", ""))


def _text_for_tender(release: Json, dice: Dice) -> None:
    release["tender"] = dice.pick(("see attached notice", "N/A"))


def _words_for_amount(release: Json, _dice: Dice) -> None:
    release["tender"]["value"] = {"amount": "about two million", "currency": "EUR"}


Damage = Callable[[Json, Dice], None]
REPAIRABLE: dict[str, Damage] = {
    "object_for_array": _object_for_array,
    "numeric_ids": _numeric_ids,
    "date_without_zone": _date_without_zone,
    "date_in_words": _date_in_words,
    "nul_character": _nul_character,
    "duplicate_ids": _duplicate_ids,
    "amount_as_text": _amount_as_text,
    "missing_id": _missing_id,
    "placeholder_amount": _placeholder_amount,
    "currency_missing": _currency_missing,
}
BROKEN: dict[str, Damage] = {
    "no_ocid": _no_ocid,
    "empty_ocid": _empty_ocid,
    "no_date": _no_date,
    "no_such_date": _no_such_date,
    "text_for_tender": _text_for_tender,
    "words_for_amount": _words_for_amount,
}
SYNTAX = ("cut_short", "comma_lost", "single_quotes")


def damaged(release: Json, damage: Damage, dice: Dice) -> Json:
    """A deep copy of the release with this defect."""
    copy: Json = orjson.loads(orjson.dumps(release))
    damage(copy, dice)
    return copy


def garbled(line: bytes, kind: str, dice: Dice) -> bytes:
    """The JSON text with this defect of SYNTAX; it still begins with a brace and has no line break."""
    if kind == "cut_short":
        return line[: dice.between(len(line) // 4, len(line) - 2)]
    if kind == "comma_lost":
        return line.replace(b'","', b'""', 1)
    return line.replace(b'"', b"'")
