"""Imports follow the layers, adapters are composed in one place, and imports have no side effects."""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("api", "workers", "cli", "services", "domain", "infrastructure", "seeds")
# Modules for composition and start, which the outer layers may import from infrastructure.
COMPOSITION = {
    "infrastructure.bootstrap",
    "infrastructure.settings",
    "infrastructure.logging",
    "infrastructure.system",
    "infrastructure.scratch_installation",
    "infrastructure.backup",
    "infrastructure.queue",
    "infrastructure.warehouse.migrate",
}
# What infrastructure holds beside families of adapters.
NO_ADAPTERS = {"system", "settings", "logging", "bootstrap", "scratch_installation", "backup"}
ADAPTERS = {path.stem for path in (ROOT / "infrastructure").iterdir() if not path.stem.startswith("_")} - NO_ADAPTERS
# The direction inside each layer: a package imports only packages before it. `formats` reads PDFs through `pdf`.
DIRECTION = {
    "domain": "shared raw_records document_files ocds catalog lake exchange_rates jobs pipeline reference_data "
    "quality star red_flags organizations exports marts search lineage saved_searches tables validation webhooks users "
    "maintenance",
    "services": "ports shared webhooks jobs uploads raw_records lake exchange_rates star organizations exports marts "
    "lineage quality catalog search saved_searches users pipeline maintenance",
    # A stage knows those that it wakes.
    "services.pipeline": "set_aside stage backlog marts exporting erasing embedding red_flags indexing matching "
    "publishing refining landing stages sweep",
    "infrastructure": "system pdf settings logging credentials formats files exports lake queue search embeddings "
    "exchange_rates http openlineage pipeline warehouse bootstrap scratch_installation backup",
    "infrastructure.warehouse": "column_types columns postgresql array_parameters repository webhooks ledger users "
    "exports installation search saved_searches star marts organizations lineage catalog erasure"
    " unit_of_work engine dump migrations migrate",
    "api": "limits metrics password_checks job_watcher context auth errors openapi requests responses v1 middleware "
    "health metrics_endpoint app",
}
# The launcher starts the other programs, and the API serves the bundled seeds.
OUTER = {("cli", "api"), ("cli", "workers"), ("cli", "seeds"), ("api", "seeds")}
# The recogniser of PDF files reads them, and the settings give the limits of reading.
PDF_USERS = {"infrastructure.formats.pdf.recogniser", "infrastructure.settings"}
COMPOSERS = {"infrastructure.bootstrap", "infrastructure.scratch_installation", "infrastructure.backup"}
# Libraries that the domain may use: only such that transform data in memory. `standardwebhooks` signs bytes.
PURE = {"pydantic", "polars", "orjson", "pandera", "ocdsmerge_rs", "rapidfuzz", "standardwebhooks", "typing_extensions"}
# Libraries that services may use. Drivers (sqlalchemy, httpx, redis …) belong behind ports.
SERVICE_LIBRARIES = {"pydantic", "polars", "orjson", "numpy", "loguru"}
# The homes of drivers: libraries of databases, engines, frameworks, networks and files.
DRIVERS = {
    "alembic": ("infrastructure.warehouse",),
    "cryptography": ("infrastructure.files",),
    "deltalake": ("infrastructure.lake",),
    "dramatiq": ("infrastructure.queue", "workers"),
    "fastapi": ("api",),
    "httpx": (
        "infrastructure.embeddings",
        "infrastructure.exchange_rates",
        "infrastructure.http",
        "infrastructure.search",
        "cli.load",
    ),
    "jwt": ("infrastructure.credentials",),
    "model2vec": ("infrastructure.embeddings",),
    "openlineage": ("infrastructure.openlineage",),
    "onnxruntime": ("infrastructure.embeddings",),
    "prometheus_client": ("api",),
    "psutil": ("infrastructure.pdf", "cli", "api.metrics"),
    "psycopg": ("infrastructure.warehouse",),
    "pwdlib": ("infrastructure.credentials",),
    "pymupdf": ("infrastructure.pdf", "seeds"),
    "redis": ("infrastructure.queue",),
    "sqlalchemy": ("infrastructure.warehouse", "infrastructure.scratch_installation"),
    "sqlmodel": ("infrastructure.warehouse", "infrastructure.scratch_installation"),
    "starlette": ("api",),
    "tantivy": ("infrastructure.search",),
    "tokenizers": ("infrastructure.embeddings",),
    "typesense": ("infrastructure.search",),
    "yaml": ("infrastructure.formats", "infrastructure.settings"),
}
READERS = ("read_csv", "read_parquet", "scan_", "write_", "sink_", "read_delta", "read_database")


@cache
def modules() -> list[tuple[str, Path]]:
    """All modules of the project by name."""
    paths = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]
    return [(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path) for path in paths]


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


@cache
def imports(path: Path) -> frozenset[str]:
    """The modules that a file imports, also inside functions; `from a import b` gives a.b if b is a module of the
    project.
    """
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            module = node.module or ""
            for alias in node.names:
                inner = ROOT / module.replace(".", "/") / alias.name
                yield f"{module}.{alias.name}" if inner.with_suffix(".py").exists() or inner.is_dir() else module


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def allowed(importer: str, imported: str) -> bool:
    layer, target = importer.split(".")[0], imported.split(".")[0]
    if target not in LAYERS or target == layer:
        return True
    match layer:
        case "domain" | "seeds":
            return target == "domain" and layer == "seeds"
        case "services":
            return target == "domain"
        case "infrastructure":
            return target == "domain" or within(imported, {"services.ports"}) or imported == "services.shared.clock"
        case _:
            return target in {"services", "domain"} or within(imported, COMPOSITION) or (layer, target) in OUTER


