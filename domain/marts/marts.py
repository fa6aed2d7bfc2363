"""The marts that clients read: what each answers, its grain, its order and its columns. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

WORTH = {
    "awards_without_amount": "those of them without a known amount in the base currency, which `amount_base` lacks",
    "amount_base": "their worth in the base currency; null where no amount is known",
}
BUYER = {"buyer_id": "the buyer's id; `unknown` for processes without a buyer"}
AWARD_YEAR = {"year": "the year of the award, in UTC; null for awards without a date"}


@dataclass(frozen=True)
class Mart:
    """A mart by its readable name. `sort`: the order of its list. `columns`: each column with its description."""

    name: str
    table: str
    description: str
    grain: str
    sort: str
    columns: Mapping[str, str]


_ALL = (
    Mart(
        "spend",
        "mart_spend",
        "What each buyer awarded in each month",
        "a buyer and month of award",
        "buyer_id,month",
        {
            **BUYER,
            **AWARD_YEAR,
            "month": "the month of the award, such as 2024-03, in UTC; null for awards without a date",
            "processes": "contracting processes with such an award; one with awards in two months counts in both",
            "awards": "awards that are active or have no status",
            **WORTH,
        },
    ),
    Mart(
        "concentration",
        "mart_concentration",
        "How concentrated each buyer's suppliers are in each year",
        "a buyer and year of award; the unknown buyer, which is many, has no row",
        "buyer_id,year",
        {
            "buyer_id": "the buyer's id",
            **AWARD_YEAR,
            "awards": "awards that are active or have no status; a joint award counts for each of its suppliers",
            **WORTH,
            "awards_without_supplier": "those of the awards that name no supplier; they count in no share",
            "suppliers": "different suppliers",
            "new_entrants": "suppliers whose first award from this buyer is of this year",
            "top_supplier_id": "the supplier with the largest amount, or else the most awards",
            "top_share": "its share of the known amounts, from 0 to 1; null where no amount is known",
            "top_share_of_awards": "its share of the awards",
            "hhi": "Herfindahl-Hirschman index: the sum of the squared shares of the known amounts, 1 for one supplier "
            "(times 10,000 on the scale of competition authorities); null where no amount is known",
            "hhi_of_awards": "the same of the shares of awards",
        },
    ),
    Mart(
        "market",
        "mart_market",
        "Who bought and sold what, where: awards by CPV division and region",
        "a CPV division, country, region and year of award",
        "division,country,region,year",
        {
            "division": "the first two digits of the process's CPV code; null where it has none",
            "country": "the country of delivery of the process",
            "region": "the region of delivery of the process",
            **AWARD_YEAR,
            "awards": "awards that are active or have no status",
            **WORTH,
            "buyers": "different buyers, without the unknown one",
            "suppliers": "different suppliers, without the unknown one",
        },
    ),
    Mart(
        "competition",
        "mart_competition",
        "How many bid, how often only one, and how long tenders were open",
        "a buyer, procurement method and year of tender",
        "buyer_id,method,year",
        {
            **BUYER,
            "method": "the procurement method: open, selective, limited, direct; null where none is published",
            "year": "the year in which the tender opened, or else was first published, in UTC",
            "tenders": "contracting processes",
            "cancelled_tenders": "those of them that were cancelled or withdrawn; they count in no figure below",
            "tenders_with_bidders": "tenders whose number of tenderers is published",
            "bidders": "the sum of these numbers",
            "bidders_per_tender": "their mean; null where none is published",
            "single_bid_tenders": "tenders with exactly one tenderer",
            "single_bid_rate": "their share of `tenders_with_bidders`, from 0 to 1; null where none is published",
            "tenders_with_period": "tenders whose period has a start and a later end",
            "days_open": "the mean length of these periods in days; null where there is none",
        },
    ),
    Mart(
        "red-flags",
        "mart_red_flag",
        "Results of the red-flag indicators: signals to look into, not accusations",
        "an indicator, buyer, source and year",
        "indicator,buyer_id,year",
        {
            "indicator": "the indicator's code, such as R018",
            **BUYER,
            "year": "the year of the process; null where it has no date, and for results of organisations",
            "flagged": "results that are flagged",
            "not_flagged": "results that are not flagged",
            "not_computable": "results that could not be computed, as an input is missing",
        },
    ),
    Mart(
        "relations",
        "mart_relation",
        "Which buyers awarded to which suppliers",
        "a buyer and supplier",
        "buyer_id,supplier_id",
        {
            **BUYER,
            "supplier_id": "the supplier's id; `unknown` for awards that name none",
            "awards": "awards that are active or have no status; a joint award counts for each of its suppliers",
            "awards_without_amount": WORTH["awards_without_amount"],
            "amount_base": "the supplier's equal shares of their worth in the base currency; null where none is known",
            "first_award": "the day of the first of these awards, in UTC",
            "last_award": "the day of the last one",
        },
    ),
)
MARTS: Mapping[str, Mart] = {mart.name: mart for mart in _ALL}
TABLES = (*(mart.table for mart in _ALL), "mart_relation_day", "mart_market_member")
