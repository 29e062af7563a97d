import ast
import gc
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbook import coldstart

HANDLERS = sorted(Path(coldstart.__file__).parents[1].glob("*/handler.py"))


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_the_collector_rests_from_the_import_until_init_is_over() -> None:
    importlib.reload(coldstart)
    resting = not gc.isenabled()

    coldstart.over()

    assert resting
    assert gc.isenabled()


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_every_handler_begins_and_ends_its_init_with_it(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body

    init = [one for one in body if not isinstance(one, ast.FunctionDef)]

    assert ast.unparse(init[1]) == "from runbook import coldstart"
    assert ast.unparse(init[-1]) == "coldstart.over()"
