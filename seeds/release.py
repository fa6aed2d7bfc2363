"""One release of a process, with what its publisher knows at that stage."""

from seeds.awards import Awards
from seeds.case import DAY, RANKS, Case, Json, Plan
from seeds.tender import Tender, planning
from seeds.variants import varied

_AWARD, _CONTRACT, _IMPLEMENTATION = RANKS["award"], RANKS["contract"], RANKS["implementation"]


def release(seed: int, plan: Plan, step: int) -> Json:
    """The release of that step of the plan, as a new dict.

    The process is generated again up to that step, from its number: no state is kept between releases.
    """
    case = Case(seed, plan)
    stage = plan.stages[step]
    rank, time = RANKS[stage], plan.times[step]
    least = 0 if step == 0 or case.publisher.whole else RANKS[plan.stages[step - 1]] + 1
    out: Json = {
        "ocid": case.ocid,
        "id": f"{case.ocid}-{stage}-{step + 1}",
        "date": case.stamp(time),
        "tag": _tags(stage, step),
        "language": "en",
        "initiationType": "tender",
        "parties": [],
        "buyer": case.buyer,
    }
    plans = planning(case) if plan.stages[0] == "planning" else None
    if plans is not None and least == 0:
        out["planning"] = plans
    tender = Tender(case)
    awards = None
    if rank >= _AWARD:
        awarded = plan.times[plan.stages.index("award")] if "award" in plan.stages else time - 20 * DAY
        awards = Awards(case, tender, awarded, tender.extended if "tenderUpdate" in plan.stages else tender.closing)
        _award(out, awards, least)
    out["tender"] = _tender(tender, awards, plan, step, full=least <= RANKS["tenderUpdate"])
    if awards is not None and rank >= _CONTRACT:
        signed = plan.times[plan.stages.index("contract")] if "contract" in plan.stages else time
        contracts = awards.contracts(signed)
        if rank == _IMPLEMENTATION:
            contracts = awards.implemented(contracts, time)
        if contracts:
            out["contracts"] = contracts
    out["parties"] = case.parties(least, rank)
    if case.dice.chance(0.2):  # an extension without a model
        out["x_publishedBy"] = {
            "system": "eNotices 4.2",
            "export": plan.number,
            "lawBasis": case.dice.pick(("2014/24/EU", "PA2023", "GPA")),
        }
    return varied(out, plan.number)


def _tags(stage: str, step: int) -> list[str]:
    """A process that begins with its contract publishes the award in the same release."""
    return ["award", "contract"] if stage == "contract" and step == 0 else [stage]


def _award(out: Json, awards: Awards, least: int) -> None:
    if least <= _AWARD:
        if awards.bids is not None:
            out["bids"] = awards.bids
        out["awards"] = awards.awards


def _tender(tender: Tender, awards: Awards | None, plan: Plan, step: int, *, full: bool) -> Json:
    stage = plan.stages[step]
    if stage == "planning":
        return tender.published(planned=True)
    closed = "" if awards is None else "unsuccessful" if awards.failed else "complete"
    section = tender.published(changed="tenderUpdate" in plan.stages[: step + 1], closed=closed)
    if full:
        return section
    return {
        key: section[key]
        for key in ("id", "title", "status", "procurementMethod", "numberOfTenderers", "mainProcurementCategory")
    }
