"""The organisations of a process: those it lists, those it only refers to, their roles and their identities. Pure."""

from dataclasses import dataclass

import polars as pl

from domain.organization import normal_name, organization_id

PLACE = ["ocid", "position"]
REFERENCE = {"id": pl.String, "name": pl.String}


@dataclass(frozen=True)
class Parties:
    """`party` and `supplier` are the silver tables; `roles` has a process's buyer and procuring entity and the buyer's place."""

    party: pl.DataFrame
    supplier: pl.DataFrame
    roles: pl.DataFrame


def parties(frame: pl.DataFrame) -> Parties:
    """The parties of decoded processes."""
    listed = _listed(frame)
    found = _placed(_matched(_with_folded(_references(frame), "name"), listed), listed)
    party = _identified(pl.concat([listed, _unlisted(found)], how="diagonal").sort(PLACE, maintain_order=True))
    roles = pl.concat([party.select(*PLACE, "roles").explode("roles").rename({"roles": "role"}), found.select(*PLACE, "role")]).drop_nulls("role")
    grouped = roles.group_by(PLACE).agg(pl.col("role").unique().sort().alias("roles"))
    party = party.drop("roles").join(grouped, on=PLACE, how="left", maintain_order="left")
    named = found.join(party.select(*PLACE, "party_id", "organization_id", party_name="name"), on=PLACE, how="left", maintain_order="left")
    supplier = named.filter(pl.col("role") == "supplier").unique(["ocid", "award_position", "organization_id"], keep="first", maintain_order=True)
    party_id, name = pl.coalesce("party_id", "id").alias("party_id"), pl.coalesce("name", "party_name").alias("name")
    supplier = supplier.select("silver_batch", "ocid", "award_position", "award_id", party_id, name, "organization_id")
    return Parties(party, supplier.sort("ocid", "award_position", maintain_order=True), _roles(frame, named, party))


def _listed(frame: pl.DataFrame) -> pl.DataFrame:
    rows = frame.select("silver_batch", "ocid", "parties").filter(pl.col("parties").list.len() > 0)
    rows = rows.with_columns(pl.int_ranges(0, pl.col("parties").list.len(), dtype=pl.Int32).alias("position")).explode("parties", "position")
    party = pl.col("parties").struct
    identifier, address, details = party.field("identifier").struct, party.field("address").struct, party.field("details").struct
    flat = rows.select(
        "silver_batch",
        "ocid",
        "position",
        _said(party.field("id")).alias("party_id"),
        pl.coalesce(_said(party.field("name")), _said(identifier.field("legalName"))).alias("name"),
        identifier.field("scheme"),
        identifier.field("id").alias("identifier"),
        identifier.field("legalName").alias("legal_name"),
        party.field("roles"),
        address.field("streetAddress").alias("street"),
        address.field("locality"),
        address.field("region"),
        address.field("postalCode").alias("postal_code"),
        pl.coalesce(_said(address.field("countryName")), address.field("country")).alias("country"),
        details.field("scale"),
        details.field("url"),
    )
    return _with_folded(flat, "name")


def _said(text: pl.Expr) -> pl.Expr:
    """The text, or null where it is blank: a name of nothing but spaces names nobody."""
    return pl.when(text.str.strip_chars() != "").then(text)


