"""Imports go one way, reach nothing that is not in the asset, and need no network, key or environment."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
LIBRARY = "runbook"
FOLDERS = frozenset(one.parent.name for one in FUNCTIONS.glob("*/__init__.py"))
FILES = sorted(FUNCTIONS.rglob("*.py"))
PURE = [*sorted(FUNCTIONS.glob("*/decide.py")), FUNCTIONS / "runbook" / "rules.py"]
ANYWHERE = frozenset({"boto3", "botocore", "aws_lambda_powertools"})
"""What is there at run time: the runtime's own, and the wheels that are put into every asset."""
ONLY_IN = {"redis": "redis_probe", "urllib3": "runbook/checks/http.py"}
"""What one place alone speaks to the outside with; urllib3 comes with boto3."""
NEVER = frozenset({"pydantic", "aws_xray_sdk", "requests", "moto"})
"""Heavy, or a test's; Powertools would use the first two if somebody installed them."""
IMPURE = frozenset(
    {"boto3", "botocore", "aws_lambda_powertools", "logging", "os", "random", "socket", "time"}
)
CLOCKS = frozenset({"now", "utcnow", "today", "time", "monotonic"})


def name(file: Path) -> str:
    return str(file.relative_to(FUNCTIONS))


def imported(file: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names}
    return found


def packages(file: Path) -> set[str]:
    return {one.split(".")[0] for one in imported(file)}


def test_there_are_files_to_look_at() -> None:
    assert {"runbook", "worker_stuck", "patrol", "redis_probe"} <= FOLDERS
    assert FUNCTIONS / "worker_stuck" / "decide.py" in PURE


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_function_imports_the_library_and_no_other_function(file: Path) -> None:
    own = file.relative_to(FUNCTIONS).parts[0]

    others = packages(file) & (FOLDERS - {own, LIBRARY})

    assert others == set()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_nothing_imports_a_handler(file: Path) -> None:
    handlers = [one for one in imported(file) if "handler" in one.split(".")[:2]]

    assert handlers == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_imports_only_what_is_in_the_asset(file: Path) -> None:
    here = {package for package, place in ONLY_IN.items() if name(file).startswith(place)}

    foreign = packages(file) - FOLDERS - ANYWHERE - here - sys.stdlib_module_names

    assert foreign == set()


@pytest.mark.parametrize("file", PURE, ids=name)
def test_a_table_of_decisions_imports_nothing_that_touches_the_world(file: Path) -> None:
    assert packages(file) & IMPURE == set()


@pytest.mark.parametrize("file", PURE, ids=name)
def test_a_table_of_decisions_asks_no_clock(file: Path) -> None:
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    assert called & CLOCKS == set()


IMPORT_ALL = """
import importlib, json, socket, sys

def refuse(*_, **__):
    raise AssertionError("an import wants the network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
sys.path.insert(0, sys.argv[1])
failed = {}
for module in json.loads(sys.argv[2]):
    try:
        importlib.import_module(module)
    except BaseException as error:
        failed[module] = f"{type(error).__name__}: {error}"
print(json.dumps({"failed": failed, "loaded": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def imported_alone() -> dict[str, dict[str, str] | list[str]]:
    """Import every module but the handlers in a fresh process with an empty environment."""
    modules = [
        ".".join(file.relative_to(FUNCTIONS).with_suffix("").parts)
        for file in FILES
        if file.name not in ("handler.py", "__init__.py")
    ]
    done = subprocess.run(  # noqa: S603  # our own interpreter with our own code
        [sys.executable, "-I", "-c", IMPORT_ALL, str(FUNCTIONS), json.dumps(modules)],
        env={},
        capture_output=True,
        check=True,
        timeout=120,
    )
    found: dict[str, dict[str, str] | list[str]] = json.loads(done.stdout)
    return found


def test_importing_needs_no_environment_no_key_and_no_network(
    imported_alone: dict[str, dict[str, str] | list[str]],
) -> None:
    assert imported_alone["failed"] == {}


def test_nothing_heavy_comes_along(
    imported_alone: dict[str, dict[str, str] | list[str]],
) -> None:
    loaded = {one.split(".")[0] for one in imported_alone["loaded"]}

    assert loaded & NEVER == set()
    assert "runbook" in loaded
