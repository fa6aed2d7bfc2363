"""Sentences and words for any procurement: procedure, evaluation, conditions, documents."""

COMMON = (
    "The contract runs for {years} years and may be extended twice by up to twelve months each.",
    "Bids are submitted through the electronic portal only; bids by post or e-mail are not opened.",
    "Questions are to be asked through the portal no later than ten days before the closing date, and answers are "
    "published to all.",
    "The most economically advantageous bid wins: price counts 60 per cent, quality 30 and social value 10.",
    "Price counts 40 per cent and quality 60, of which the method statement takes half.",
    "Small and medium-sized firms and consortia are encouraged to bid, alone or for single lots.",
    "Bidders must not be insolvent, convicted of fraud or in arrears with taxes or social contributions.",
    "A yearly turnover of at least twice the value of the lot is required over the last three financial years.",
    "Three references for similar work within the past {years} years are to be named, with a person to contact at "
    "each.",
    "{buyer} is not bound to accept any bid and may cancel the procedure without compensation.",
    "Invoices are paid within 30 days of receipt, and the contractor pays its subcontractors on the same terms.",
    "A site visit can be arranged with the contact point named in the documents; it is recommended but not compulsory.",
    "Subcontractors who do more than ten per cent of the work must be named in the bid.",
    "The conditions of contract are those published with this notice; changes proposed by bidders lead to exclusion.",
    "Bids stay valid for {months} months from the closing date.",
    "A performance bond of five per cent of the contract value is to be provided within two weeks of the award.",
    "This procurement was announced in a prior information notice, and {people} firms took part in the market "
    "consultation.",
    "The contractor will report each quarter on its greenhouse gas emissions and on how it means to reduce them.",
    "Bidders may bid for any number of lots and may be awarded all of them.",
    "No bidder will be awarded more than two lots, so that the service does not hang on one firm.",
    "The authority expects the service to begin within {months} weeks of the signing of the contract.",
    "An abnormally low price must be explained, and may lead to the rejection of the bid.",
    "Minutes of the opening of bids are published on the portal on the same day.",
    "The estimated value is without value added tax and includes all options and extensions.",
    "Where the budget for the coming year is not approved, the contract ends without compensation at the close of the "
    "year.",
    "Contract data will be published in the open contracting data standard, including changes and payments.",
)
RATIONALES = (
    "The present contract ends in {year} and the service has to go on without a gap.",
    "The need was found in the condition survey of {year} and confirmed by the finance committee.",
    "Demand in {region} has grown by a fifth in {years} years and can't be met by the authority's own staff.",
    "The project is part of the development plan of {region} and co-financed by the national government.",
)
AMENDMENTS = (
    "The closing date is put back at the request of several bidders, because the answers to their questions came late.",
    "The estimated value and the closing date have been corrected after an error in the bill of quantities.",
    "Annex 3 has been replaced by a corrected version, and the time for bids extended accordingly.",
)
CRITERIA = (
    "Lowest price among the bids that meet all technical requirements.",
    "Best ratio of quality to price, with weights as set out in the invitation to tender.",
    "Life-cycle cost over {years} years, including energy, maintenance and disposal.",
)
ELIGIBILITY = (
    "Open to all economic operators of countries that are parties to the Agreement on Government Procurement.",
    "Registered firms with a valid tax compliance certificate and, where the law asks for it, a licence of the trade.",
    "Reserved for sheltered workshops and operators whose main aim is the social integration of disadvantaged persons.",
)
UNSUCCESSFUL = (
    "No bid met the minimum technical requirements.",
    "All bids were above the estimated value.",
    "Only one bid came in, and the authority chose to invite bids again.",
)
AWARDED = (
    "The contract was awarded to the bidder with the highest combined score for quality and price.",
    "The award followed the recommendation of the evaluation panel of {people} members, and the standstill period "
    "passed without a challenge.",
    "The winning bid offered the lowest price that met every requirement; the panel's report is among the documents.",
    "Awarded after a mini-competition under the framework, in which {people} firms were invited to bid.",
)
MILESTONES = (
    "Mobilisation complete",
    "First delivery",
    "Interim inspection",
    "Half of the works measured",
    "Practical completion",
    "Final account agreed",
)
# (documentType, title, description, format): what belongs to each stage.
PLANNING_DOCUMENTS = (
    (
        "needsAssessment",
        "Needs assessment",
        "What is needed, for whom, and which alternatives were considered.",
        "application/pdf",
    ),
    (
        "procurementPlan",
        "Procurement plan {year}",
        "The yearly plan of purchases in which this one is listed.",
        "text/html",
    ),
    (
        "feasibilityStudy",
        "Feasibility study",
        "Options, costs and risks, with the recommendation to the committee.",
        "application/pdf",
    ),
)
TENDER_DOCUMENTS = (
    (
        "tenderNotice",
        "Contract notice",
        "The notice as published, with the closing date and the way to submit a bid.",
        "text/html",
    ),
    (
        "biddingDocuments",
        "Invitation to tender",
        "Instructions to bidders, forms, and the timetable of the procedure.",
        "application/pdf",
    ),
    (
        "technicalSpecifications",
        "Technical specification",
        "What is to be delivered, to which standards, and how it will be accepted.",
        "application/pdf",
    ),
    (
        "evaluationCriteria",
        "Award criteria",
        "The criteria, their weights and how points are given.",
        "application/pdf",
    ),
    (
        "billOfQuantity",
        "Bill of quantities",
        "Quantities to be priced, position by position.",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("contractDraft", "Draft contract", "The conditions of contract with their annexes.", "application/msword"),
    (
        "clarifications",
        "Questions and answers",
        "All questions of bidders with their answers, up to the closing date.",
        "application/pdf",
    ),
)
AWARD_DOCUMENTS = (
    ("awardNotice", "Contract award notice", "Who won, at what price, and how many bids came in.", "text/html"),
    ("evaluationReports", "Evaluation report", "Scores of all bids and the reasons for them.", "application/pdf"),
)
CONTRACT_DOCUMENTS = (
    (
        "contractSigned",
        "Signed contract",
        "The contract as signed, with prices blacked out where they are confidential.",
        "application/pdf",
    ),
    ("contractSchedule", "Programme", "The dates by which each part is due.", "application/pdf"),
)
METHODS = (
    ("open", "Open procedure", 55),
    ("open", "Open procedure (below threshold)", 13),
    ("selective", "Restricted procedure", 14),
    ("selective", "Call-off from a framework agreement", 6),
    ("limited", "Negotiated procedure without publication", 6),
    ("direct", "Single tender action", 6),
)
