"""Countries, their regions, and names of towns and streets. Regions are real, towns and bodies are invented."""

from typing import NamedTuple


class Country(NamedTuple):
    """The country of a publisher and its organisations. `schemes` has org-id.guide codes of companies and public
    bodies.
    """

    name: str
    code: str
    offset: str  # of local times from UTC
    currencies: tuple[str, ...]
    weights: tuple[int, ...]
    schemes: tuple[str, str]
    regions: tuple[str, ...]
    first: tuple[str, ...]  # a town is first + second
    second: tuple[str, ...]
    bodies: tuple[str, ...]
    forms: tuple[str, ...]  # of companies
    postcode: str  # A is a letter, 0 a digit


STREETS = (
    "High Street",
    "Station Road",
    "Market Street",
    "Mill Lane",
    "Church Road",
    "Harbour Road",
    "Bridge Street",
    "Park Avenue",
    "Victoria Road",
    "School Lane",
)
NAMES = (
    "Abbott",
    "Achieng",
    "Ashworth",
    "Barker",
    "Brennan",
    "Calder",
    "Cassidy",
    "Chege",
    "Delaney",
    "Dunmore",
    "Égalité",
    "Fairweather",
    "Gallagher",
    "Gitau",
    "Grünwald",
    "Hargreave",
    "Hollis",
    "Kamau",
    "Keane",
    "Kingsley",
    "Larkin",
    "Lindqvist",
    "Maddox",
    "Marlowe",
    "Müller",
    "Muthoni",
    "Nolan",
    "Ó Briain",
    "Ochieng",
    "Otieno",
    "Pemberton",
    "Quinlan",
    "Redfern",
    "Rousseau",
    "Sandford",
    "Sørensen",
    "Tierney",
    "Thornbury",
    "Underhill",
    "Wanjiru",
    "Whitlock",
    "Yardley",
    "Zielińska",
)
BRANDS = (
    "Apex",
    "Beacon",
    "Blue Heron",
    "Clearwater",
    "Compass",
    "Crown",
    "Evergreen",
    "First Choice",
    "Greenway",
    "Horizon",
    "Keystone",
    "Lighthouse",
    "Meridian",
    "Nova",
    "Oakleaf",
    "Pioneer",
    "Premier",
    "Rainbow",
    "Sterling",
    "Summit",
    "Trident",
    "Unity",
    "Vanguard",
    "Westgate",
)

UNITED_KINGDOM = Country(
    "United Kingdom",
    "GB",
    "+00:00",
    ("GBP",),
    (1,),
    ("GB-COH", "GB-LAE"),
    (
        "North East",
        "North West",
        "Yorkshire and the Humber",
        "East Midlands",
        "West Midlands",
        "East of England",
        "London",
        "South East",
        "South West",
        "Wales",
        "Scotland",
    ),
    ("Ash", "Brack", "Carn", "Elm", "Fern", "Hal", "Kirk", "Lang", "Mel", "Nor", "Oak", "Pen", "Sel", "Thorn", "Wex"),
    ("bourne", "bridge", "combe", "dale", "ford", "ham", "leigh", "minster", "stow", "wick", "worth"),
    (
        "{town} Borough Council",
        "{town} District Council",
        "{town}shire County Council",
        "{town} NHS Foundation Trust",
        "University of {town}",
        "{town} Housing Association",
        "{town} Fire and Rescue Service",
        "{town} Multi Academy Trust",
    ),
    ("Ltd", "Limited", "LLP", "PLC", "(UK) Ltd"),
    "AA0 0AA",
)
IRELAND = Country(
    "Ireland",
    "IE",
    "+01:00",
    ("EUR", "GBP"),
    (96, 4),
    ("IE-CRO", "IE-GOV"),
    (
        "Connacht",
        "Leinster",
        "Munster",
        "Ulster",
        "Dublin",
        "Border",
        "Mid-West",
        "South-East",
        "South-West",
        "Midland",
    ),
    ("Bally", "Clon", "Drum", "Inis", "Kil", "Knock", "Lis", "Rath", "Temple", "Tully"),
    ("brack", "carra", "dara", "garvan", "keeran", "lohan", "mahon", "naboy", "shannagh", "vara"),
    (
        "{town} County Council",
        "{town} City Council",
        "{town} Education and Training Board",
        "{town} University Hospital",
        "{town} Institute of Technology",
        "Port of {town} Company",
        "{town} Tourism Authority",
    ),
    ("Ltd", "DAC", "Teoranta", "Limited", "& Sons Ltd", "GmbH"),
    "A00 AA00",
)
KENYA = Country(
    "Kenya",
    "KE",
    "+03:00",
    ("KES", "USD"),
    (30, 70),
    ("KE-RCO", "KE-GOV"),
    ("Coast", "Central", "Eastern", "Nairobi", "North Eastern", "Nyanza", "Rift Valley", "Western"),
    ("Kiba", "Lamo", "Maki", "Mara", "Nandu", "Ngare", "Ruki", "Siko", "Tana", "Wani"),
    ("go", "kuru", "leni", "mbe", "nyiro", "riba", "songa", "tu", "wari"),
    (
        "County Government of {town}",
        "{town} Water and Sanitation Company",
        "{town} Level 5 Hospital",
        "{town} Technical Training Institute",
        "{town} Municipality",
        "Ministry of Roads, {town} Region",
    ),
    ("Ltd", "Limited", "Company Ltd", "Enterprises", "East Africa Ltd", "Contractors"),
    "00000",
)
SWITZERLAND = Country(
    "Switzerland",
    "CH",
    "+01:00",
    ("CHF", "EUR"),
    (92, 8),
    ("CH-FDJP", "CH-GOV"),
    (
        "Lake Geneva",
        "Espace Mittelland",
        "Northwestern Switzerland",
        "Zurich",
        "Eastern Switzerland",
        "Central Switzerland",
        "Ticino",
    ),
    ("Ober", "Unter", "Nieder", "Alt", "Neu", "Hinter", "Vorder"),
    ("ägeri", "bühl", "dorf", "feld", "kirch", "matt", "wil", "zell"),
    (
        "Municipality of {town}",
        "{town} Cantonal Hospital",
        "{town} Public Works Office",
        "{town} Transport Authority",
        "{town} University of Applied Sciences",
    ),
    ("AG", "GmbH", "SA", "Sàrl", "& Cie"),
    "0000",
)
CANADA = Country(
    "Canada",
    "CA",
    "-05:00",
    ("CAD", "USD"),
    (90, 10),
    ("CA-CC", "CA-GOV"),
    (
        "Alberta",
        "British Columbia",
        "Manitoba",
        "New Brunswick",
        "Newfoundland and Labrador",
        "Nova Scotia",
        "Ontario",
        "Québec",
        "Saskatchewan",
    ),
    ("Beaver", "Cedar", "Elk", "Fox", "Maple", "Moose", "Otter", "Saint-Clair", "Trout", "Wolf"),
    (" Bay", " Creek", " Falls", " Harbour", " Lake", " River", "ville", "wood"),
    (
        "City of {town}",
        "Town of {town}",
        "{town} Regional Health Authority",
        "{town} School Division",
        "{town} Transit Commission",
    ),
    ("Inc.", "Ltd.", "Ltée", "Corp.", "Co-operative"),
    "A0A 0A0",
)
COUNTRIES = (UNITED_KINGDOM, IRELAND, KENYA, SWITZERLAND, CANADA)