def _with_folded(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    distinct = frame[column].drop_nulls().unique()
    folded = pl.DataFrame({column: distinct, "folded": [normal_name(name) or None for name in distinct]}, schema={column: pl.String, "folded": pl.String})
    return frame.join(folded, on=column, how="left", maintain_order="left")


def _references(frame: pl.DataFrame) -> pl.DataFrame:
    """Every place that names an organisation, in order: buyer, procuring entity, tenderers, suppliers of awards."""
    tender = pl.col("tender").struct
    one = {"buyer": pl.col("buyer"), "procuringEntity": tender.field("procuringEntity")}
    none = [pl.lit(None, dtype=pl.Int32).alias("award_position"), pl.lit(None, dtype=pl.String).alias("award_id")]
    keys = ["silver_batch", "ocid"]
    found = [frame.select(*keys, *none, pl.lit(role).alias("role"), place.alias("who")) for role, place in one.items()]
    tenderers = frame.select(*keys, *none, pl.lit("tenderer").alias("role"), tender.field("tenderers").alias("who"))
    found.append(tenderers.filter(pl.col("who").list.len() > 0).explode("who"))
    awards = frame.select(*keys, "awards").filter(pl.col("awards").list.len() > 0)
    awards = awards.with_columns(pl.int_ranges(0, pl.col("awards").list.len(), dtype=pl.Int32).alias("award_position")).explode("awards", "award_position")
    award = pl.col("awards").struct
    suppliers = awards.select(
        *keys, "award_position", award.field("id").alias("award_id"), pl.lit("supplier").alias("role"), award.field("suppliers").alias("who")
    )
    found.append(suppliers.filter(pl.col("who").list.len() > 0).explode("who"))
    rows = pl.concat(found).with_columns(_said(pl.col("who").struct.field(name)).alias(name) for name in ("id", "name")).drop("who")
    return rows.filter(pl.col("id").is_not_null() | pl.col("name").is_not_null()).with_row_index("order")


def _matched(references: pl.DataFrame, party: pl.DataFrame) -> pl.DataFrame:
    """The references with the position of the party that each means: by id, else by folded name; null where there is none."""
    by_id = party.drop_nulls("party_id").unique(["ocid", "party_id"], keep="first", maintain_order=True)
    by_name = party.drop_nulls("folded").unique(["ocid", "folded"], keep="first", maintain_order=True)
    rows = references.join(
        by_id.select("ocid", pl.col("party_id").alias("id"), pl.col("position").alias("p_id")), on=["ocid", "id"], how="left", maintain_order="left"
    )
    rows = rows.join(by_name.select("ocid", "folded", pl.col("position").alias("p_name")), on=["ocid", "folded"], how="left", maintain_order="left")
    return rows.with_columns(pl.coalesce("p_id", "p_name").cast(pl.Int32).alias("position")).drop("p_id", "p_name").sort("order")


def _placed(found: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """The references with a position for those too whose organisation is not listed: numbered behind the listed ones, in order of appearance.

    They mean the same organisation where they share the folded name that comes first with their id, else the id, else the name as it stands.
    """
    of_id = pl.when(pl.col("id").is_not_null()).then(pl.col("folded").drop_nulls().first().over("ocid", "id"))
    who = pl.coalesce(of_id, "folded", pl.format("id {}", "id"), pl.format("name {}", "name"))
    missing = found.filter(pl.col("position").is_null()).drop("position").with_columns(who.alias("_who"))
    first = missing.select("ocid", "_who").unique(maintain_order=True)
    counts = listed.group_by("ocid").agg((pl.col("position").max() + 1).alias("_listed"))
    first = first.join(counts, on="ocid", how="left", maintain_order="left")
    position = (pl.col("_listed").fill_null(0) + pl.int_range(pl.len()).over("ocid")).cast(pl.Int32).alias("position")
    placed = missing.join(first.select("ocid", "_who", position), on=["ocid", "_who"], how="left", maintain_order="left").drop("_who")
    known = found.filter(pl.col("position").is_not_null()).with_columns(pl.lit(value=True).alias("listed"))
    return pl.concat([known, placed.with_columns(pl.lit(value=False).alias("listed")).select(known.columns)]).sort("order")


def _unlisted(found: pl.DataFrame) -> pl.DataFrame:
    """A party for each organisation that is named by reference only."""
    rows = found.filter(~pl.col("listed")).group_by("silver_batch", *PLACE, maintain_order=True)
    return rows.agg(pl.col("id", "name", "folded").drop_nulls().first()).rename({"id": "party_id"})


def _identified(party: pl.DataFrame) -> pl.DataFrame:
    columns = ["ocid", "scheme", "identifier", "party_id", "name"]
    return party.with_columns(pl.Series("organization_id", [organization_id(*row) for row in party.select(columns).iter_rows()], dtype=pl.String))


def _roles(frame: pl.DataFrame, named: pl.DataFrame, party: pl.DataFrame) -> pl.DataFrame:
    """ocid with buyer_*, procuring_entity_* (id, name, organization_id) and the buyer's country, region and locality."""
    rows = frame.select("ocid")
    for role, prefix in (("buyer", "buyer"), ("procuringEntity", "procuring_entity")):
        told = named.filter(pl.col("role") == role).select(*PLACE)
        listed = party.filter(pl.col("roles").list.contains(role)).select(*PLACE)
        chosen = pl.concat([told, listed]).unique("ocid", keep="first", maintain_order=True)
        who = chosen.join(party, on=PLACE, how="left", maintain_order="left")
        columns = [pl.col(old).alias(f"{prefix}_{new}") for old, new in (("party_id", "id"), ("name", "name"), ("organization_id", "organization_id"))]
        place = [pl.col(name).alias(f"buyer_{name}") for name in ("country", "region", "locality")] if role == "buyer" else []
        rows = rows.join(who.select("ocid", *columns, *place), on="ocid", how="left", maintain_order="left")
    return rows
