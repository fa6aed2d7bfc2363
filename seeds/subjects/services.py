"""Vocabularies of services bought from professions: IT, insurance, law, engineering, social care, training."""

from seeds.subjects.kinds import Subject, Thing

IT = Subject(
    name="IT services",
    main="services",
    codes=("72000000", "72212000", "72250000", "48000000"),
    trades=("Software", "Systems", "Digital", "Consulting", "Data"),
    value=(20_000, 6_000_000),
    titles=(
        "Case management system for {buyer}",
        "Hosting and support of the citizens' portal",
        "Replacement of the finance and payroll software",
        "Development of an open data platform, {region}",
        "Cyber security monitoring and incident response",
    ),
    sentences=(
        "The present system dates from {year} and is no longer supported; its data, about {number} thousand case "
        "files, are to be migrated and checked.",
        "Residents must be able to apply, pay and follow their case from a telephone, without calling the office.",
        "Sources are published under an open licence, and interfaces documented and open to other authorities.",
        "Web pages shall meet WCAG 2.2 at level AA, shown by an independent audit before acceptance.",
        "Personal data stay in data centres within the country, encrypted at rest and in transit, with backups "
        "restored in a test every quarter.",
        "Work proceeds in sprints of two weeks, each of which ends with a release to the test environment.",
        "Support is reached on working days from 8 to 18 o'clock; a failure of the whole service is answered within "
        "30 minutes.",
        "At the end of the contract all data are handed over in open formats, and the supplier helps the next one for "
        "up to {months} months.",
        "Suspicious sign-ins, malware and leaks are watched for around the clock by trained analysts.",
    ),
    lots=("Implementation", "Hosting", "Support and maintenance", "Training"),
    things=(
        Thing("72212000", "Senior software developer", "day", 420, 950),
        Thing("72267000", "Software maintenance, per year", "year", 9_000, 120_000),
        Thing("72250000", "Managed hosting, production and test", "month", 900, 11_000),
        Thing("72300000", "Migration and cleansing of data", "day", 380, 880),
        Thing("48440000", "Licence of finance software, named user", "each", 140, 620),
        Thing("79632000", "Training of users, groups of 12", "day", 350, 900),
    ),
)

INSURANCE = Subject(
    name="insurance",
    main="services",
    codes=("66510000", "66515200", "66516000"),
    trades=("Insurance", "Mutual", "Underwriting", "Brokers"),
    value=(15_000, 3_200_000),
    titles=(
        "Insurance programme of {buyer}",
        "Motor fleet insurance, {years} years",
        "Property and liability insurance for schools in {region}",
        "Insurance brokerage and claims handling",
    ),
    sentences=(
        "Cover is sought for buildings with a rebuilding value of {number} million, contents, and loss of rent after "
        "fire, storm, flood or burst pipes.",
        "The fleet counts {people} vehicles, among them refuse lorries, minibuses and mowers; claims of the last five "
        "years are listed in the annex.",
        "Public liability is to be covered up to 25 million for any one event, with an excess that bidders may vary.",
        "Claims are acknowledged within one working day, and a named handler looks after them until they are settled.",
        "Premiums are fixed for {years} years unless the claims ratio passes 70 per cent.",
        "Terrorism, cyber attack and engineering inspection are priced as options.",
        "Insurers need a financial strength rating of at least A minus.",
        "The broker will review sums insured every year and hold a workshop on the prevention of losses.",
    ),
    lots=("Property", "Liability", "Motor fleet", "Engineering inspection"),
    things=(
        Thing("66515200", "Property cover, yearly premium", "year", 18_000, 420_000),
        Thing("66516000", "Public and employer's liability cover, yearly premium", "year", 9_000, 260_000),
        Thing("66514110", "Motor cover, per vehicle and year", "each", 280, 1_450),
        Thing("66518100", "Brokerage fee", "year", 2_500, 45_000),
    ),
)

LEGAL = Subject(
    name="legal services",
    main="services",
    codes=("79100000", "79111000", "79112000"),
    trades=("Solicitors", "Legal", "Advocates", "Chambers"),
    value=(6_000, 1_400_000),
    titles=(
        "Framework for legal services, {region}",
        "Advice on property and planning law for {buyer}",
        "Representation in employment tribunals",
        "Child protection: advocates and expert advice",
    ),
    sentences=(
        "Advice is needed on planning, property, employment, procurement and licensing, mostly within three working "
        "days.",
        "Advocates represent the authority in care proceedings and must have {years} years of practice in family law.",
        "Work is called off by direct award in order of ranking, and by mini-competition above 50,000.",
        "Hourly rates are fixed for partners, associates and trainees; travel within {region} is not paid.",
        "Firms check for conflicts of interest before each instruction and decline where one exists.",
        "Two training sessions a year on changes in the law are free of charge.",
        "Files are kept for seven years and handed over on request without a fee.",
    ),
    lots=("Property and planning", "Employment", "Family and child care", "Contracts and procurement"),
    things=(
        Thing("79111000", "Legal advice, partner", "hour", 130, 340),
        Thing("79111000", "Legal advice, associate", "hour", 90, 220),
        Thing("79112000", "Representation at hearing, full day", "day", 600, 2_200),
        Thing("79100000", "Conveyancing, fixed fee", "each", 350, 1_200),
    ),
)

