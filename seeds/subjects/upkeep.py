"""Vocabularies of everyday services: catering, grounds, waste, cleaning, transport, security."""

from seeds.subjects.kinds import Subject, Thing

CATERING = Subject(
    name="catering",
    main="services",
    codes=("55520000", "55523100", "55524000"),
    trades=("Catering", "Kitchens", "Foods", "Fresh"),
    value=(18_000, 4_200_000),
    titles=(
        "School meals in {region}",
        "Catering at {place} Hospital: patients, staff and visitors",
        "Meals on wheels, {place}",
        "Fresh food for the kitchens of {buyer}",
    ),
    sentences=(
        "About {number} hot lunches are cooked each school day in {people} kitchens, with a vegetarian and a halal "
        "choice.",
        "Menus follow the national food standards, change with the season and are agreed with pupils and parents each "
        "term.",
        "At least half of fruit, vegetables, meat and milk come from farms within 100 kilometres, and fish from "
        "sustainable stocks.",
        "Patients choose their meals at the bedside not earlier than two hours before they are served.",
        "Allergens are shown for every dish, and special diets prepared separately by trained cooks.",
        "Kitchen staff transfer to the new caterer with their terms of employment.",
        "Food waste is weighed daily and brought below 60 grams a plate within {months} months.",
        "Meals reach older people's homes hot, between half past eleven and one o'clock, every day of the year.",
    ),
    lots=("Primary schools", "Secondary schools", "Staff restaurant", "Meals on wheels", "Groceries"),
    things=(
        Thing("55523100", "School lunch, two courses", "meal", 2, 5),
        Thing("55521200", "Hot meal delivered to the home", "meal", 4, 9),
        Thing("15300000", "Seasonal fruit and vegetables", "kilogram", 1, 4),
        Thing("15100000", "Fresh meat, beef and poultry", "kilogram", 4, 13),
        Thing("15810000", "Wholemeal bread, sliced", "each", 1, 3),
        Thing("15500000", "Milk, semi-skimmed", "litre", 1, 2),
        Thing("15220000", "Frozen fish fillets, certified", "kilogram", 6, 15),
    ),
)

GROUNDS = Subject(
    name="grounds maintenance",
    main="services",
    codes=("77314000", "77310000", "77340000"),
    trades=("Landscapes", "Grounds", "Tree Care", "Gardens"),
    value=(9_000, 1_800_000),
    titles=(
        "Grounds maintenance of parks and cemeteries, {place}",
        "Grass cutting and hedges in {region}",
        "Tree surveys and tree surgery, {place}",
        "Care of playing fields and school grounds, {region}",
    ),
    sentences=(
        "Grass on {number} hectares of parks, verges and cemeteries is cut between March and October, fortnightly or "
        "as a meadow twice a year.",
        "Hedges are trimmed outside the nesting season, and shrub beds weeded by hand or hot foam: glyphosate is not "
        "used.",
        "All {number} street trees are inspected every three years and pruned by arborists with certificates for "
        "chainsaws and climbing.",
        "Football pitches are spiked, sanded and marked before each weekend of the season.",
        "Electric machines are to be used near schools and hospitals, and everywhere by the third year.",
        "Graves are dug at two days' notice, with dignity, whatever the weather.",
        "Fallen trees on roads are cleared within two hours of a call, day and night.",
        "Wildflower strips and 400 new trees a year help {place} to adapt to hot summers.",
    ),
    lots=("Parks and open spaces", "Cemeteries", "Trees", "Sports pitches"),
    things=(
        Thing("77314000", "Grass cutting, amenity area, one cut", "hectare", 45, 140),
        Thing("77340000", "Hedge trimming, both sides and top", "metre", 1, 5),
        Thing("77211500", "Crown reduction of mature tree", "each", 180, 760),
        Thing("77312000", "Weed clearance of paved areas by hot foam", "square metre", 1, 3),
        Thing("77310000", "Seasonal bedding, planted", "square metre", 18, 52),
    ),
)

WASTE = Subject(
    name="waste",
    main="services",
    codes=("90511200", "90513000", "90514000"),
    trades=("Waste", "Recycling", "Environmental Services", "Haulage"),
    value=(50_000, 16_000_000),
    titles=(
        "Household waste and recycling collection, {place}",
        "Treatment of food and garden waste from {region}",
        "Operation of {people} recycling centres",
        "Street sweeping and litter bins, {place}",
    ),
    sentences=(
        "Rubbish, paper, glass, food and garden waste are collected from about {number}0 households, alternately by "
        "week.",
        "Missed bins are emptied by the end of the next working day, and every bin carries a chip read by the lorry.",
        "Food waste goes to anaerobic digestion, whose gas is upgraded and fed into the grid; residues meet the "
        "standard for compost.",
        "The recycling rate is to rise from 41 to 60 per cent in {years} years; a bonus is paid for each point beyond "
        "the plan.",
        "Mattresses, paint, batteries and electrical goods are taken at recycling centres, which open on Saturdays "
        "and Sundays too.",
        "Lorries are electric or run on biomethane, with cameras that protect cyclists.",
        "Main streets are swept daily before seven o'clock, others weekly, and leaves cleared in autumn.",
        "Residual waste may not be landfilled; bidders name the plant that will take it and its distance from {place}.",
    ),
    lots=("Residual waste", "Dry recycling", "Food and garden waste", "Street cleansing"),
    things=(
        Thing("90511200", "Emptying of wheeled bin, 240 litres", "each", 1, 3),
        Thing("90514000", "Sorting of mixed dry recyclables", "tonne", 45, 130),
        Thing("90513000", "Treatment of residual waste", "tonne", 80, 170),
        Thing("90512000", "Haulage in walking-floor trailers", "tonne", 9, 32),
        Thing("90610000", "Mechanical sweeping of carriageway channel", "kilometre", 11, 38),
        Thing("34928480", "Wheeled bin, 240 litres, with chip", "each", 19, 41),
    ),
)

