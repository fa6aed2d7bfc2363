"""Words of organisations' names: legal forms, abbreviations, words without weight, and words that distinguish."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Phrases become one word before names are split; the keys have spaces around them.
PHRASES = {
    f" {phrase} ": f" {word} "
    for phrase, word in {
        "limited liability partnership": "llp",
        "limited liability company": "llc",
        "public limited company": "plc",
        "community interest company": "cic",
        "private limited": "ltd",
        "pvt ltd": "ltd",
        "pty ltd": "pty",
        "proprietary limited": "pty",
        "sociedad anonima": "sa",
        "sociedade anonima": "sa",
        "societe anonyme": "sa",
        "sociedad limitada": "sl",
        "societa per azioni": "spa",
        "societa a responsabilita limitata": "srl",
        "societe a responsabilite limitee": "sarl",
        "societe par actions simplifiee": "sas",
        "sociedad de responsabilidad limitada": "srl",
        "gesellschaft mit beschrankter haftung": "gmbh",
        "aktiengesellschaft": "ag",
        "besloten vennootschap": "bv",
        "naamloze vennootschap": "nv",
        "spolka z ograniczona odpowiedzialnoscia": "spzoo",
        "sp z o o": "spzoo",
        "sp zoo": "spzoo",
        "sp z oo": "spzoo",
        "spol s r o": "sro",
        "s r o": "sro",
        "s de r l de c v": "sdrl",
        "s de rl de cv": "sdrl",
        "s a de c v": "sadecv",
        "sa de cv": "sadecv",
        "county borough council": "cbc",
        "metropolitan borough council": "mbc",
        "metropolitan district council": "mdc",
        "united kingdom": "uk",
        "great britain": "gb",
    }.items()
}
# Legal forms: each spelling → its form.
LEGAL_FORMS = {
    word: form
    for form, words in {
        "ltd": "ltd limited cyf cyfyngedig ltda limitada lda",
        "plc": "plc ccc",
        "llp": "llp",
        "llc": "llc",
        "lp": "lp",
        "cic": "cic",
        "cio": "cio",
        "inc": "inc incorporated",
        "corp": "corp corporation",
        "company": "co company cia",
        "gmbh": "gmbh",
        "ag": "ag",
        "kg": "kg",
        "ohg": "ohg",
        "ug": "ug",
        "sa": "sa",
        "sas": "sas",
        "sarl": "sarl",
        "srl": "srl",
        "spa": "spa",
        "sl": "sl slu",
        "sadecv": "sadecv sdrl",
        "bv": "bv",
        "nv": "nv",
        "ab": "ab",
        "as": "as asa",
        "aps": "aps",
        "oy": "oy oyj",
        "spzoo": "spzoo",
        "sro": "sro",
        "kft": "kft",
        "zrt": "zrt",
        "doo": "doo",
        "ood": "ood eood",
        "pty": "pty",
        "dac": "dac",
        "eirl": "eirl",
    }.items()
    for word in words.split()
}
ABBREVIATIONS = {
    "dept": "department",
    "govt": "government",
    "gov": "government",
    "min": "ministry",
    "univ": "university",
    "uni": "university",
    "cncl": "council",
    "intl": "international",
    "natl": "national",
    "assoc": "association",
    "assn": "association",
    "bros": "brothers",
    "svcs": "services",
    "svc": "services",
    "service": "services",
    "serv": "services",
    "mgmt": "management",
    "mfg": "manufacturing",
    "eng": "engineering",
    "engrs": "engineers",
    "hosp": "hospital",
    "inst": "institute",
    "tech": "technology",
    "sys": "systems",
    "constr": "construction",
    "const": "construction",
    "st": "saint",
    "mt": "mount",
    "no": "number",
    "nr": "number",
    "num": "number",
    "grp": "group",
    "auth": "authority",
    "corpn": "corporation",
    "dist": "district",
    "co-operative": "cooperative",
    "coop": "cooperative",
    "equip": "equipment",
    "hldgs": "holdings",
    "prop": "property",
    "mun": "municipality",
    "centre": "center",
    "transports": "transport",
    "minist": "ministry",
}
STOP_WORDS = _words(
    "the of and for to in on at an de del della dei di da do dos das la las le les los el du des et y und"
    " der die das fur van voor het den og och"
)
# An additional word that changes little: accepted where the address agrees.
WEAK_WORDS = frozenset({"uk", "gb", "council", "authority"})
# Words by which like names differ: names that differ in one of them are never joined.
DISTINGUISHING_WORDS = _words(
    "north south east west northern southern eastern western northeast northwest southeast southwest central upper"
    " lower inner outer greater new old mid norte sur sud este oeste nord est ouest ost sued noord zuid city county"
    " town district borough parish village ward region regional state national federal provincial municipal cbc mbc mdc"
    " primary secondary infant infants junior boys girls high nursery academy college university men women mens"
    " womens first second third fourth fifth sixth ii iii iv v vi vii viii ix x one two three four five six"
)
# Words too frequent to find candidates by.
COMMON_WORDS = _words(
    "council services group international department ministry university hospital school county city borough district"
    " national association housing construction building engineering solutions systems management health trust"
    " foundation consulting consultants technology technologies care authority government holdings center office"
    " company industries security transport property limited number saint north south east west"
)
# Folded names that name nobody.
PLACEHOLDERS = frozenset(
    {
        "",
        "na",
        "n a",
        "not applicable",
        "not available",
        "not known",
        "not specified",
        "unknown",
        "none",
        "null",
        "nil",
        "tbc",
        "tba",
        "tbd",
        "various",
        "various suppliers",
        "to be confirmed",
        "to be determined",
        "confidential",
        "withheld",
        "redacted",
        "multiple suppliers",
        "sole trader",
        "individual",
        "private individual",
        "supplier",
        "buyer",
        "test",
        "no award",
        "not awarded",
    }
)
# Letters that Unicode does not decompose, and marks that stand for a word.
LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
    "&": " and ",
    "+": " and ",
    "'": "",
    "’": "",
    "‘": "",
    "`": "",
    "№": " number ",
}
