"""The merge rules of OCDS 1.1 and 1.0, and the choice between them for the releases of a process. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

Keys = tuple[str, ...]
Tree = dict[str, Any]  # key → rules of its members; None for an array that is replaced as a whole


class Rules(NamedTuple):
    """Paths of the arrays that a later release replaces as a whole; other arrays of objects merge by `id`."""

    version: str
    replaced: frozenset[Keys]


def _rules(version: str, paths: str) -> Rules:
    return Rules(version, frozenset(tuple(path.split("/")) for path in paths.split()))


# From the release schemas 1.1.5 and 1.0.3 (Apache-2.0), by ocdsmerge's get_merge_rules: arrays marked wholeListMerge
# (1.0: mergeStrategy ocdsVersion), of scalars, or of objects without an id. Organisations of 1.0 have no id.
OCDS_1_1 = _rules(
    "1.1",
    """
awards/amendment/changes awards/amendments/changes awards/items/additionalClassifications
awards/suppliers/additionalIdentifiers buyer/additionalIdentifiers contracts/amendment/changes
contracts/amendments/changes
contracts/implementation/transactions/payee/additionalIdentifiers
contracts/implementation/transactions/payer/additionalIdentifiers contracts/items/additionalClassifications
contracts/relatedProcesses/relationship parties/additionalIdentifiers parties/roles relatedProcesses/relationship
tender/additionalProcurementCategories
tender/amendment/changes tender/amendments/changes tender/items/additionalClassifications
tender/procuringEntity/additionalIdentifiers
tender/submissionMethod tender/tenderers/additionalIdentifiers
""",
)
OCDS_1_0 = _rules(
    "1.0",
    """
awards/amendment/changes awards/items/additionalClassifications awards/suppliers buyer/additionalIdentifiers
contracts/amendment/changes contracts/items/additionalClassifications tender/amendment/changes
tender/items/additionalClassifications
tender/procuringEntity/additionalIdentifiers tender/submissionMethod tender/tenderers
""",
)


def rules_of(releases: Sequence[dict[str, Any]], packages: Sequence[str | None]) -> Rules:
    """The rules of OCDS 1.0 if the releases of a process are of 1.0, else of 1.1; `packages` is package metadata as
    JSON.

    Releases of 1.0 have no `parties` and no package of a later version; and their packages have version 1.0 or, if none
    has a version, a list of tenderers or suppliers has organisations without an id.
    """
    if any(release.get("parties") for release in releases):
        return OCDS_1_1
    versions = {version_of(package) for package in packages} - {""}
    if versions:
        return OCDS_1_0 if versions == {"1.0"} else OCDS_1_1
    return OCDS_1_0 if any(_embeds_organizations(release) for release in releases) else OCDS_1_1


@lru_cache(maxsize=256)
def version_of(package: str | None) -> str:
    """The OCDS version in the metadata of a package, such as "1.0"; "" if there is none."""
    version = orjson.loads(package).get("version") if package else None
    parts = (
        str(version).strip().split(".")
        if isinstance(version, str | int | float) and not isinstance(version, bool)
        else []
    )
    return ".".join((*parts, "0")[:2]) if parts and parts[0] else ""


def _embeds_organizations(release: dict[str, Any]) -> bool:
    lists = [
        (release.get("tender") or {}).get("tenderers"),
        *(award.get("suppliers") for award in release.get("awards") or ()),
    ]
    return any(not organization.get("id") for organizations in lists for organization in organizations or ())


@lru_cache(maxsize=2)
def tree(rules: Rules) -> Tree:
    """The rules as a tree by key, for walks over releases."""
    root: Tree = {}
    for *above, last in rules.replaced:
        holder = root
        for name in above:
            holder = holder.setdefault(name, {})
        holder[last] = None
    return root
