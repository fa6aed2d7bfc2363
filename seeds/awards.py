"""Bids, awards and contracts of a process."""

from seeds.case import DAY, Case, Json
from seeds.organizations import Organization
from seeds.phrases import AWARD_DOCUMENTS, AWARDED, CONTRACT_DOCUMENTS, MILESTONES, UNSUCCESSFUL
from seeds.tender import Tender

_BIDS_PUBLISHED = {"global": 0.45, "local": 0.7, "none": 0.2}
_CARRIED = ("id", "description", "classification", "quantity", "unit")


class Bid:
    """One bid for one lot."""

    def __init__(self, firm: Organization, cents: int, status: str, time: int) -> None:
        self.firm, self.cents, self.status, self.time = firm, cents, status, time


class Awards:
    """Awards and contracts of a tender, per lot."""

    def __init__(self, case: Case, tender: Tender, awarded: int, deadline: int) -> None:
        self.case, self.tender, self.dice = case, tender, case.dice
        self.awarded, self.deadline = awarded, deadline
        self.bids: Json | None = None
        self.awards: list[Json] = []
        self.prices: list[int] = []  # of each award, in cents
        details: list[Json] = []
        firms = self._firms()
        shown = self.dice.chance(_BIDS_PUBLISHED[case.publisher.ids])
        for index, value in enumerate(tender.values):
            bids = self._lot(firms, value)
            self.awards.append(self._award(index, bids))
            details += (
                [self._bid(f"{index + 1}-{order}", bid, index) for order, bid in enumerate(bids, 1)] if shown else []
            )
        if details:
            self.bids = {"details": details}
        self.failed = all(award["status"] != "active" for award in self.awards)

    def _firms(self) -> list[Organization]:
        """The bidders; a few firms bid and win more often than others."""
        firms: list[Organization] = []
        while len(firms) < self.tender.bidders:
            firm = self.case.firms[self.dice.skewed(0, len(self.case.firms) - 1)]
            if firm not in firms:
                firms.append(firm)
        return firms

    def _lot(self, firms: list[Organization], value: int) -> list[Bid]:
        """The bids for a lot, cheapest first; prices lie between 70 and 115 per cent of its value."""
        dice, bids = self.dice, []
        for firm in firms:
            status = dice.weighted(("valid", "disqualified", "withdrawn"), (88, 9, 3))
            time = self.deadline - dice.between(600, 5 * DAY)
            if dice.chance(0.01):
                time = self.deadline + dice.between(600, DAY)  # late
            bids.append(Bid(firm, value * dice.between(7_000, 11_500) // 10_000, status, time))
        if len(bids) > 2 and dice.chance(0.03):
            bids[1].cents = bids[0].cents
        return sorted(bids, key=lambda bid: bid.cents)

    def _bid(self, mark: str, bid: Bid, lot: int) -> Json:
        details: Json = {
            "id": mark,
            "date": self.case.stamp(bid.time),
            "status": bid.status,
            "tenderers": [self.case.join(bid.firm, "tenderer", 3)],
        }
        details["value"] = self.case.money(bid.cents)
        if self.tender.lots:
            details["relatedLots"] = [self.tender.lots[lot][0]]
        return details

    def _award(self, index: int, bids: list[Bid]) -> Json:
        case, dice = self.case, self.dice
        lots = self.tender.lots
        valid = [bid for bid in bids if bid.status == "valid"]
        award: Json = {
            "id": f"{case.ocid}-award-{index + 1}",
            "title": case.title + (f", {lots[index][1]}" if lots else ""),
        }
        award["date"] = case.midnight(self.awarded - dice.between(0, 6) * DAY)
        if lots:
            award["relatedLots"] = [lots[index][0]]
        self.prices.append(valid[0].cents if valid else 0)
        if not valid or dice.chance(0.05):
            status = "cancelled" if dice.chance(0.3) else "unsuccessful"
            return {**award, "status": status, "description": dice.pick(UNSUCCESSFUL), "suppliers": []}
        winners = valid[: dice.weighted((1, 2, 3, 0), (86, 7, 3, 4))]
        award["status"] = "active" if winners else "pending"
        award["description"] = case.write(dice.pick(AWARDED))
        award["suppliers"] = [case.join(bid.firm, "supplier", 3) for bid in winners]
        award["value"] = case.money(self.prices[index])
        award["contractPeriod"] = self.tender.period
        award["items"] = [
            {key: item[key] for key in _CARRIED}
            for item in self.tender.items
            if not lots or item["relatedLot"] == lots[index][0]
        ]
        award["documents"] = case.documents(AWARD_DOCUMENTS, dice.between(1, 2), self.awarded, f"award-{index + 1}")
        return award

    def contracts(self, signed: int) -> list[Json]:
        """One contract per active award; some exceed the awarded value."""
        case, dice = self.case, self.dice
        contracts = []
        for index, award in enumerate(self.awards, 1):
            if award["status"] != "active":
                continue
            cents = self.prices[index - 1]
            more = cents * dice.between(101, 120) // 100 if dice.chance(0.1) else cents
            contract: Json = {
                "id": f"{case.ocid}-contract-{index}",
                "awardID": award["id"],
                "title": award["title"],
                "description": case.text(2),
                "status": "active",
                "period": self.tender.period,
                "value": case.money(more),
                "dateSigned": case.stamp(signed - dice.between(600, 9 * DAY)),
                "items": award["items"],
                "documents": case.documents(CONTRACT_DOCUMENTS, dice.between(1, 2), signed, f"contract-{index}"),
            }
            contracts.append(contract)
        return contracts

    def implemented(self, contracts: list[Json], time: int) -> list[Json]:
        """The same contracts with payments and milestones up to that time."""
        return [{**contract, "implementation": self._implementation(contract, time)} for contract in contracts]

    def _implementation(self, contract: Json, time: int) -> Json:
        case, dice = self.case, self.dice
        index = int(contract["id"].rpartition("-")[2]) - 1
        share, payee = self.prices[index] // 12, self.awards[index]["suppliers"][0]
        payments = dice.between(1, 4)
        return {
            "transactions": [
                {
                    "id": f"{contract['id']}-payment-{number}",
                    "source": f"{case.publisher.uri}/spending",
                    "date": case.midnight(time - (payments - number) * 30 * DAY),
                    "value": case.money(share * dice.between(80, 120) // 100),
                    "payer": case.buyer,
                    "payee": payee,
                }
                for number in range(1, payments + 1)
            ],
            "milestones": [
                {
                    "id": str(number),
                    "title": title,
                    "type": "delivery",
                    "status": "met" if number < 2 else "scheduled",
                    "dueDate": case.midnight(time),
                }
                for number, title in enumerate(dice.some(MILESTONES, dice.between(2, 4)), 1)
            ],
        }
