"""Releases of several publishers with their own habits, process by process within a sliding window, so that any count streams."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from seeds.faults import broken, repairable
from seeds.organizations import Publisher, buyer, publishers, supplier
from seeds.vocabulary import PLACES, SHARED, SUBJECTS, Subject

Release = dict[str, Any]
BEGIN = datetime(2022, 1, 3, 9, 0, tzinfo=UTC)
WINDOW = 64  # processes that run at the same time
STAGES = (("tender",), ("tender", "tenderUpdate"), ("planning", "tender", "award"), ("tender", "tenderUpdate", "award", "contract"))


def releases(count: int, *, seed: int = 1, of: int = 3, multi_share: float = 1 / 3, prefix: str = "seed") -> Iterator[Release]:
    """`count` releases of about 6 KB by `of` publishers; `multi_share` of the processes have two to four. In order of date, nearly."""
    made = 0
    window: list[list[Release]] = []
    number = 0
    rng = random.Random(seed)
    who = publishers(of, prefix)
    while made < count:
        while len(window) < WINDOW:
            window.append(process(random.Random(seed * 1_000_003 + number), who[number % of], f"{seed}-{number:06d}", number, multi_share))
            number += 1
        line = window[rng.randrange(min(len(window), 16))]
        yield line.pop(0)
        made += 1
        window = [one for one in window if one]


def lines(count: int, *, seed: int = 1, of: int = 3, multi_share: float = 1 / 3, repair: float = 0.0, break_: float = 0.0) -> Iterator[bytes]:
    """The same as JSON Lines; a share `repair` of them needs repair, and a share `break_` can't be used."""
    rng = random.Random(seed + 77)
    for release in releases(count, seed=seed, of=of, multi_share=multi_share):
        chance = rng.random()
        if chance < break_:
            yield broken(rng, release)
        elif chance < break_ + repair:
            yield orjson.dumps(repairable(rng, release))
        else:
            yield orjson.dumps(release)


