"""Queries and writes of data quality: assessments of processes, their notes, and totals by source."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, and_, delete, false, func, or_, select

from domain.quality.assessment import ASSESSED
from domain.quality.duplicates import GROUPS
from domain.quality.totals import NOTES, TOTALS
from domain.quality.write_plan import QualityPlan
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.star.quality_tables import FactNote, ProcessQuality, QualityTotal
from infrastructure.warehouse.star.tables import FactProcess

NOTE, PROCESS, TOTAL, FACT = table(FactNote), table(ProcessQuality), table(QualityTotal), table(FactProcess)
PAGE_PROCESSES = 20_000


class QualityRepository(Repository):
    """The tables process_quality and quality_total, and notes by code."""

    def assessments(self, process_keys: Iterable[int]) -> pl.DataFrame:
        """The assessments (ASSESSED) of these processes."""
        return self.read_frame(_assessments(), ASSESSED, (PROCESS.c.process_key, process_keys))

    def assessment_pages(self) -> Iterator[pl.DataFrame]:
        """The assessments of all processes, in pages."""
        after = -1
        while True:
            query = _assessments().where(PROCESS.c.process_key > after).order_by(PROCESS.c.process_key)
            page = self.read_frame(query.limit(PAGE_PROCESSES), ASSESSED)
            if not page.height:
                return
            yield page
            after = int(page["process_key"][-1])

    def notes(self, process_keys: Iterable[int]) -> pl.DataFrame:
        """The notes (NOTES) of these processes."""
        return self.read_frame(select(NOTE.c.process_key, NOTE.c.code), NOTES, (NOTE.c.process_key, process_keys))

    def groups(self, likenesses: Iterable[int]) -> pl.DataFrame:
        """The numbers of processes that are alike (GROUPS), by source."""
        query = select(PROCESS.c.likeness, PROCESS.c.source, func.count())
        grouped = query.group_by(PROCESS.c.likeness, PROCESS.c.source)
        return self.read_frame(grouped, GROUPS, (PROCESS.c.likeness, likenesses))

    def totals(self, sources: Sequence[str] | None = None) -> pl.DataFrame:
        """The totals (TOTALS) of these sources, or of all."""
        query = select(*[TOTAL.c[name] for name in TOTALS])
        return self.read_frame(query, TOTALS, None if sources is None else (TOTAL.c.source, sources))

    def like(self, likeness: int, limit: int) -> list[str]:
        """The ocids of processes with this likeness."""
        joined = select(FACT.c.ocid).join(PROCESS, PROCESS.c.process_key == FACT.c.process_key)
        query = joined.where(PROCESS.c.likeness == likeness).order_by(FACT.c.ocid).limit(limit)
        return list(self.connection.execute(query).scalars())

    def examples(self, code: str, sources: Sequence[str], limit: int) -> list[str]:
        """The first ocids, of these sources or of all, with a note of this code."""
        query = select(NOTE.c.ocid).distinct().where(NOTE.c.code == code, _of_sources(NOTE.c.ocid, sources))
        return list(self.connection.execute(query.order_by(NOTE.c.ocid).limit(limit)).scalars())

    def duplicates(self, sources: Sequence[str], limit: int) -> list[str]:
        """Ocids, of these sources or of all, of processes that are like another one; those of a group together."""
        alike = select(PROCESS.c.likeness).where(PROCESS.c.likeness.is_not(None)).group_by(PROCESS.c.likeness)
        groups = alike.having(func.count() > 1).order_by(PROCESS.c.likeness)
        if not sources:
            groups = groups.limit(limit)
        query = (
            select(FACT.c.ocid)
            .join(PROCESS, PROCESS.c.process_key == FACT.c.process_key)
            .where(PROCESS.c.likeness.in_(groups), _of_sources(FACT.c.ocid, sources))
            .order_by(PROCESS.c.likeness, FACT.c.ocid)
            .limit(limit)
        )
        return list(self.connection.execute(query).scalars())

    def write(self, existing: Sequence[int], plan: QualityPlan) -> None:
        """Replace the assessments of the `existing` processes, and the totals that change."""
        self.delete_among(PROCESS.c.process_key, existing)
        self.insert_frame(PROCESS, plan.processes)
        gone = plan.totalled.join(plan.totals, on=plan.totalled.columns, how="anti")
        for source, kind, code in gone.iter_rows():
            where = (TOTAL.c.source == source, TOTAL.c.kind == kind, TOTAL.c.code == code)
            self.connection.execute(delete(TOTAL).where(*where))
        self.put_frame(TOTAL, plan.totals, plan.totalled.columns, ["applicable", "failed", "occurrences"])

    def replace_totals(self, totals: pl.DataFrame) -> None:
        """Replace all totals."""
        self.connection.execute(delete(TOTAL))
        self.insert_frame(TOTAL, totals)


def _assessments() -> Select[Any]:
    return select(*[PROCESS.c[name] for name in ASSESSED])


def _of_sources(ocid: ColumnElement[str], sources: Sequence[str]) -> ColumnElement[bool]:
    """Whether the ocid begins with one of these prefixes; true without any."""
    after_hyphen = chr(ord("-") + 1)
    ranges = [and_(ocid >= f"{source}-", ocid < f"{source}{after_hyphen}") for source in sources]
    return or_(*ranges) if ranges else ~false()
