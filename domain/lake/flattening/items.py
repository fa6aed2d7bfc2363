"""The items of tenders, awards and contracts: their classifications and the place of their delivery. Pure."""

import polars as pl


def flat_items(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of silver `item`, of rows whose column `items` holds one item each, beside the keys of its parent; in order."""
    rows = rows.with_row_index("row")
    item = pl.col("items").struct
    # An item that names its codes as additional classifications only is classified by the first of them.
    extra = item.field("additionalClassifications").list.first()
    first = pl.when(item.field("classification").struct.field("id").is_not_null()).then(item.field("classification")).otherwise(extra)
    flat = rows.select(
        "row",
        "silver_batch",
        "ocid",
        "level",
        "parent_position",
        "parent_id",
        "position",
        item.field("id").alias("item_id"),
        item.field("description"),
        first.struct.field("scheme").alias("classification_scheme"),
        first.struct.field("id").alias("classification_id"),
        first.struct.field("description").alias("classification_description"),
        item.field("quantity"),
        item.field("unit").struct.field("name").alias("unit"),
        item.field("unit").struct.field("value").struct.field("amount").alias("unit_amount"),
        item.field("unit").struct.field("value").struct.field("currency").alias("unit_currency"),
    )
    flat = flat.join(_places(rows), on="row", how="left", maintain_order="left").join(_codes(rows), on="row", how="left", maintain_order="left")
    return flat.drop("row").with_columns(pl.col("codes").fill_null([])).sort("ocid", "level", "parent_position", "position", maintain_order=True)


def _of_items(rows: pl.DataFrame, one: str, many: str) -> pl.DataFrame:
    """`row` and the fields of each object that an item has under `one`, then of those under `many`.

    Taken apart and put together again by row: an expression inside of each list costs thirty times as much.
    """
    alone = rows.select("row", pl.col("items").struct.field(one).alias("part"))
    listed = rows.select("row", pl.col("items").struct.field(many).alias("part")).filter(pl.col("part").list.len() > 0).explode("part")
    return pl.concat([alone, listed]).unnest("part")


def _codes(rows: pl.DataFrame) -> pl.DataFrame:
    """`row` and `codes` of the items that have any."""
    coded = _of_items(rows, "classification", "additionalClassifications").drop_nulls("id")
    codes = coded.select("row", pl.concat_str([pl.col("scheme").fill_null(""), "id"], separator=":").str.strip_prefix(":").alias("codes"))
    return codes.unique(keep="first", maintain_order=True).group_by("row").agg("codes")


def _places(rows: pl.DataFrame) -> pl.DataFrame:
    """`row`, country, region and locality of the first address that says any of them: parts of different addresses make no place."""
    said = pl.any_horizontal(pl.col("countryName", "country", "region", "locality").is_not_null())
    first = _of_items(rows, "deliveryAddress", "deliveryAddresses").filter(said).unique("row", keep="first", maintain_order=True)
    return first.select("row", pl.coalesce("countryName", "country").alias("country"), "region", "locality")
