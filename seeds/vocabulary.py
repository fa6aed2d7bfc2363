"""What the generator talks about: subjects of procurement with their CPV codes (official English labels), places, names."""

from typing import NamedTuple


class Subject(NamedTuple):
    """Something public bodies buy. `codes` are CPV codes with their labels (Regulation (EC) 213/2008)."""

    category: str
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]
    units: tuple[str, ...]


SUBJECTS = (
    Subject(
        "works",
        (
            "Resurfacing of carriageways in {place}",
            "Footway reconstruction, {place}",
            "Bridge strengthening works at {place}",
            "Annual road maintenance {place}",
        ),
        (
            "The works comprise planing, resurfacing and lining of urban roads.",
            "Traffic management must keep one lane open at all times.",
            "Night working will be needed on principal routes.",
        ),
        (("45233142", "Road-repair works"), ("45233222", "Paving and asphalting works"), ("45221119", "Bridge renewal construction work")),
        ("square metre", "metre"),
    ),
    Subject(
        "services",
        ("Home to school transport, {place}", "Transport of pupils with additional support needs in {place}", "Community transport services {place}"),
        (
            "Drivers and escorts must be vetted before the first journey.",
            "Routes are reviewed at the start of every school term.",
            "Wheelchair accessible vehicles are required on a third of the routes.",
        ),
        (("60130000", "Special-purpose road passenger-transport services"), ("60120000", "Taxi services"), ("60140000", "Non-scheduled passenger transport")),
        ("journey", "route"),
    ),
    Subject(
        "goods",
        ("Supply of hospital beds to {place}", "Medical consumables framework {place}", "Mattresses and ward furniture for {place} hospitals"),
        (
            "All equipment must carry the CE or UKCA mark.",
            "Delivery is to the ward, with removal of packaging.",
            "The supplier trains staff in the use of the equipment.",
        ),
        (("33192120", "Hospital beds"), ("33140000", "Medical consumables"), ("33192000", "Medical furniture")),
        ("piece", "box"),
    ),
    Subject(
        "services",
        ("Catering for schools in {place}", "Meals for residential care, {place}", "School meals and kitchen services {place}"),
        ("Menus meet the nutritional standards for schools.", "Fresh and seasonal produce is preferred.", "Allergen information is displayed with every meal."),
        (("55524000", "School catering services"), ("55321000", "Meal-preparation services"), ("55520000", "Catering services")),
        ("meal", "day"),
    ),
    Subject(
        "services",
        ("Penetration testing of {place} networks", "Managed IT support for {place} Council", "Cyber security operations centre {place}"),
        ("Testers hold a recognised certification.", "Findings are reported by severity within ten working days.", "Personal data must not leave the country."),
        (
            ("72800000", "Computer audit and testing services"),
            ("72253000", "Helpdesk and support services"),
            ("72212730", "Security software development services"),
        ),
        ("day", "licence"),
    ),
    Subject(
        "services",
        ("Grounds maintenance {place}", "Arboriculture and tree works, {place}", "Parks and open spaces upkeep in {place}"),
        ("Grass is cut fortnightly from April to October.", "Trees are inspected after every storm.", "Herbicides are used only where nothing else serves."),
        (("77314000", "Grounds maintenance services"), ("77211500", "Tree-maintenance services"), ("77313000", "Parks maintenance services")),
        ("hectare", "visit"),
    ),
    Subject(
        "services",
        ("Household waste collection {place}", "Recycling of mixed paper and card, {place}", "Food waste treatment for {place}"),
        (
            "Collections run on weekdays between 7 am and 5 pm.",
            "Missed collections are made good within one working day.",
            "A tonnage report is due each month.",
        ),
        (("90511000", "Refuse collection services"), ("90514000", "Refuse recycling services"), ("90513200", "Solid urban waste disposal services")),
        ("tonne", "household"),
    ),
    Subject(
        "works",
        ("Energy efficiency retrofit of homes in {place}", "Photovoltaic panels on {place} schools", "Boiler replacement programme {place}"),
        (
            "Homes stay occupied during the works.",
            "Installers are accredited for the technology that they fit.",
            "Savings are measured for two years after completion.",
        ),
        (("45300000", "Building installation work"), ("09331200", "Solar photovoltaic modules"), ("45331110", "Boiler installation work")),
        ("dwelling", "kilowatt"),
    ),
    Subject(
        "services",
        ("Insurance programme for {place} Council", "Legal advice on property, {place}", "External audit of {place} accounts"),
        ("The contract runs for three years with two options of one year.", "Lots may be awarded to different providers.", "A named partner leads the work."),
        (("66510000", "Insurance services"), ("79111000", "Legal advisory services"), ("79212300", "Statutory audit services")),
        ("year", "hour"),
    ),
    Subject(
        "goods",
        ("Library books for {place}", "Laptops and tablets for {place} schools", "Winter rock salt for {place}"),
        ("Prices are fixed for the first year.", "Orders are placed through the electronic catalogue.", "Delivery is free for orders over the threshold."),
        (("22113000", "Library books"), ("30213100", "Portable computers"), ("34927100", "Road salt")),
        ("piece", "tonne"),
    ),
)
PLACES = (
    ("Ashford", "South East", "UKJ"), ("Barrowby", "East Midlands", "UKF"), ("Calderdale", "Yorkshire and the Humber", "UKE"), ("Dunmore", "Eastern Scotland", "UKM"),
    ("Elmbridge", "South East", "UKJ"), ("Fenwick", "North East", "UKC"), ("Glanrhyd", "West Wales", "UKL"), ("Harlestone", "East of England", "UKH"),
    ("Inverlour", "Highlands and Islands", "UKM"), ("Kilbride", "Northern Ireland", "UKN"), ("Llanfair", "East Wales", "UKL"), ("Marlow Green", "South East", "UKJ"),
    ("Northwick", "West Midlands", "UKG"), ("Oakhaven", "South West", "UKK"), ("Penryn Moor", "South West", "UKK"), ("Quarrington", "East Midlands", "UKF"),
    ("Rothbury Vale", "North East", "UKC"), ("Saltburn Bay", "North East", "UKC"), ("Thornley", "North West", "UKD"), ("Ullesmere", "North West", "UKD"),
)  # fmt: skip
BODIES = (
    "{place} Borough Council",
    "{place} County Council",
    "{place} NHS Foundation Trust",
    "University of {place}",
    "{place} Police Authority",
    "{place} Housing Association",
)
FIRST = (
    "Albion",
    "Beacon",
    "Cobalt",
    "Dunelm",
    "Evergreen",
    "Fairway",
    "Granite",
    "Harbour",
    "Ironbridge",
    "Juniper",
    "Kestrel",
    "Lodestar",
    "Meridian",
    "Northgate",
    "Orchard",
    "Pennine",
)
SECOND = (
    "Civil Engineering",
    "Transport",
    "Medical Supplies",
    "Catering",
    "Digital",
    "Landscapes",
    "Environmental",
    "Energy",
    "Consulting",
    "Trading",
    "Facilities",
    "Logistics",
)
LAST = ("Ltd", "Limited", "plc", "LLP", "Group Ltd")
SHARED = (
    "Tenderers must be able to show at least three contracts of similar size in the last five years.",
    "The authority reserves the right not to award the contract.",
    "Bids are evaluated on quality (60 %) and price (40 %).",
    "Small and medium-sized enterprises are encouraged to take part.",
    "The full procurement documents are available free of charge on the portal.",
    "Questions must be asked through the portal by the date given in the documents.",
    "Social value counts for ten per cent of the marks.",
    "The contract is subject to the real living wage.",
)
