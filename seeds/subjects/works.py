"""Vocabularies of works: roads, schools, hospitals, water."""

from seeds.subjects.kinds import Subject, Thing

ROADS = Subject(
    name="roads",
    main="works",
    codes=("45233000", "45233120", "45233140", "45233141", "45233142"),
    trades=("Surfacing", "Highways", "Civil Engineering", "Paving", "Roadworks"),
    value=(60_000, 9_000_000),
    titles=(
        "Carriageway resurfacing programme {year}, {place}",
        "Reconstruction of {street} between {place} and the ring road",
        "{region} highways maintenance term contract",
        "Footway and kerb renewal, {place} town centre",
        "Pothole repair and surface dressing, {region}",
        "Replacement of the river bridge at {place}",
    ),
    sentences=(
        "The works comprise planing off the existing surface, mending the sub-base and laying new asphalt over about "
        "{number} square metres of carriageway.",
        "{street} carries heavy traffic to the harbour and has suffered from frost damage, rutting and failed "
        "drainage over the past winters.",
        "The contractor will design and run the traffic management, including night-time closures and signed "
        "diversions agreed with the police.",
        "Kerbs, gullies and footways are to be renewed where they are broken, and dropped crossings with tactile "
        "paving built at every junction.",
        "Road markings and signs are to be reinstated within 48 hours of the last layer being laid.",
        "The bridge deck shall be waterproofed, its expansion joints replaced and the parapets raised to the present "
        "standard.",
        "Surface dressing is to be done between May and August, in dry weather, and swept twice within a week.",
        "The {place} section crosses a flood plain, so the works include {number} metres of new culverts and an "
        "attenuation pond.",
        "Safety audits at stages 2 and 3 will be carried out by an independent auditor, and their findings put right "
        "at the contractor's cost.",
        "At least 30 per cent of the asphalt is to be recycled from the planings, and warm-mix material used wherever "
        "the specification allows.",
    ),
    lots=(
        "Principal roads",
        "Rural lanes",
        "Footways and cycle tracks",
        "Structures and bridges",
        "Road markings and signs",
    ),
    things=(
        Thing("45233251", "Planing and resurfacing of carriageway, 40 mm surface course", "square metre", 14, 38),
        Thing("45233221", "Thermoplastic road marking, white, 100 mm", "metre", 1, 4),
        Thing("45233290", "Traffic signs, supplied and erected on steel posts", "each", 120, 640),
        Thing("45233142", "Patching of potholes, permanent repair", "each", 40, 160),
        Thing("45221119", "Renewal of bridge bearings and expansion joints", "metre", 800, 2_600),
        Thing("45232410", "Replacement of gullies and connections to the sewer", "each", 350, 900),
    ),
)

SCHOOLS = Subject(
    name="schools",
    main="works",
    codes=("45214200", "45214210", "45214220"),
    trades=("Construction", "Builders", "Building Contractors", "Modular Buildings"),
    value=(150_000, 14_000_000),
    titles=(
        "New classroom block at {place} Primary School",
        "{place} Secondary School: extension and refurbishment",
        "Replacement of the roof and heating, {place} Community School",
        "Construction of a sports hall for {place} Academy",
        "Temporary classrooms for schools in {region}",
    ),
    sentences=(
        "The new block provides {people} pupil places in eight classrooms, with a library, a small hall and rooms for "
        "children with additional needs.",
        "The existing building dates from 1964 and contains asbestos, which is to be removed under controlled "
        "conditions during the summer holidays.",
        "Lessons go on throughout, so noisy work is limited to times before 8.30 and after 15.30, and the site is to "
        "be fully separated from the playground.",
        "The building shall reach the passive house standard or an equivalent, with mechanical ventilation, triple "
        "glazing and a timber frame.",
        "The flat roof leaks in several places; it is to be stripped and re-covered with a single-ply membrane on 200 "
        "mm of insulation.",
        "A new gas-free heating plant with two heat pumps replaces boilers that are beyond repair.",
        "Handover is phased: ground floor in {months} months, first floor and external works by the start of the "
        "school year {year}.",
        "The contractor will offer at least {number} weeks of work experience for pupils and apprentices from "
        "{region}.",
        "Play areas, a growing garden and covered cycle parking for {people} bicycles complete the scheme.",
    ),
    lots=(
        "Building work",
        "Mechanical and electrical installations",
        "Fitted furniture and joinery",
        "External works and play areas",
    ),
    things=(
        Thing("45214210", "Construction of classroom block, shell and core", "square metre", 1_400, 2_900),
        Thing("45261900", "Stripping and re-covering of flat roof", "square metre", 90, 210),
        Thing("45331000", "Air-source heat pump with controls, installed", "each", 9_000, 32_000),
        Thing("45310000", "Rewiring of classroom with LED lighting", "each", 1_800, 5_200),
        Thing("45420000", "Internal doors and fitted cupboards", "each", 240, 900),
        Thing("45442100", "Decoration of classrooms and corridors", "square metre", 6, 18),
    ),
)