def process(rng: random.Random, publisher: Publisher, name: str, number: int, multi_share: float) -> list[Release]:
    """The releases of one contracting process, oldest first."""
    subject = SUBJECTS[rng.randrange(len(SUBJECTS))]
    place = PLACES[rng.randrange(len(PLACES))]
    ocid = f"{publisher.prefix}-{name}"
    base = _base(rng, publisher, ocid, subject, place)
    steps = STAGES[rng.randrange(1, len(STAGES))] if rng.random() < multi_share else (("tender",), ("award",), ("planning",))[min(2, rng.randrange(8) // 3)]
    date = BEGIN + timedelta(minutes=number * 37 + rng.randrange(600))
    found = []
    for step, tag in enumerate(steps):
        found.append(_release(rng, publisher, base, tag, step, date))
        date += timedelta(days=rng.randrange(9, 40), minutes=rng.randrange(600))
    return found


def _base(rng: random.Random, publisher: Publisher, ocid: str, subject: Subject, place: tuple[str, str, str]) -> dict[str, Any]:
    amount = round(rng.lognormvariate(11.5, 1.4), 2)
    title = subject.titles[rng.randrange(len(subject.titles))].format(place=place[0])
    return {
        "ocid": ocid,
        "subject": subject,
        "place": place,
        "buyer": buyer(rng, publisher, place),
        "suppliers": [supplier(rng, publisher) for _ in range(1 + rng.randrange(4))],
        "amount": amount,
        "currency": publisher.currencies[rng.randrange(len(publisher.currencies))],
        "title": title,
        "description": _text(rng, subject, title, 10 + rng.randrange(8)),
        "codes": rng.sample(subject.codes, 1 + rng.randrange(len(subject.codes))),
    }


def _text(rng: random.Random, subject: Subject, title: str, sentences: int) -> str:
    pool = subject.sentences + SHARED
    return " ".join([f"{title}.", *(pool[rng.randrange(len(pool))] for _ in range(sentences))])


def _release(rng: random.Random, publisher: Publisher, base: dict[str, Any], tag: str, step: int, date: datetime) -> Release:
    parties = [base["buyer"] | {"roles": ["buyer"]}]
    release: Release = {
        "ocid": base["ocid"],
        "id": f"{base['ocid']}-{step + 1}",
        "date": publisher.date(date),
        "tag": [tag],
        "language": "en",
        "initiationType": "tender",
        "buyer": {name: base["buyer"][name] for name in ("id", "name") if name in base["buyer"]},
    }
    if tag == "planning":
        release["planning"] = {"budget": {"amount": {"amount": base["amount"], "currency": base["currency"]}, "description": base["title"]}}
    release["tender"] = _tender(rng, base, tag, date)
    if tag in {"award", "contract"}:
        parties += [one | {"roles": ["supplier", "tenderer"]} for one in base["suppliers"]]
        release["awards"] = _awards(rng, base, date)
        release["bids"] = _bids(rng, base, date)
    if tag == "contract":
        release["contracts"] = _contracts(base, release["awards"], date)
    release["parties"] = parties
    release["x_publisher"] = {"feed": publisher.name, "step": step}  # an extension that no model knows
    return release


def _tender(rng: random.Random, base: dict[str, Any], tag: str, date: datetime) -> dict[str, Any]:
    methods = (("open", "Open procedure"), ("selective", "Restricted procedure"), ("limited", "Negotiated without publication"), ("direct", "Direct award"))
    method, details = methods[min(3, rng.randrange(10) // 3)]
    status = {"planning": "planned", "tender": "active", "tenderUpdate": "active"}.get(tag, "complete")
    end = date + timedelta(days=12 + rng.randrange(40))
    return {
        "id": f"{base['ocid']}-tender",
        "title": base["title"],
        "description": base["description"],
        "status": status,
        "value": {"amount": base["amount"], "currency": base["currency"]},
        "minValue": {"amount": round(base["amount"] / 2, 2), "currency": base["currency"]},
        "procurementMethod": method,
        "procurementMethodDetails": details,
        "mainProcurementCategory": base["subject"].category,
        "tenderPeriod": {"startDate": _iso(date), "endDate": _iso(end)},
        "contractPeriod": {"startDate": _iso(end + timedelta(days=60)), "endDate": _iso(end + timedelta(days=60 + 365 * (1 + rng.randrange(4))))},
        "numberOfTenderers": len(base["suppliers"]),
        "submissionMethod": ["electronicSubmission"],
        "classification": _code(base["codes"][0]),
        "items": _items(rng, base),
        "lots": [{"id": "1", "title": base["title"], "description": base["description"], "value": {"amount": base["amount"], "currency": base["currency"]}}],
        "documents": _documents(base, date),
    }


def _items(rng: random.Random, base: dict[str, Any]) -> list[dict[str, Any]]:
    place, region, code = base["place"]
    return [
        {
            "id": str(number),
            "description": f"{one[1]} ({base['title']})",
            "classification": _code(one),
            "quantity": 1 + rng.randrange(500),
            "unit": {
                "name": base["subject"].units[rng.randrange(len(base["subject"].units))],
                "value": {"amount": round(rng.uniform(5, 900), 2), "currency": base["currency"]},
            },
            "deliveryAddresses": [{"locality": place, "region": region, "countryName": "United Kingdom"}],
            "relatedLot": "1",
            "x_nuts": code,
        }
        for number, one in enumerate(base["codes"], 1)
    ]


def _documents(base: dict[str, Any], date: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{base['ocid']}-{kind}",
            "documentType": kind,
            "title": f"{title}: {base['title']}",
            "description": base["description"][:300],
            "url": f"https://procurement.example/{base['ocid']}/{kind}.pdf",
            "format": "application/pdf",
            "language": "en",
            "datePublished": _iso(date),
        }
        for kind, title in (("tenderNotice", "Notice"), ("technicalSpecifications", "Specification"), ("evaluationCriteria", "Criteria"))
    ]


def _awards(rng: random.Random, base: dict[str, Any], date: datetime) -> list[dict[str, Any]]:
    winners = base["suppliers"][: 1 + rng.randrange(2)] if rng.random() > 0.04 else []
    named = [{name: one[name] for name in ("id", "name") if name in one} for one in winners]
    return [
        {
            "id": f"{base['ocid']}-award-1",
            "title": f"Award: {base['title']}",
            "status": "active",
            "date": _iso(date),
            "value": {"amount": round(base["amount"] * rng.uniform(0.8, 1.1), 2), "currency": base["currency"]},
            "suppliers": named,
            "items": _items(rng, base)[:1],
        }
    ]


def _bids(rng: random.Random, base: dict[str, Any], date: datetime) -> dict[str, Any]:
    return {
        "details": [
            {
                "id": f"{base['ocid']}-bid-{number}",
                "date": _iso(date - timedelta(days=20, hours=number)),
                "status": "valid" if rng.random() > 0.1 else "disqualified",
                "tenderers": [{name: one[name] for name in ("id", "name") if name in one}],
                "value": {"amount": round(base["amount"] * rng.uniform(0.8, 1.4), 2), "currency": base["currency"]},
            }
            for number, one in enumerate(base["suppliers"], 1)
        ]
    }


def _contracts(base: dict[str, Any], awards: list[dict[str, Any]], date: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{base['ocid']}-contract-{number}",
            "awardID": award["id"],
            "title": base["title"],
            "status": "active",
            "dateSigned": _iso(date),
            "value": award["value"],
            "period": {"startDate": _iso(date), "endDate": _iso(date + timedelta(days=730))},
        }
        for number, award in enumerate(awards, 1)
    ]


def _code(one: tuple[str, str]) -> dict[str, str]:
    return {"scheme": "CPV", "id": one[0], "description": one[1]}


def _iso(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")