ENGINEERING = Subject(
    name="engineering",
    main="services",
    codes=("71200000", "71300000", "71311000"),
    trades=("Architects", "Engineers", "Consulting", "Associates"),
    value=(10_000, 2_400_000),
    titles=(
        "Design team for {place} library and community centre",
        "Feasibility study of a tram line from {place}",
        "Site supervision of road works in {region}",
        "Flood risk modelling of the {place} catchment",
    ),
    sentences=(
        "The team brings architecture, structure, building services and landscape together under one lead designer.",
        "Options are to be compared for cost, carbon, journey times and effects on {number} households along the "
        "route.",
        "The supervisor is on site every working day, keeps a diary, takes samples and certifies the monthly "
        "measurements.",
        "Computer models of the river are calibrated with the floods of the last {years} winters and run for three "
        "climate scenarios.",
        "Public consultation includes two exhibitions in {place}, an online survey and a report that answers every "
        "objection.",
        "Drawings are delivered as building information models at level 2 and in open formats.",
        "Fees are a lump sum for each stage; stages after the planning permission are optional.",
    ),
    lots=("Architecture", "Structural and civil engineering", "Building services", "Supervision"),
    things=(
        Thing("71200000", "Architectural design, concept to technical design", "stage", 12_000, 160_000),
        Thing("71311000", "Civil engineer, chartered", "day", 380, 820),
        Thing("71521000", "Site supervisor, resident", "month", 3_200, 9_800),
        Thing("71314000", "Energy audit of building", "each", 900, 5_500),
    ),
)

CARE = Subject(
    name="social care",
    main="services",
    codes=("85000000", "85311100", "85311200", "85312000"),
    trades=("Care", "Homecare", "Support Services", "Community Trust"),
    value=(30_000, 8_500_000),
    titles=(
        "Home care for older people in {region}",
        "Supported living for adults with learning disabilities, {place}",
        "Respite and short breaks for carers",
        "Agency social workers, framework for {region}",
    ),
    sentences=(
        "Carers help people to wash, dress, eat and take their medicines at home, so that they can stay in {place} "
        "among family and friends.",
        "About {number} hours a week are needed, a third of them in the evening and at weekends.",
        "Every visit lasts at least 30 minutes, is logged electronically, and is made by one of no more than four "
        "carers known to the person.",
        "Staff are paid at least the real living wage, including for travel between visits.",
        "Eight flats with shared rooms are ready; the provider plans support together with the tenants and their "
        "families.",
        "Social workers supplied by agencies must be registered, have two references, and be available within ten "
        "working days.",
        "Complaints, falls and missed visits are reported monthly and discussed with the commissioner.",
        "Care from the present provider goes over within {months} weeks, with staff transferring under the law on "
        "transfers of undertakings.",
    ),
    lots=("Daytime home care", "Night sitting", "Supported living", "Respite"),
    things=(
        Thing("85311100", "Home care visit", "hour", 14, 34),
        Thing("85311200", "Supported living, shared hours", "hour", 13, 31),
        Thing("85312000", "Short break, day service", "day", 60, 210),
        Thing("79620000", "Qualified social worker, agency", "hour", 28, 58),
    ),
)

TRAINING = Subject(
    name="training",
    main="services",
    codes=("80500000", "80530000"),
    trades=("Training", "Learning", "Skills", "College"),
    value=(5_000, 900_000),
    titles=(
        "Vocational courses for job seekers in {region}",
        "First aid and fire safety training for {buyer}",
        "Language classes for newcomers, {place}",
        "Apprenticeship training in building trades",
    ),
    sentences=(
        "Courses lead to a recognised certificate in welding, plumbing, care or computing, and end with a placement "
        "of six weeks.",
        "At least {people} people out of work for more than a year take part, half of them women.",
        "Classes are held in {place} in the morning and again in the evening, with child care next door.",
        "Payment depends in part on results: 30 per cent is due when a learner has been in work for 13 weeks.",
        "Teachers hold a qualification in the subject and {years} years of experience with adult learners.",
        "Fire wardens practise with real extinguishers, and refreshers are offered online.",
    ),
    lots=("Vocational courses", "Languages", "Health and safety"),
    things=(
        Thing("80530000", "Vocational course, 20 places", "course", 4_500, 26_000),
        Thing("80500000", "First aid course, one day, 12 places", "course", 380, 1_100),
        Thing("80500000", "Language class, 60 lessons", "course", 1_600, 5_200),
    ),
)

SERVICES = (IT, INSURANCE, LEGAL, ENGINEERING, CARE, TRAINING)