HOSPITALS = Subject(
    name="hospitals",
    main="works",
    codes=("45215140", "45453100"),
    trades=("Healthcare Construction", "Interiors", "Building Services", "Construction"),
    value=(250_000, 22_000_000),
    titles=(
        "Refurbishment of the emergency department, {place} General Hospital",
        "Operating theatre upgrade at {place} Hospital",
        "New outpatient clinic in {place}",
        "Replacement of ventilation plant, {region} hospitals",
        "Maternity ward extension, {place} Hospital",
    ),
    sentences=(
        "The department sees about {number}00 patients a year in rooms meant for half as many, and the scheme doubles "
        "the number of treatment bays.",
        "Four operating theatres are to be stripped out and fitted with ultra-clean ventilation, new pendants and "
        "seamless vinyl floors.",
        "Infection control governs every phase: negative pressure enclosures, sticky mats and daily air sampling are "
        "part of the contractor's duties.",
        "The hospital stays in use around the clock, so any isolation of water, power or medical gases needs a permit "
        "five working days ahead.",
        "Medical gas pipelines shall be installed and tested by accredited firms and verified by the hospital's "
        "authorised engineer.",
        "The clinic will bring blood tests, physiotherapy, X-ray and a minor injuries unit under one roof for the "
        "people of {place}.",
        "Single rooms with their own bathrooms replace the six-bed bays, in line with current guidance on privacy and "
        "dignity.",
        "The new air handling units on the roof must be craned in on a Sunday morning, with the helicopter landing "
        "site closed for that time.",
        "Wayfinding, colours and lighting are to follow dementia-friendly design principles.",
    ),
    lots=("Strip-out and enabling works", "Fit-out", "Ventilation and medical gases", "Electrical resilience"),
    things=(
        Thing("45453100", "Refurbishment of ward, complete", "square metre", 1_100, 2_800),
        Thing("45331000", "Air handling unit, ultra-clean, installed and validated", "each", 42_000, 120_000),
        Thing("45310000", "Uninterruptible power supply and distribution board", "each", 8_000, 36_000),
        Thing("45330000", "Clinical wash-hand basin with sensor tap", "each", 600, 1_500),
        Thing("45420000", "Fire-rated double doors with vision panels", "each", 900, 2_400),
    ),
)

WATER = Subject(
    name="water",
    main="works",
    codes=("45232150", "45232430", "45262220"),
    trades=("Drilling", "Pipelines", "Water Engineering", "Environmental"),
    value=(40_000, 6_500_000),
    titles=(
        "Rural water supply scheme, {place}",
        "Drilling and equipping of {people} boreholes in {region}",
        "Renewal of the trunk main from {place} reservoir",
        "Upgrading of {place} sewage treatment works",
        "Leak repair and meter installation, {region}",
    ),
    sentences=(
        "The scheme brings safe drinking water to about {number}0 people in {place} who now fetch it from open wells "
        "and the river.",
        "Each borehole is to be drilled to at least 120 metres, cased, test-pumped for 24 hours and fitted with a "
        "solar-powered pump.",
        "The old cast-iron main bursts several times a year; {number} metres of it are to be replaced by polyethylene "
        "pipe, mostly by directional drilling.",
        "Water quality tests for arsenic, fluoride, nitrates and bacteria are to be done by an accredited laboratory "
        "before handover.",
        "The treatment works needs a second settlement tank, new aeration and a sludge press to meet its discharge "
        "permit.",
        "Community water committees will be trained in operation, bookkeeping and simple repairs for {months} months "
        "after completion.",
        "All customers affected by shut-offs are to be told 72 hours ahead and supplied by tanker where a shut-off "
        "lasts longer than six hours.",
        "Elevated steel tanks of 50 cubic metres, kiosks and cattle troughs are part of the works.",
    ),
    lots=("Boreholes", "Pipelines", "Tanks and kiosks", "Pumping and power"),
    things=(
        Thing("45262220", "Drilling and casing of borehole, 200 mm", "metre", 60, 190),
        Thing("42122130", "Submersible pump with solar panels and controller", "each", 2_800, 9_500),
        Thing("45232150", "Supply and laying of polyethylene main, 160 mm", "metre", 35, 140),
        Thing("45232430", "Chlorination unit with dosing pump", "each", 3_500, 14_000),
        Thing("45232410", "Replacement of sewer by pipe bursting", "metre", 110, 380),
    ),
)

WORKS = (ROADS, SCHOOLS, HOSPITALS, WATER)
