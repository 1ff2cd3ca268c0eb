"""The import rule: who may import whom. The table is the architecture."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "reportdata"

DOMAIN = {
    "errors",
    "days",
    "coverage",
    "holidays",
    "times",
    "facts",
    "columns",
    "table_kinds",
    "choices",
    "chosen_columns",
    "headings",
    "other_tables",
    "zone_headings",
    "identifiers",
    "records",
    "plurals",
    "remarks",
    "members",
    "nested",
    "named_days",
    "split_times",
    "time_forms",
    "standing",
    "states",
    "causes",
    "json_texts",
    "kinds",
    "measures",
    "services",
    "identity",
    "links",
    "digests",
    "unnamed_rows",
    "limits",
    "settings",
    "values",
    "statistics",
}
GROUND_FLOOR = {"files", "leases", "locks", "migrations", "presence", "reserves", "sqlite", "sqlite_kinds"}
ADAPTERS = {
    "lake",
    "inbox",
    "engines",
    "store",
    "readers",
    "names",
    "certificates",
    "audit",
    "suites",
    "collector",
    "twin",
}
PROTOCOL_OF_SUITES = "reportdata.collector.suite"
"""The one module of the collector that suites know."""
MAY_IMPORT = {
    **dict.fromkeys(DOMAIN, DOMAIN),
    **dict.fromkeys(GROUND_FLOOR, DOMAIN | GROUND_FLOOR),
    **{part: DOMAIN | GROUND_FLOOR | {part} for part in ADAPTERS},
    "store": DOMAIN | GROUND_FLOOR | {"store", "inbox", "names"},  # a database holds these, too
    "pipeline": DOMAIN | GROUND_FLOOR | (ADAPTERS - {"suites"}) | {"pipeline"},
    "http": DOMAIN | {"http"},
    "web": {"web"},
    "api": DOMAIN | {"store", "http", "web", "api"},
    "cli": DOMAIN | GROUND_FLOOR | ADAPTERS | {"pipeline", "http", "api", "client", "assistants", "cli", ""},
    "client": {"client"},  # whoever asks a server needs nothing of it
    "assistants": DOMAIN | {"", "client", "http", "assistants"},
    "__main__": {"cli"},
    "": set(),
}
"""What each part may import of the others; the part without a name is the package itself."""

HEAVY = {
    "duckdb": "engines/duckdb",
    "mcp": "assistants",
    "obstore": "lake/s3",
    "psycopg": "store/postgres",
    "pyspark": "engines/spark",
}
"""Heavy packages, and the folder whose functions may import them when they are called."""

NO_IO = {"os", "pathlib", "socket", "sqlite3", "subprocess", "asyncio", "shutil", "tempfile", "urllib.request", "time"}
"""What the domain does not need, except where a file of the package is read as data."""
_DATA = {name: {"pathlib"} for name in ("services/__init__.py", "services/counting.py", "settings.py")}


MODULES = sorted(SOURCE.rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All statements, those within others too, but not what is for type checking only."""
    for node in body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        for field in ("body", "handlers", "cases", "orelse", "finalbody"):
            yield from _statements(getattr(node, field, ()))


