"""Countries as ISO 3166-1 codes and regions as NUTS or ITL codes, from the texts that publishers write. Pure."""

import polars as pl

from domain.lake.flattening.organization_identity import normal_name
from domain.star.country_names import country_codes

COUNTRIES = country_codes()
# NUTS (Regulation (EC) 1059/2003) and the ITL of the United Kingdom, of levels 1 to 3. A letter in third place is of
# level 1 of a few countries; longer codes have a digit, which names in capitals have not.
PREFIXES = (
    "AL|AT|BE|BG|CH|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IS|IT|LI|LT|LU|LV|ME|MK|MT|NL|NO|PL|PT|RO|RS|SE|SI|SK|TR|TL|UK"
)
REGION = (
    rf"^((?:{PREFIXES})(?:\d[0-9A-Z]{{0,2}}|[A-Z]\d[0-9A-Z]?)|(?:UK|TL)[C-N]|DE[A-G]|FR[B-MYZ]|IT[C-I])"
    r"(?:\s*[-–:(,].*)?$"
)
COUNTRY_OF_PREFIX = {"UK": "GB", "TL": "GB", "EL": "GR"}  # others are ISO codes
UNITED_KINGDOM_REGIONS = {
    "north-east": "UKC",
    "north-west": "UKD",
    "yorkshire-and-the-humber": "UKE",
    "east-midlands": "UKF",
    "west-midlands": "UKG",
    "east-of-england": "UKH",
    "london": "UKI",
    "south-east": "UKJ",
    "south-west": "UKK",
    "wales": "UKL",
    "scotland": "UKM",
    "northern-ireland": "UKN",
}


def with_place_codes(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `country_code` and `region_code` to rows with `country` and `region`; null where the texts name none.

    A region that is given as a NUTS or ITL code names its country too; "UK" as a region is the country alone. The names
    of the United Kingdom's regions of level 1 stand for their codes.
    """
    c = pl.col
    named = frame.with_columns(
        _mapped(frame["country"], COUNTRIES).alias("_named"),
        _mapped(frame["region"], UNITED_KINGDOM_REGIONS).alias("_region"),
        c("region").str.extract(REGION).alias("_code"),
    )
    prefix = pl.coalesce("_code", pl.when(c("region").is_in(["UK"])).then("region")).str.head(2)
    coded = named.with_columns(pl.coalesce("_named", prefix.replace(COUNTRY_OF_PREFIX)).alias("country_code"))
    region = pl.coalesce("_code", pl.when(c("country_code") == "GB").then("_region"))
    return coded.with_columns(region.alias("region_code")).drop("_named", "_region", "_code")


def _mapped(texts: pl.Series, codes: dict[str, str]) -> pl.Series:
    """The code of each text's folded form."""
    known = {text: codes.get(normal_name(text)) for text in texts.drop_nulls().unique()}
    return texts.replace_strict(known, default=None, return_dtype=pl.String)
