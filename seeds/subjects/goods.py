"""Vocabularies of goods: medical equipment, medicines, computers, energy, vehicles, furniture."""

from seeds.subjects.kinds import Subject, Thing

MEDICAL = Subject(
    name="medical equipment",
    main="goods",
    codes=("33100000", "33111000", "33112000", "33113000", "33115000"),
    trades=("Medical Systems", "Imaging", "Healthcare", "Diagnostics"),
    value=(25_000, 4_800_000),
    titles=(
        "Supply and maintenance of a magnetic resonance scanner, {place} Hospital",
        "Ultrasound machines for community midwives in {region}",
        "Digital X-ray rooms for {place} and {region}",
        "Electric hospital beds and mattresses",
        "Patient monitors for the intensive care unit, {place}",
    ),
    sentences=(
        "The scanner is to be delivered, installed and commissioned with its cooling, shielding and patient table, "
        "and kept in service for {years} years.",
        "Images and doses must reach the existing picture archive in DICOM format without manual steps.",
        "Bidders are to bring a demonstration unit for two days, so that radiographers and nurses can score its "
        "handling.",
        "Training for {people} members of staff, on site and in working hours, is included in the price.",
        "Response to a breakdown is within four hours, and the yearly availability at least 98 per cent.",
        "Beds shall lower to 25 cm, carry 250 kg and allow X-rays of the chest without moving the patient.",
        "Old devices are to be taken back, their data wiped and their parts recycled.",
        "All equipment must carry a CE mark or its equivalent as a medical device, with instructions in English.",
    ),
    lots=("Imaging", "Beds and mattresses", "Monitoring", "Maintenance"),
    things=(
        Thing("33113000", "Magnetic resonance scanner, 1.5 tesla", "each", 620_000, 1_300_000),
        Thing("33112000", "Portable ultrasound machine with two probes", "each", 9_000, 48_000),
        Thing("33111000", "Digital X-ray room, ceiling mounted", "each", 95_000, 240_000),
        Thing("33192120", "Electric hospital bed with side rails", "each", 1_100, 2_900),
        Thing("33195000", "Bedside patient monitor, five parameters", "each", 1_900, 6_400),
    ),
)

MEDICINES = Subject(
    name="medicines",
    main="goods",
    codes=("33600000", "33651600", "33690000", "33140000"),
    trades=("Pharma", "Pharmaceuticals", "Medical Supplies", "Wholesale"),
    value=(8_000, 2_600_000),
    titles=(
        "Framework for essential medicines, {region}",
        "Influenza vaccines for the season {year}",
        "Dressings, gloves and syringes for health centres in {region}",
        "Supply of insulin and diabetes test strips",
        "Medical consumables for {place} Hospital",
    ),
    sentences=(
        "Medicines are called off monthly by {people} health centres and delivered to each within five working days.",
        "Vaccines are to be kept between 2 and 8 degrees from the factory to the clinic, with a temperature record "
        "for every box.",
        "Every product needs a marketing authorisation and at least 18 months of shelf life on delivery.",
        "Batch numbers and expiry dates are given on each delivery note, also in machine-readable form.",
        "Where a product is out of stock, the supplier offers an equivalent at the same price after the pharmacist's "
        "consent.",
        "Gloves shall be powder-free nitrile, tested to EN 455, in four sizes.",
        "Recalled batches are collected within 24 hours and replaced at no cost.",
        "Quantities are estimates from the past {years} years and no promise to buy.",
    ),
    lots=("Antibiotics", "Vaccines", "Dressings and gloves", "Diabetes care", "Pain relief"),
    things=(
        Thing("33651600", "Influenza vaccine, quadrivalent, prefilled syringe", "dose", 5, 14),
        Thing("33690000", "Amoxicillin 500 mg capsules, pack of 21", "pack", 1, 4),
        Thing("33140000", "Nitrile examination gloves, box of 100", "box", 3, 9),
        Thing("33140000", "Sterile wound dressing, 10 x 10 cm", "box", 4, 16),
        Thing("33600000", "Insulin glargine pens, pack of 5", "pack", 18, 42),
    ),
)

COMPUTERS = Subject(
    name="computers",
    main="goods",
    codes=("30200000", "30213100", "32420000", "48820000"),
    trades=("Computers", "Technology", "Digital", "Networks"),
    value=(12_000, 1_900_000),
    titles=(
        "Laptops and docking stations for {buyer}",
        "Replacement of network switches and wireless access points",
        "Servers and storage for the {place} data centre",
        "Tablets and screens for schools in {region}",
    ),
    sentences=(
        "About {number} laptops are to be delivered in batches, with the standard image installed and an asset label "
        "on every device.",
        "Devices need at least 16 GB of memory, a 512 GB solid-state drive and a battery that lasts a working day.",
        "The switches in {people} buildings have reached the end of support and no longer receive security updates.",
        "Warranty is {years} years on site, by the next working day, with hard drives kept by the authority.",
        "Packaging is to be returned and old equipment wiped to a recognised standard, with a certificate for each "
        "serial number.",
        "Energy labels, repairability scores and the share of recycled material count in the evaluation.",
        "The storage system shall offer 200 TB usable, snapshots that ransomware can't delete and replication to a "
        "second site.",
        "Installation is done outside office hours and rolled back where a site is not working by seven in the "
        "morning.",
    ),
    lots=("Laptops", "Screens and accessories", "Network equipment", "Servers and storage"),
    things=(
        Thing("30213100", "Laptop, 14 inch, 16 GB memory, 512 GB drive", "each", 480, 1_250),
        Thing("30213300", "Desktop computer, small form factor", "each", 380, 860),
        Thing("30231300", "Monitor, 27 inch, with USB-C", "each", 120, 340),
        Thing("32420000", "Access switch, 48 ports, power over Ethernet", "each", 1_100, 4_200),
        Thing("48820000", "Rack server, two processors, 512 GB memory", "each", 6_500, 21_000),
    ),
)

