"""Parses amounts of money and dates in notices; ambiguous ones are not guessed. Pure."""

import re
from datetime import datetime
from typing import Any

Fact = dict[str, Any]
CURRENCIES = {"£": "GBP", "€": "EUR", "$": None, "US$": "USD", "zł": "PLN", "KSh": "KES", "₦": "NGN", "₹": "INR"}
CODES = (
    "AED AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EUR GBP GEL GHS HUF IDR INR ISK JPY "
    "KES MDL MXN NGN NOK NZD PEN PHP PLN PYG RON RSD SEK TRY TZS UAH UGX USD UYU ZAR ZMW"
)
SIGN = rf"(?:{'|'.join(CODES.split())}|US\$|KSh|zł|[£€$₦₹])"
AMOUNT = r"\d{1,15}(?:[ .,'\u00a0\u202f]\d{3}){0,5}(?:[.,]\d{1,2})?(?!\d)"
MONEY = re.compile(
    rf"(?:(?P<before>{SIGN})\s?)?(?<![\d.,])(?P<amount>{AMOUNT})(?:\s?(?P<scale>million|billion|m|bn|k)\b)?(?:\s?(?P<after>{SIGN}))?"
)
SCALES = {None: 1, "k": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
DATES = [
    re.compile(r"(?P<year>\d{4})-(?P<m>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH},?\s+(?P<year>\d{{4}})", re.I),
    re.compile(rf"{MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})", re.I),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})[./](?P<m>\d{1,2})[./](?P<year>\d{4})(?!\d)"),
]
TIME = re.compile(r"(?<![\d.:/-])(?P<hour>[01]?\d|2[0-3])[:.h](?P<minute>[0-5]\d)\s*(?P<half>[ap]\.?m\b)?", re.I)


def parse_money(text: str) -> Fact | None:
    """The only amount in the text, and its currency; None if the text has no amount or several."""
    found = [match for match in MONEY.finditer(text) if match["before"] or match["after"]] or list(MONEY.finditer(text))
    amounts = [(_amount(match["amount"]), match) for match in found]
    if len(amounts) != 1 or amounts[0][0] is None:
        return None
    amount, match = amounts[0]
    sign = match["before"] or match["after"]
    currency = CURRENCIES.get(sign, sign) if sign else None
    value = round(float(amount or 0) * SCALES[match["scale"]], 2)
    return {"value": value} | ({"currency": currency} if currency else {})


def _amount(text: str) -> float | None:
    """A number in English or continental notation; None if its separators are ambiguous."""
    digits = re.sub(r"[ '\u00a0\u202f]", "", text)
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return float(digits)
    fraction_digits = len(digits) - last - 1
    separators = {character for character in digits if character in ".,"}
    if fraction_digits == 3 and len(separators) == 2:
        return None  # 1.234,567: three decimals, or a typing error
    if fraction_digits == 3:
        return float(re.sub("[.,]", "", digits))
    if digits.count(digits[last]) > 1:
        return None
    return float(re.sub("[.,]", "", digits[:last]) + "." + digits[last + 1 :])


def parse_date(text: str) -> str | None:
    """The first date in the text as ISO 8601, with the time after it if there is one.

    The text unchanged if day and month are ambiguous; None without a date.
    """
    for pattern in DATES:
        match = pattern.search(text)
        if match is None:
            continue
        parts = match.groupdict()
        month = MONTHS[parts["month"].lower()] if parts.get("month") else int(parts["m"])
        day = int(parts["day"])
        if pattern is DATES[-1] and "/" in match[0] and day <= 12 and month <= 12 and day != month:
            return text
        try:
            date = datetime(int(parts["year"]), month, day)
        except ValueError:
            return None
        return _with_time(date, text[match.end() :])
    return None


def _with_time(date: datetime, rest: str) -> str:
    time = TIME.search(rest)
    if time is None:
        return date.date().isoformat()
    hour = int(time["hour"])
    if time["half"]:
        hour = hour % 12 + (12 if time["half"].lower().startswith("p") else 0)
    return date.replace(hour=hour, minute=int(time["minute"])).isoformat(timespec="minutes")
