"""What organisations are compared by: one row per organisation, from the versions of dim_organization. Pure."""

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import INSTANT, Columns
from domain.organizations.normalization import (
    NAME_FIELDS,
    country_code,
    country_of_region,
    folded,
    normalised_name,
    postal_code,
    register_number,
)
from domain.organizations.words import PLACEHOLDERS

# Schemes that number accounts or registrations of users: an organisation can have many of their numbers.
ACCOUNT_SCHEMES = ("GB-CFS", "GB-SRS")
GLOBAL_SCHEME = r"^([A-Z]{2,3}-[A-Z0-9_]{2,})-\S+$"  # of an id in the form of org-id.guide
TEXTS = (
    *("name", "legal_name", "scheme", "identifier"),
    *("street", "locality", "region", "postal_code", "country"),
)
# Columns of dim_organization that profiles are made from.
SOURCE: Columns = {
    "organization_key": pl.Int64,
    "organization_id": pl.String,
    "identity": pl.String,
    **dict.fromkeys(TEXTS, pl.String),
    "reference": pl.Boolean,
    "is_current": pl.Boolean,
    "valid_from": INSTANT,
}
PROFILES: Columns = {
    **dict.fromkeys(("organization_id", "name", *NAME_FIELDS), pl.String),
    **dict.fromkeys(("scheme", "number", "country", "postal_code", "locality", "address"), pl.String),
}


def organization_profiles(versions: pl.DataFrame) -> pl.DataFrame:
    """Return the profiles (PROFILES) of the organisations with these versions (SOURCE, all of each) that have a name.

    Each attribute is that of the current version; where that has none, of the newest version that has one.
    """
    c = pl.col
    ordered = versions.lazy().filter(c("organization_id") != UNKNOWN)
    ordered = ordered.with_columns(
        pl.when(c(text).str.strip_chars() != "").then(c(text)).alias(text) for text in TEXTS
    ).sort(
        ["organization_id", "reference", "is_current", "valid_from", "organization_key"],
        descending=[False, True, True, True, False],
        nulls_last=True,
    )
    merged = ordered.group_by("organization_id", maintain_order=True).agg(
        c(text).drop_nulls().first() for text in TEXTS
    )
    named = merged.with_columns(pl.coalesce("name", "legal_name").alias("name"))
    named = named.filter(~folded(c("name")).is_in(sorted(PLACEHOLDERS)))
    scheme = pl.coalesce(
        pl.when(c("identifier").is_not_null()).then("scheme"), c("organization_id").str.extract(GLOBAL_SCHEME)
    )
    number = pl.coalesce(
        c("identifier"), c("organization_id").str.strip_prefix(pl.concat_str(c("scheme"), pl.lit("-")))
    )
    is_register = c("scheme").is_not_null() & ~c("scheme").is_in(ACCOUNT_SCHEMES)
    of_scheme = country_code(c("scheme").str.extract(r"^([A-Z]{2})-"))
    profiles = (
        named.with_columns(scheme.alias("scheme"))
        .with_columns(number.alias("number"))
        .with_columns(normalised_name(c("name")).alias("normalised"))
        .unnest("normalised")
        .with_columns(
            pl.when(is_register)
            .then(register_number(c("number").str.strip_prefix(pl.format("{}-", "scheme"))))
            .alias("number"),
            pl.coalesce(
                country_code(c("country")), country_of_region(c("region")), pl.when(is_register).then(of_scheme)
            ).alias("country"),
            postal_code(c("postal_code"), c("street")).alias("postal_code"),
            _present(folded(c("locality"))).alias("locality"),
            _present(folded(pl.concat_str("street", "locality", separator=" ", ignore_nulls=True))).alias("address"),
        )
        .with_columns(pl.when(c("number").is_not_null()).then("scheme").alias("scheme"))
    )
    return profiles.select(list(PROFILES)).collect()


def _present(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then(text)