CLEANING = Subject(
    name="cleaning",
    main="services",
    codes=("90910000", "90911200", "90919200", "90919300"),
    trades=("Cleaning", "Facilities", "Hygiene", "Property Services"),
    value=(8_000, 2_100_000),
    titles=(
        "Cleaning of offices and libraries, {place}",
        "School cleaning in {region}",
        "Window cleaning for the buildings of {buyer}",
        "Deep cleaning of {place} Hospital wards",
    ),
    sentences=(
        "Daily cleaning covers {number}0 square metres of offices, toilets, stairs and meeting rooms in {people} "
        "buildings.",
        "Cleaners work in the daytime where possible, are paid the living wage and wear a badge with their name.",
        "Products carry an eco-label and are dosed automatically; micro-fibre cloths are colour-coded by area.",
        "Quality is measured monthly by a joint inspection with a scored list, and deductions follow a score below 85.",
        "Windows are cleaned inside and out twice a year, at heights up to 30 metres, with pure water and poles or by "
        "abseiling.",
        "Wards are cleaned to the national standards of healthcare cleanliness, with terminal cleans within two hours "
        "of a request.",
        "Bidders must see the buildings at one of three site visits.",
    ),
    lots=("Offices", "Schools", "Windows", "Clinical areas"),
    things=(
        Thing("90919200", "Daily office cleaning", "square metre", 9, 26),
        Thing("90919300", "School cleaning, term time", "square metre", 8, 22),
        Thing("90911300", "Window cleaning, both sides", "square metre", 1, 4),
        Thing("39830000", "Cleaning products, eco-labelled, assorted", "box", 14, 60),
    ),
)

TRANSPORT = Subject(
    name="passenger transport",
    main="services",
    codes=("60130000", "60120000", "60112000", "60170000"),
    trades=("Travel", "Coaches", "Taxis", "Transport"),
    value=(7_000, 3_400_000),
    titles=(
        "Transport of pupils with additional needs, {region}",
        "Bus services on routes {people} and {people}A, {place}",
        "Taxi journeys for {buyer}",
        "Community minibus and dial-a-ride, {region}",
    ),
    sentences=(
        "About {number} pupils are taken from home to school and back, many with an escort, a wheelchair or a car "
        "seat.",
        "Drivers and escorts have enhanced criminal record checks and training in epilepsy, autism and safe restraint.",
        "Buses run hourly from six to twenty-two o'clock and half-hourly at peak times, and meet the trains at "
        "{place}.",
        "Fares are set by the authority and belong to it; the operator is paid by the kilometre, with deductions for "
        "trips not run.",
        "Positions are published in real time in an open format.",
        "Routes may change with two weeks' notice when pupils move house or school.",
        "The dial-a-ride service takes bookings by telephone up to one hour before the trip.",
        "Vehicles may be no older than {years} years and must meet at least Euro 6.",
    ),
    lots=("Special needs routes", "Rural bus routes", "Taxis", "Dial-a-ride"),
    things=(
        Thing("60130000", "School route by minibus with escort, return", "day", 90, 260),
        Thing("60120000", "Taxi journey, up to 10 kilometres", "each", 9, 28),
        Thing("60112000", "Bus service, per kilometre", "kilometre", 2, 6),
        Thing("60170000", "Coach with driver, full day", "day", 320, 890),
    ),
)

SECURITY = Subject(
    name="security",
    main="services",
    codes=("79710000", "79713000", "79711000"),
    trades=("Security", "Guarding", "Alarms", "Protection"),
    value=(6_000, 1_600_000),
    titles=(
        "Guarding of public buildings in {place}",
        "Security cameras and monitoring, {place} town centre",
        "Alarm response and key holding for schools, {region}",
        "Stewards for events of {buyer}",
    ),
    sentences=(
        "Guards keep reception desks in {people} buildings, patrol at night and lock up after evening meetings.",
        "All guards are licensed, trained to calm conflicts and speak clear English.",
        "The {number} cameras are watched from a control room shared with the police, and recordings wiped after 30 "
        "days.",
        "An alarm is answered on site within 20 minutes, and the caretaker told by message.",
        "Patrols are proved by electronic tags, and reports sent by eight o'clock in the morning.",
        "Stewards are hired for festivals, polling days and council meetings at a week's notice.",
        "A new digital recording system is supplied, and old analogue cameras replaced within {months} months.",
    ),
    lots=("Manned guarding", "Cameras", "Alarm response"),
    things=(
        Thing("79713000", "Security guard", "hour", 13, 27),
        Thing("79711000", "Alarm monitoring, per building", "month", 25, 110),
        Thing("35125300", "Network camera, outdoor, installed", "each", 280, 1_300),
        Thing("79710000", "Event steward", "hour", 12, 24),
    ),
)

UPKEEP = (CATERING, GROUNDS, WASTE, CLEANING, TRANSPORT, SECURITY)