def test_imports_go_one_way() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, path in modules()
        for imported in imports(path)
        if not allowed(name, imported)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_walk_sees_imports() -> None:
    found = {
        imported
        for name, path in modules()
        if name == "services.pipeline.landing.validated_slice"
        for imported in imports(path)
    }
    assert {"domain.jobs.job", "services.ports.parts", "polars"} <= found
    assert not allowed("services.pipeline.landing.land", "infrastructure.lake.delta_lake")
    assert not allowed("domain.jobs.job", "services.ports.parts")
    assert not allowed("infrastructure.lake.delta_lake", "services.pipeline.landing.land")
    assert not allowed("api.app", "infrastructure.lake.delta_lake")


def test_no_private_name_of_a_library_is_imported() -> None:
    wrong = [
        f"{name} imports {alias.name} of {node.module}"
        for name, path in modules()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] not in LAYERS
        for alias in node.names
        if alias.name.startswith("_") or "._" in (node.module or "")
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_composition_root_sees_more_than_one_family_of_adapters() -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for name, path in modules():
        own = name.split(".")[1] if name.startswith("infrastructure.") else ""
        for imported in imports(path):
            parts = imported.split(".")
            if parts[0] == "infrastructure" and parts[1:2] and parts[1] in ADAPTERS - {own}:
                seen[name].add(parts[1])
    wrong = {
        name: families
        for name, families in seen.items()
        if name.startswith("infrastructure.")
        and name not in COMPOSERS
        and not (name in PDF_USERS and families == {"pdf"})
    }
    assert not wrong, f"adapters that know of other adapters: {wrong}"
    assert len(seen["infrastructure.bootstrap"]) == len(ADAPTERS)


def test_the_domain_is_pure() -> None:
    standard = sys.stdlib_module_names
    wrong = []
    for name, path in modules():
        if not name.startswith("domain"):
            continue
        tops = {imported.split(".")[0] for imported in imports(path)}
        wrong += [f"{name} imports {top}" for top in sorted(tops - standard - PURE - {"domain"})]
        calls = {node.attr for node in nodes(path) if isinstance(node, ast.Attribute)}
        wrong += [f"{name} calls {call}" for call in sorted(calls) if call.startswith(READERS)]
        wrong += [
            f"{name} uses {top}"
            for top in sorted(tops & {"pathlib", "socket", "sqlite3", "subprocess", "os", "shutil"})
        ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("driver", DRIVERS)
def test_each_driver_is_known_to_its_adapters_alone(driver: str) -> None:
    # The outer layers may import a driver's errors, to explain them.
    users = {
        name
        for name, path in modules()
        if any(within(imported, {driver}) and imported != f"{driver}.exc" for imported in imports(path))
    }
    assert users
    assert not [name for name in users if not name.startswith(DRIVERS[driver])]


@pytest.mark.parametrize("layer", DIRECTION)
def test_packages_of_a_layer_import_in_one_direction(layer: str) -> None:
    order = DIRECTION[layer].split()
    wrong = []
    for name, path in modules():
        own = _part(name, layer)
        if own is None:
            continue
        assert own in order, f"{name}: {layer}.{own} has no place in DIRECTION"
        for imported in imports(path):
            other = _part(imported, layer)
            if other in order and order.index(other) > order.index(own):
                wrong.append(f"{name} imports {imported}")
    assert not wrong, "\n".join(wrong)


def _part(module: str, layer: str) -> str | None:
    """The package of the layer that the module belongs to; None for modules of other layers."""
    return module.removeprefix(f"{layer}.").split(".")[0] if module.startswith(f"{layer}.") else None


def test_services_know_no_driver() -> None:
    allowed_tops = set(sys.stdlib_module_names) | SERVICE_LIBRARIES | {"services", "domain"}
    found = {
        (name, imported.split(".")[0])
        for name, path in modules()
        if name.startswith("services")
        for imported in imports(path)
    }
    assert not {(name, top) for name, top in found if top not in allowed_tops}
    assert not DRIVERS.keys() & (SERVICE_LIBRARIES | PURE)


def test_no_module_is_of_the_top_level() -> None:
    assert not list(ROOT.glob("*.py"))


QUIET = """
import sys
started = []
def hook(event, args):
    if event in ("socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "sqlite3.connect", "os.mkdir",
            "os.remove"):
        started.append((event, args))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        started.append((event, args))
sys.dont_write_bytecode = True
sys.addaudithook(hook)
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
import threading
assert not started, started
assert threading.active_count() == 1, threading.enumerate()
"""


def test_importing_connects_opens_and_starts_nothing(tmp_path: Path) -> None:
    names = [name for name, _ in modules() if "migrations" not in name and not name.endswith("__main__")]
    done = subprocess.run(
        [sys.executable, "-c", QUIET, *names],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert not list(tmp_path.iterdir())
