"""A labelled set for relevance: queries of four kinds, with the generated processes that are relevant to each.

A process is relevant if its title contains the query's title fragment, or one of its items has the query's code.
Paraphrases share no significant word with the title; synonyms share none and need `Wording.synonyms`; typos are titles
with swapped or missing letters.

TUNED was used to choose the ranking constants. HELD_OUT uses other titles and words; no constant may be tuned on it.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from seeds.dice import Dice
from seeds.generate import releases
from seeds.subjects import subjects

# Query → fragment of the relevant titles.
PARAPHRASES = {
    "mending holes in streets": "Pothole repair",
    "new tarmac for main streets": "Carriageway resurfacing",
    "pavements for pedestrians": "Footway and kerb renewal",
    "portable computers for staff": "Laptops and docking stations",
    "wifi equipment": "wireless access points",
    "photovoltaic energy for education buildings": "Solar panels on the roofs",
    "emergency vehicles for paramedics": "Ambulances for the",
    "public transport vehicles accessible for wheelchairs": "Low-floor buses",
    "flu jabs": "Influenza vaccines",
    "medication for diabetics": "insulin and diabetes",
    "imaging device for radiology": "magnetic resonance scanner",
    "lunches for pupils": "School meals",
    "hot food delivered to pensioners at home": "Meals on wheels",
    "gardening and mowing": "Grass cutting and hedges",
    "arborists to prune branches": "Tree surveys and tree surgery",
    "rubbish trucks emptying bins at homes": "Household waste and recycling collection",
    "composting of organic leftovers": "Treatment of food and garden waste",
    "washing glass panes of offices": "Window cleaning",
    "cabs for passengers": "Taxi journeys",
    "CCTV surveillance": "Security cameras and monitoring",
    "bouncers and crowd control at concerts": "Stewards for events",
    "lawyers": "Framework for legal services",
    "protection against hackers": "Cyber security monitoring",
    "programs for wages and accounting": "finance and payroll software",
    "assistance for the elderly where they live": "Home care for older people",
    "lessons for migrants learning to speak": "Language classes for newcomers",
    "gymnasium building": "Construction of a sports hall",
    "bookcases": "Library shelving",
}
# Two words of jargon that no title contains, their synonym in the titles, and the fragment of the relevant titles.
JARGON = (
    ("dustbins", "refuse sacks", "household waste", "Household waste and recycling collection"),
    ("notebooks", "mobile workstations", "laptops", "Laptops and docking stations"),
    ("MRI", "tomograph", "magnetic resonance scanner", "magnetic resonance scanner"),
    ("blacktop", "macadam", "carriageway resurfacing", "Carriageway resurfacing"),
    ("PV", "photovoltaics", "solar panels", "Solar panels on the roofs"),
    ("arborist", "lopping", "tree surgery", "Tree surveys and tree surgery"),
    ("infosec", "cyberdefence", "cyber security", "Cyber security monitoring"),
    ("paratransit", "shared cabs", "dial-a-ride", "dial-a-ride"),
)
# The same for other titles.
OTHER_PARAPHRASES = {
    "portacabins for pupils": "Temporary classrooms for schools",
    "new crossing over a watercourse": "Replacement of the river bridge",
    "slates and boilers renewed at a college": "Replacement of the roof and heating",
    "A&E renovation": "Refurbishment of the emergency department",
    "surgery suite modernisation": "Operating theatre upgrade",
    "enlargement of the labour and delivery unit": "Maternity ward extension",
    "digging wells": "boreholes in",
    "drinking taps for villages": "Rural water supply scheme",
    "sewerage plant modernisation": "sewage treatment works",
    "broken pipes and flow gauges": "Leak repair and meter installation",
    "sonography for pregnant women": "Ultrasound machines for community midwives",
    "radiography suites": "Digital X-ray rooms",
    "bandages and needles for surgeries": "Dressings, gloves and syringes",
    "vital signs displays for critically ill people": "Patient monitors for the intensive care unit",
    "iPads for pupils": "Tablets and screens for schools",
    "power for council offices": "Supply of electricity to public buildings",
    "battery lorries for deliveries": "electric vans for",
    "shared automobiles with servicing": "Pool cars and their maintenance",
    "sit-stand tables": "Adjustable workstations and storage",
    "cover against accidents of cars and lorries": "Motor fleet insurance",
    "lawyers for unfair dismissal hearings": "Representation in employment tribunals",
    "barristers for minors at risk": "Child protection: advocates",
    "light rail preliminary assessment": "Feasibility study of a tram line",
    "inundation simulation for a river basin": "Flood risk modelling",
    "help for unemployed people to learn a trade": "Vocational courses for job seekers",
    "CPR lessons and extinguishers": "First aid and fire safety training",
    "disinfection of clinics": "Deep cleaning of",
    "removal of rubbish from pavements": "Street sweeping and litter bins",
    "tips where residents bring scrap": "recycling centres",
    "school runs for disabled children": "Transport of pupils with additional needs",
    "watchmen": "Guarding of public buildings",
    "relief for family caregivers": "Respite and short breaks for carers",
}
OTHER_JARGON = (
    ("sonograph", "echography", "ultrasound machines", "Ultrasound machines for community midwives"),
    ("effluent", "wastewater", "sewage treatment", "sewage treatment works"),
    ("casualty", "trauma unit", "emergency department", "Refurbishment of the emergency department"),
    ("HVAC", "airflow", "ventilation plant", "Replacement of ventilation plant"),
    ("obstetrics", "birthing unit", "maternity ward", "Maternity ward extension"),
    ("labour court", "ET1", "employment tribunals", "Representation in employment tribunals"),
)


class Wording(NamedTuple):
    """Words of the queries; of the sorted codes every fifth is used, from index `first` on."""

    paraphrases: dict[str, str]
    jargon: tuple[tuple[str, str, str, str], ...]
    first: int

    @property
    def synonyms(self) -> tuple[tuple[str, str, str], ...]:
        """Synonyms, as an admin would enter them."""
        return tuple((first, second, words) for first, second, words, _ in self.jargon)


TUNED = Wording(PARAPHRASES, JARGON, 0)
HELD_OUT = Wording(OTHER_PARAPHRASES, OTHER_JARGON, 2)


class Query(NamedTuple):
    """A query, its kind, and the relevant ocids."""

    text: str
    kind: str
    relevant: frozenset[str]


def labelled(count: int = 2_000, seed: int = 7, wording: Wording = TUNED) -> tuple[list[dict[str, Any]], list[Query]]:
    """Return `count` releases, and the queries with at least one relevant process among them."""
    feed = list(releases(count, seed=seed))
    titled = (release for release in feed if release.get("tender", {}).get("title"))
    titles = {release["ocid"]: str(release["tender"]["title"]) for release in titled}
    found = [*_by_title(titles, seed, wording), *_by_code(feed, wording.first)]
    return feed, [query for query in found if query.relevant]


def _by_title(titles: dict[str, str], seed: int, wording: Wording) -> Iterator[Query]:
    for text, fragment in wording.paraphrases.items():
        yield Query(text, "paraphrase", _holding(titles, fragment))
    for text, second, _, fragment in wording.jargon:
        yield Query(text, "synonym", _holding(titles, fragment))
        yield Query(second, "synonym", _holding(titles, fragment))
    dice = Dice(seed)
    for fragment in wording.paraphrases.values():
        yield Query(" ".join(_mistyped(dice, word) for word in fragment.split()), "typo", _holding(titles, fragment))


def _by_code(feed: Iterable[dict[str, Any]], first: int) -> Iterator[Query]:
    having: dict[str, set[str]] = {}
    for release in feed:
        for item in release.get("tender", {}).get("items", []):
            if item.get("classification", {}).get("scheme") == "CPV":
                having.setdefault(item["classification"]["id"], set()).add(release["ocid"])
    codes = sorted({thing.code for subject in subjects() for thing in subject.things} & having.keys())
    for code in codes[first::5]:
        yield Query(code, "code", frozenset(having[code]))


def _holding(titles: dict[str, str], fragment: str) -> frozenset[str]:
    return frozenset(ocid for ocid, title in titles.items() if fragment.lower() in title.lower())


def _mistyped(dice: Dice, word: str) -> str:
    """Return the word with two letters swapped or one missing, if it is long enough to stay recognisable."""
    if len(word) < 5 or not word.isalpha():
        return word
    at = dice.between(1, len(word) - 3)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :] if dice.between(0, 1) else word[:at] + word[at + 1 :]