ENERGY = Subject(
    name="energy",
    main="goods",
    codes=("09310000", "09123000", "09332000"),
    trades=("Energy", "Power", "Renewables", "Gas and Electric"),
    value=(45_000, 12_000_000),
    titles=(
        "Supply of electricity to public buildings in {region}",
        "Solar panels on the roofs of {people} schools, {region}",
        "Natural gas for {buyer}, {year}",
        "Renewable electricity and charging points, {place}",
    ),
    sentences=(
        "The contract covers {number} metering points with a yearly use of about {number}0 megawatt hours, of which "
        "street lighting takes a third.",
        "All electricity is to come from renewable sources, proven by guarantees of origin no older than one year.",
        "Prices follow the day-ahead market with a fixed margin, and the buyer may fix parts of the volume on chosen "
        "days.",
        "Solar panels are to be planned, installed and connected, with the grid operator's consent obtained by the "
        "contractor.",
        "Bills come monthly as data for each meter, so that the energy manager can follow consumption by building.",
        "The roofs were surveyed in {year}; the structural reports are among the documents.",
        "A yield of at least 900 kilowatt hours per installed kilowatt is to be guaranteed for {years} years.",
        "Meters of buildings that are sold or closed may be taken out of the contract at a month's notice.",
    ),
    lots=("Half-hourly metered supplies", "Street lighting supplies", "Solar panels", "Gas"),
    things=(
        Thing("09310000", "Electricity from renewable sources, half-hourly metered", "megawatt hour", 70, 240),
        Thing("09123000", "Natural gas, firm supply", "megawatt hour", 30, 120),
        Thing("09331200", "Photovoltaic module, 430 W, monocrystalline", "each", 70, 190),
        Thing("09332000", "Roof-mounted solar installation, complete", "kilowatt", 700, 1_500),
        Thing("34928530", "LED street lamp with dimming control", "each", 160, 480),
    ),
)

VEHICLES = Subject(
    name="vehicles",
    main="goods",
    codes=("34100000", "34110000", "34121000", "34144900", "34114121"),
    trades=("Motors", "Vehicle Hire", "Commercial Vehicles", "Coachworks"),
    value=(30_000, 5_500_000),
    titles=(
        "Purchase of {people} electric vans for {buyer}",
        "Ambulances for the {region} emergency service",
        "Low-floor buses for the {place} town network",
        "Pool cars and their maintenance",
    ),
    sentences=(
        "The vehicles replace diesel vans that have passed 150,000 kilometres and may not enter the low emission zone "
        "after {year}.",
        "A real range of at least 220 kilometres in winter is required, proven by an independent test.",
        "Ambulances are to be fitted out with a powered stretcher, oxygen, a defibrillator mount and emergency "
        "lighting in the livery of the service.",
        "Buses need a wheelchair ramp, two spaces for wheelchairs or prams, audible stop announcements and counting "
        "of passengers.",
        "Spare parts shall be available for {years} years and the nearest workshop no more than 50 kilometres from "
        "{place}.",
        "Drivers and mechanics are trained before the first vehicle enters service.",
        "Delivery is staggered over {months} months, and late vehicles cost one half per cent of their price a week.",
        "The old vehicles are taken in part exchange at a price stated in the tender.",
    ),
    lots=("Vans", "Cars", "Buses", "Ambulances"),
    things=(
        Thing("34144900", "Electric panel van, 3.5 tonnes", "each", 29_000, 52_000),
        Thing("34110000", "Compact car, battery electric", "each", 19_000, 34_000),
        Thing("34121000", "Low-floor bus, 12 metres", "each", 210_000, 480_000),
        Thing("34114121", "Emergency ambulance, fully fitted", "each", 98_000, 190_000),
        Thing("50110000", "Yearly inspection and service", "each", 180, 720),
    ),
)

FURNITURE = Subject(
    name="furniture",
    main="goods",
    codes=("39100000", "39130000", "39160000"),
    trades=("Furniture", "Interiors", "Office Supplies", "Contracts"),
    value=(5_000, 750_000),
    titles=(
        "Desks and chairs for {place} schools",
        "Office furniture for the new headquarters of {buyer}",
        "Library shelving and reading tables, {place}",
        "Adjustable workstations and storage",
    ),
    sentences=(
        "Furniture for {people} classrooms is to be delivered, assembled and placed in the two weeks before term "
        "begins.",
        "Chairs and tables follow EN 1729 in the sizes of the school's age groups and stack at least six high.",
        "Timber must come from certified forests, and boards meet the strictest class for formaldehyde.",
        "Desks adjust electrically between 65 and 125 cm and carry a guarantee of {years} years.",
        "Samples are to be left for a fortnight, and will be tried by pupils, teachers and caretakers.",
        "Spare castors, gliders and keys shall be sold singly for ten years.",
        "Used furniture in good order is passed on to charities in {region} by the supplier.",
    ),
    lots=("Classroom furniture", "Office furniture", "Shelving and storage"),
    things=(
        Thing("39112000", "Stacking classroom chair, size 5", "each", 18, 55),
        Thing("39121100", "Height-adjustable desk, 160 x 80 cm", "each", 240, 690),
        Thing("39121200", "Reading table, oak veneer", "each", 210, 780),
        Thing("39130000", "Lockable cupboard, steel", "each", 130, 420),
        Thing("39160000", "Double school desk with book tray", "each", 65, 180),
    ),
)

GOODS = (MEDICAL, MEDICINES, COMPUTERS, ENERGY, VEHICLES, FURNITURE)
