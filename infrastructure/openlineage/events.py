"""Builds OpenLineage events about runs of stages, with the schemas and the column lineage of what they wrote."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from domain.lineage.stage_datasets import NO_DATA, InputColumn, OutputColumn, StageDatasets, stage_datasets
from infrastructure.openlineage.dataset_names import DatasetNames
from services.ports.stage_events import StageRun

PRODUCER = "https://pypi.org/project/tenderlake"
Columns = Mapping[str, Iterable[tuple[str, str]]]


class EventType(StrEnum):
    """States of a run, as OpenLineage names them."""

    START = "START"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"


class EventBuilder:
    """Builds events. `gold` reads (column, type) of the tables of the star; it is called at the first event."""

    def __init__(self, namespace: str, names: DatasetNames, gold: Callable[[], Columns]) -> None:
        self._namespace, self._names, self._gold = namespace, names, gold
        self._columns: Columns | None = None
        self._outputs: dict[str, list[Any]] = {}

    def knows(self, stage: str) -> bool:
        """Whether the stage moves data."""
        return stage not in NO_DATA

    def event(self, run: StageRun, state: EventType, reason: str | None) -> Any:
        """The event; only COMPLETE describes the columns, so that the others stay small."""
        # imported here: half a second, and only where events are on
        from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
        from openlineage.client.facet_v2 import error_message_run, job_type_job

        datasets = self._datasets(run.stage)
        facets: dict[str, Any] = {}
        if reason is not None:
            facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
                message=reason, programmingLanguage="python"
            )
        named = [self._names.of(name) for name in datasets.outputs]
        small = [OutputDataset(namespace=namespace, name=name) for namespace, name in named]
        kind = job_type_job.JobTypeJobFacet(processingType="BATCH", integration="TENDERLAKE", jobType="STAGE")
        return RunEvent(
            eventType=RunState[state],
            eventTime=(run.started_at if state is EventType.START else datetime.now(UTC)).isoformat(),
            run=Run(runId=str(run.id), facets=facets | {"tenderlake": self._facet(run)}),
            job=Job(namespace=self._namespace, name=run.stage, facets={"jobType": kind}),
            inputs=[InputDataset(*self._names.of(name)) for name in datasets.inputs],
            outputs=self._described(run.stage, datasets) if state is EventType.COMPLETE else small,
            producer=PRODUCER,
        )

    def _datasets(self, stage: str) -> StageDatasets:
        if self._columns is None:
            self._columns = self._gold()
        return stage_datasets(stage, self._columns)

    def _facet(self, run: StageRun) -> Any:
        """Where in the log the run began; a custom facet."""
        from openlineage.client.facet_v2 import RunFacet

        place = {"seq": run.seq, "silverBatch": run.silver_batch, "jobId": run.job_id, "attempt": run.attempt}
        return RunFacet().with_additional_properties(
            **{key: value for key, value in place.items() if value is not None}
        )

    def _described(self, stage: str, datasets: StageDatasets) -> list[Any]:
        """The outputs with their schemas and column lineage, built once."""
        from openlineage.client.event_v2 import OutputDataset

        if stage not in self._outputs:
            self._outputs[stage] = [
                OutputDataset(*self._names.of(name), facets=self._facets(columns) if columns else {})
                for name, columns in datasets.outputs.items()
            ]
        return self._outputs[stage]

    def _facets(self, columns: Iterable[OutputColumn]) -> dict[str, Any]:
        from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset

        fields = [schema_dataset.SchemaDatasetFacetFields(name=one.name, type=one.type) for one in columns]
        lineage = {
            one.name: column_lineage_dataset.Fields(inputFields=[self._input(source) for source in one.inputs])
            for one in columns
            if one.inputs
        }
        facets: dict[str, Any] = {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)}
        if lineage:
            facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(fields=lineage)
        return facets

    def _input(self, source: InputColumn) -> Any:
        from openlineage.client.facet_v2 import column_lineage_dataset as facet

        namespace, name = self._names.of(source.dataset)
        step = facet.Transformation(type="DIRECT", subtype="TRANSFORMATION", description=source.path)
        return facet.InputField(namespace=namespace, name=name, field=source.column, transformations=[step])
