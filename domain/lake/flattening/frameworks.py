"""Whether a process sets up a framework agreement: its values are ceilings of what may be ordered, not spend. Pure.

Conservative: the techniques of the tender (OCDS for the EU, publishers of the United Kingdom) or the whole of
procurementMethodDetails must say so. An order under a framework, which is spend, says neither.
"""

from typing import Any

import polars as pl

DETAILS = (
    r"(?i)^\s*((establish(ment|ing)|setting up|conclusion)( of)?( an?| the)? )?framework( agreements?| contracts?)?\s*$"
)


def sets_up_framework(tender: Any) -> pl.Expr:
    """Whether the tender (a struct's namespace) sets up a framework agreement; false where nothing says so."""
    techniques = tender.field("techniques").struct
    stated = techniques.field("hasFrameworkAgreement")
    described = techniques.field("frameworkAgreement").is_not_null()
    details = tender.field("procurementMethodDetails").str.contains(DETAILS)
    return pl.coalesce(stated, pl.any_horizontal(described, details).fill_null(value=False))
