"""The facts of one generated contracting process, which all its releases share: buyer, subject, place, dates,
publisher.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from seeds.dice import Dice
from seeds.organizations import Organization, misspelt, town, world
from seeds.places import STREETS
from seeds.publishers import Publisher, publisher
from seeds.subjects import Subject, subjects

DAY = 86_400
ENDINGS = {"application/pdf": ".pdf", "text/html": ".html"}
RANKS = {"planning": 0, "tender": 1, "tenderUpdate": 2, "award": 3, "contract": 4, "implementation": 5}
Json = dict[str, Any]


class Plan(NamedTuple):
    """The plan of a process: the stages of its releases (keys of RANKS) and their times in seconds since 1970."""

    number: int
    publisher: int
    stages: tuple[str, ...]
    times: tuple[int, ...]


class Member(NamedTuple):
    """An organisation in this process: its id and name here, its roles, and the rank of its first release."""

    organization: Organization
    id: str | None
    name: str
    roles: list[str]
    rank: int


class Case:
    """One process; the same seed and plan give the same case for each of its releases."""

    def __init__(self, seed: int, plan: Plan) -> None:
        dice = self.dice = Dice((seed << 64) | (plan.number << 4))
        self.plan = plan
        self.publisher: Publisher = publisher(plan.publisher)
        home = self.publisher.home
        kinds = subjects()
        self.kind = dice.below(len(kinds))
        self.subject: Subject = kinds[self.kind]
        people = world(self.publisher.country)
        buyer = people.buyers[dice.skewed(0, len(people.buyers) - 1)]
        self.firms = people.suppliers[self.kind]
        self.currency = dice.weighted(home.currencies, home.weights)
        scrambled = (plan.number * 2_654_435_761 + 977) & 0xFFFFFFFF
        self.ocid = f"{self.publisher.prefix}-{seed:04x}-{scrambled:08x}"
        self.opened = self._opening()
        self.words: dict[str, Any] = {
            "place": buyer.town if dice.chance(0.6) else town(home, dice),
            "region": buyer.region,
            "buyer": buyer.name,
            "street": dice.pick(STREETS),
            "number": dice.between(12, 980),
            "years": dice.between(2, 6),
            "year": datetime.fromtimestamp(self.opened, UTC).year + 1,
            "months": dice.between(2, 18),
            "people": dice.between(3, 48),
        }
        self.title = self.write(dice.pick(self.subject.titles))
        low, high = self.subject.value
        self.total = dice.skewed(low, high) // 500 * 500 + 500
        self.members: list[Member] = []
        self.buyer = self.join(buyer, "buyer", 0)
        self.entity = self.join(dice.pick(people.buyers) if dice.chance(0.1) else buyer, "procuringEntity", 0)

    def _opening(self) -> int:
        """The time of the tender's publication."""
        stages, times = self.plan.stages, self.plan.times
        for stage, time in zip(stages, times, strict=True):
            if stage == "tender":
                return time
        between = self.dice.between(50, 120) * DAY
        return times[0] + between if stages[0] == "planning" else times[0] - between

    def write(self, template: str) -> str:
        """The template filled with the words of this process."""
        return template.format_map(self.words)

    def text(self, own: int, common: tuple[str, ...] = (), count: int = 0) -> str:
        """`own` sentences on the subject, then a paragraph of `count` sentences from `common`."""
        first = " ".join(self.dice.some(self.subject.sentences, own))
        if not count:
            return self.write(first)
        return self.write(f"{first}{self.publisher.breaks}{' '.join(self.dice.some(common, count))}")

    def stamp(self, time: int) -> str:
        """A date-time in the publisher's format."""
        return datetime.fromtimestamp(time + self.publisher.offset, UTC).isoformat()[:19] + self.publisher.zone

    def midnight(self, time: int) -> str:
        """The beginning of the day in the publisher's time zone."""
        offset = self.publisher.offset
        return self.stamp((time + offset) // DAY * DAY - offset)

    def money(self, cents: int) -> Json:
        """An OCDS value; whole amounts are integers, as in most data."""
        return {"amount": cents // 100 if cents % 100 == 0 else cents / 100, "currency": self.currency}

    def join(self, organization: Organization, role: str, rank: int) -> Json:
        """Add an organisation to the process, or a role to it; returns the organisation reference."""
        for member in self.members:
            if member.organization is organization:
                if role not in member.roles:
                    member.roles.append(role)
                return _reference(member)
        habit = self.publisher.ids
        wrong = self.dice.chance({"global": 0.04, "local": 0.15, "none": 0.4}[habit])
        name = misspelt(organization.name, self.dice) if wrong else organization.name
        ids = {
            "global": f"{organization.scheme}-{organization.number}",
            "local": f"org-{len(self.members) + 1}",
            "none": None,
        }
        self.members.append(Member(organization, ids[habit], name, [role], rank))
        return _reference(self.members[-1])

    def parties(self, least: int, most: int) -> list[Json]:
        """The parties added at these ranks, and always the buyer."""
        return [
            self._party(member)
            for member in self.members
            if member.rank <= most and (member.rank >= least or "buyer" in member.roles)
        ]

    def _party(self, member: Member) -> Json:
        organization = member.organization
        party: Json = {"name": member.name} if member.id is None else {"id": member.id, "name": member.name}
        if self.publisher.ids == "global":
            party["identifier"] = {
                "scheme": organization.scheme, "id": organization.number, "legalName": organization.name, "uri": f"https://register.example/{organization.scheme.lower()}/{organization.number}"
            }  # fmt: skip
        elif self.publisher.ids == "local":
            party["identifier"] = {"legalName": member.name}
        party["address"] = {
            "streetAddress": organization.street,
            "locality": organization.town,
            "region": organization.region,
            "postalCode": organization.postcode,
            "countryName": organization.country,
        }
        if "buyer" in member.roles:
            party["contactPoint"] = {"name": "Procurement team", "url": f"{organization.url}/contact"}
        party["roles"] = list(member.roles)
        party["details"] = (
            {"url": organization.url}
            if "buyer" in member.roles
            else {"scale": organization.scale, "url": organization.url}
        )
        return party

    def documents(self, kinds: tuple[tuple[str, str, str, str], ...], count: int, time: int, mark: str) -> list[Json]:
        """Documents of a stage; the first kind is always among them."""
        chosen = [kinds[0], *self.dice.some(kinds[1:], count - 1)]
        return [
            {
                "id": f"{mark}-{index}",
                "documentType": kind,
                "title": f"{self.write(title)}: {self.title}",
                "description": description,
                "url": f"{self.publisher.uri}/notices/{self.ocid[-13:]}-{mark}-{index}{ENDINGS.get(form, '')}",
                "datePublished": self.stamp(time),
                "format": form,
                "language": "en",
            }
            for index, (kind, title, description, form) in enumerate(chosen, 1)
        ]


def _reference(member: Member) -> Json:
    return {"name": member.name} if member.id is None else {"id": member.id, "name": member.name}
