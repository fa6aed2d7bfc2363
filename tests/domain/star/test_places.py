"""Countries and regions as codes."""

import polars as pl
import pytest

from domain.star.places import with_place_codes


@pytest.mark.parametrize(
    ("country", "region", "codes"),
    [
        ("GB", None, ("GB", None)),
        ("gbr", None, ("GB", None)),
        ("UNITED KINGDOM", "London", ("GB", "UKI")),
        ("UK", "Yorkshire and the Humber", ("GB", "UKE")),
        ("ENG", "England", ("GB", None)),
        ("England", "UKC", ("GB", "UKC")),
        ("Northern Ireland", None, ("GB", None)),
        (None, "UKM82", ("GB", "UKM82")),
        (None, "UK", ("GB", None)),
        (None, "TLM82", ("GB", "TLM82")),
        (None, "London", (None, None)),
        ("Canada", "London", ("CA", None)),
        ("Ελλάδα", "EL30", ("GR", "EL30")),
        (None, "EL301", ("GR", "EL301")),
        ("Deutschland", "DE111 - Stuttgart", ("DE", "DE111")),
        (None, "DEA1A", ("DE", "DEA1A")),
        (None, "FI1B1", ("FI", "FI1B1")),
        (None, "ITC", ("IT", "ITC")),
        ("México", "Jalisco", ("MX", None)),
        ("Côte d\u2019Ivoire", None, ("CI", None)),
        ("Paraguay", "BERNE", ("PY", None)),
        (None, "DELHI", (None, None)),
        (None, "ESP", (None, None)),
        ("Isle of Man", None, ("IM", None)),
        ("Europe", None, (None, None)),
        ("Rest of the World", None, (None, None)),
        ("Channel Islands", None, (None, None)),
        ("", "", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_texts_of_publishers_become_codes(
    country: str | None, region: str | None, codes: tuple[str | None, str | None]
) -> None:
    schema = {"country": pl.String, "region": pl.String}
    made = with_place_codes(pl.DataFrame([(country, region)], schema=schema, orient="row"))
    assert made.columns == ["country", "region", "country_code", "region_code"]
    assert made.row(0) == (country, region, *codes)
