"""The planning and tender sections of a process."""

from seeds.case import DAY, Case, Json
from seeds.cpv import CPV
from seeds.phrases import (
    AMENDMENTS,
    COMMON,
    CRITERIA,
    ELIGIBILITY,
    METHODS,
    PLANNING_DOCUMENTS,
    RATIONALES,
    TENDER_DOCUMENTS,
)
from seeds.subjects import Thing

_KINDS = tuple(method[:2] for method in METHODS)
_WEIGHTS = tuple(method[2] for method in METHODS)


def classification(code: str) -> Json:
    """A CPV classification."""
    return {"scheme": "CPV", "id": code, "description": CPV[code]}


def planning(case: Case) -> Json:
    """The planning section."""
    return {
        "rationale": case.write(f"{case.dice.pick(RATIONALES)} {' '.join(case.dice.some(case.subject.sentences, 2))}"),
        "budget": {
            "id": f"{case.words['year']}-{case.dice.between(100, 999)}",
            "description": case.write("Budget of {buyer} for {year}, investment plan"),
            "amount": case.money(case.total * 105),
        },
        "documents": case.documents(PLANNING_DOCUMENTS, case.dice.between(1, 3), case.plan.times[0], "plan"),
    }


class Tender:
    """The tender section, and the values that awards need."""

    def __init__(self, case: Case) -> None:
        dice = self.dice = case.dice
        self.case = case
        self.method, self.details = dice.weighted(_KINDS, _WEIGHTS)
        self.code = dice.pick(case.subject.codes)
        names = dice.some(case.subject.lots, dice.between(2, 4)) if dice.chance(0.36) else []
        self.lots = [(f"lot-{index}", name) for index, name in enumerate(names, 1)]
        self.values = _split(case, max(1, len(self.lots)))
        self.closing = case.opened + (dice.between(6, 13) if dice.chance(0.12) else dice.between(18, 42)) * DAY
        self.extended = self.closing + dice.between(4, 8) * DAY
        self.bidders = 1 if self.method == "direct" else dice.weighted((1, 2, 3, 4, 5, 7), (16, 18, 24, 20, 14, 8))
        self.things = dice.some(case.subject.things, dice.between(1, 4))
        self.items = [self._item(index, thing) for index, thing in enumerate(self.things, 1)]
        self.description = case.text(dice.between(3, 6), COMMON, dice.between(2, 6))
        self.section = self._section()
        self.amendment: Json = {
            "id": "1", "date": case.stamp(case.opened + 6 * DAY), "rationale": dice.pick(AMENDMENTS),
            "description": "Closing date and value changed."
        }  # fmt: skip

    def _item(self, index: int, thing: Thing) -> Json:
        dice, case = self.dice, self.case
        item: Json = {
            "id": str(index),
            "description": thing.description,
            "classification": classification(thing.code),
            "quantity": dice.skewed(1, max(2, case.total // (thing.high * len(self.things)))),
            "unit": {"name": thing.unit, "value": case.money(dice.between(thing.low * 100, thing.high * 100))},
            "deliveryAddresses": [
                {
                    "locality": case.words["place"],
                    "region": case.words["region"],
                    "countryName": case.publisher.home.name,
                }
            ],
        }
        if index == 1 and thing.code != self.code:
            item["additionalClassifications"] = [classification(self.code)]
        if self.lots:
            item["relatedLot"] = self.lots[(index - 1) % len(self.lots)][0]
        return item

    def _section(self) -> Json:
        case, dice = self.case, self.dice
        start = self.extended + dice.between(100, 200) * DAY
        self.period: Json = {
            "startDate": case.midnight(start),
            "endDate": case.midnight(start + case.words["years"] * 365 * DAY),
        }
        section: Json = {
            "id": f"{case.ocid}-tender",
            "title": case.title,
            "description": self.description,
            "status": "active",
            "classification": classification(self.code),
            "mainProcurementCategory": case.subject.main,
            "procurementMethod": self.method,
            "procurementMethodDetails": self.details,
            "value": case.money(case.total * 100),
            "procuringEntity": case.entity,
            "items": self.items,
            "tenderPeriod": {"startDate": case.stamp(case.opened), "endDate": case.stamp(self.closing)},
            "contractPeriod": self.period,
            "awardCriteria": "ratedCriteria",
            "awardCriteriaDetails": case.write(dice.pick(CRITERIA)),
            "submissionMethod": ["electronicSubmission"],
            "submissionMethodDetails": f"{case.publisher.uri}/portal",
            "documents": case.documents(TENDER_DOCUMENTS, dice.between(1, 4), case.opened, "tender"),
        }
        if dice.chance(0.5):
            section["eligibilityCriteria"] = dice.pick(ELIGIBILITY)
        if dice.chance(0.5):
            section["minValue"] = case.money(case.total * 80)
        if self.lots:
            section["lots"] = [
                self._lot(mark, name, value) for (mark, name), value in zip(self.lots, self.values, strict=True)
            ]
        if dice.chance(0.3):  # an extension without a model
            section["x_sustainability"] = {
                "hasCriteria": dice.chance(0.7),
                "weight": dice.between(5, 30),
                "themes": dice.some(_THEMES, 2),
            }
        return section

    def _lot(self, mark: str, name: str, cents: int) -> Json:
        lot = {
            "id": mark,
            "title": f"{name}, {self.case.words['place']}",
            "status": "active",
            "value": self.case.money(cents),
        }
        return {**lot, "description": self.case.text(2)}

    def published(self, *, planned: bool = False, changed: bool = False, closed: str = "") -> Json:
        """The section as published: planned, amended, or closed with that status."""
        section = dict(self.section)
        if planned:
            return {
                key: section[key] for key in ("id", "title", "mainProcurementCategory", "classification", "value")
            } | {"status": "planned"}
        if changed:
            section["tenderPeriod"] = {**section["tenderPeriod"], "endDate": self.case.stamp(self.extended)}
            section["amendments"] = [self.amendment]
        if closed:
            section["status"] = closed
            section["numberOfTenderers"] = self.bidders
        return section


_THEMES = ("circular economy", "fair wages", "low emissions", "local food", "accessibility", "biodiversity")


def _split(case: Case, parts: int) -> list[int]:
    """The value in cents, split into unequal parts."""
    weights = [case.dice.between(2, 9) for _ in range(parts)]
    whole = sum(weights)
    return [case.total * 100 * weight // whole for weight in weights]