def _part(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def _imports(path: Path, *, at_start_only: bool = False) -> Iterator[str]:
    """Names of imported modules; those for type checking only are left out."""
    body = _tree(path).body
    for node in body if at_start_only else _statements(body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (
                {node.module or ""} if node.module != "reportdata" else {f"reportdata.{a.name}" for a in node.names}
            )


@pytest.mark.whole
def test_a_module_imports_only_what_its_part_may() -> None:
    wrong = []
    for path, name in ((module, name) for module in MODULES for name in _imports(module)):
        if name == "reportdata" or name.startswith("reportdata."):
            part = name.removeprefix("reportdata").strip(".").split(".")[0]
            part = "" if part == "__version__" else part
            may = part in MAY_IMPORT[_part(path)] or (name == PROTOCOL_OF_SUITES and _part(path) == "suites")
            wrong += [] if may else [f"{path.relative_to(SOURCE)} imports {name}"]
    assert wrong == []


@pytest.mark.whole
def test_heavy_packages_are_imported_in_their_adapter_when_it_is_opened() -> None:
    wrong = []
    for path in MODULES:
        relative = str(path.relative_to(SOURCE))
        for name in _imports(path):
            folder = HEAVY.get(name.split(".")[0])
            wrong += [] if folder is None or relative.startswith(folder) else [f"{relative} imports {name}"]
        at_start = {name.split(".")[0] for name in _imports(path, at_start_only=True)}
        wrong += [f"{relative} imports {name} at its start" for name in sorted(at_start & HEAVY.keys())]
    assert wrong == []


@pytest.mark.parametrize("part", sorted(DOMAIN))
def test_the_domain_does_no_input_or_output(part: str) -> None:
    for path in MODULES:
        if _part(path) == part:
            allowed = _DATA.get(str(path.relative_to(SOURCE)), set())
            assert not (set(_imports(path)) & NO_IO) - allowed, path


def test_only_the_command_line_reads_the_environment() -> None:
    """By the options that name a variable."""
    for path in MODULES:
        if _part(path) != "cli":
            assert not re.search(r"\b(environb?|getenvb?)\b", path.read_text("utf-8")), path


@pytest.mark.whole
def test_serving_imports_nothing_that_computes() -> None:
    code = (
        "import sys; from reportdata.cli import cli; cli.get_command(None, 'serve'); import uvicorn.server; "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('duckdb', 'pandas', 'numpy', 'pyarrow') "
        "or name.startswith(('reportdata.engines', 'reportdata.pipeline', 'reportdata.lake'))))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.whole
def test_a_worker_that_collects_nothing_imports_nothing_that_sends_requests() -> None:
    code = "import sys; import reportdata.cli.working; print('urllib3' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_client_needs_urllib3_alone_and_loads_it_when_one_is_made() -> None:
    """Importing it is quick: it loads nothing but Python's own library."""
    for path in MODULES:
        if _part(path) == "client":
            others = {name.split(".")[0] for name in _imports(path)} - sys.stdlib_module_names - {"reportdata"}
            assert others <= ({"pandas", "polars"} if path.stem == "frames" else {"urllib3"}), path
    code = "import sys, site; before = set(sys.modules); import reportdata.client; print(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert loaded - sys.stdlib_module_names == {"reportdata"}
    assert {name for name in run.stdout.split() if name.startswith("reportdata.")} == {
        f"reportdata.{'.'.join(path.relative_to(SOURCE).with_suffix('').parts)}".removesuffix(".__init__")
        for path in MODULES
        if _part(path) == "client" and path.stem != "__main__"
    }


OWN = ("tests", "benchmarks", "conformance")
"""What is beside the source, and may import it."""
PROGRAMS = sorted(path for folder in OWN for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)


@pytest.mark.whole
def test_what_tests_share_is_in_their_support() -> None:
    wrong = []
    for path, name in ((program, name) for program in PROGRAMS for name in _modules_named(program)):
        folder = path.relative_to(ROOT).parts[0]
        top, *inside = name.split(".")
        if top in OWN and (top not in {"tests", folder} or (top == "tests" and inside[:1] != ["support"])):
            wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def _all_statements(node: ast.AST) -> Iterator[ast.AST]:
    """A module or a statement, and all statements within it, whatever they are for."""
    yield node
    for field in ("body", "handlers", "cases", "orelse", "finalbody"):
        for inner in getattr(node, field, ()) if not isinstance(node, ast.expr) else ():
            yield from _all_statements(inner)


def _modules_named(path: Path) -> Iterator[str]:
    """Names of modules that are imported, with all that may be one: ``from tests import api`` names ``tests.api``."""
    for node in _all_statements(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_kernel_knows_nothing_of_what_is_served() -> None:
    """Names of this project (`reportdata`, ``x-reportdata``) are no words about reports."""
    for path in (SOURCE / "http").glob("*"):
        if path.is_file():
            text = path.read_text("utf-8").lower().replace("reportdata", "")
            assert not re.findall(r"dingtalk|report(?!ed)|statdate|kpi", text), path
