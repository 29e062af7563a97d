"""Writes the tables of ``docs/runbook.md`` that only repeat code: alarms, fixes, limits (``make docs``).

A table between two markers is made anew; all other text is people's. A test compares, so a limit, an alarm
or a mode that changes without its page is found out.
"""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from infra import chapters, settings
from infra.alarm import Alarm
from infra.environment import Environment, load
from runbook.aws import Aws
from runbook.clock import SystemClock
from runbook.explains import EXPLAINS, NO_DEPLOYMENT_WHILE, TOLD, TOLD_OF
from runbook.gate import Fix
from runbook.limits import Limits
from runbook.scenario import Kit
from runbook.settings import VARIABLE, build
from runbook.settings import load as load_settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "runbook.md"
BLOCK = re.compile(r"(<!-- make docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
FOR_ALL = (
    "runbook/explains.py", "runbook/gate.py", "runbook/limits.py", "runbook/rules.py",
    "runbook/fixes/target.py",
)  # fmt: skip
"""Where the numbers are that hold for every scenario; those of the fixes come on top."""

UNITS = {
    "minutes": "min", "days": "days", "percent": "%", "mib": "MiB", "factor": "times",
    "connections": "connections", "limit": "connections", "requests": "requests", "errors": "errors",
    "crashes": "crashes", "stops": "stops", "probes": "probes", "good": "messages", "task": "messages",
    "resource": "fixes", "environment": "fixes", "lines": "lines",
}  # fmt: skip
"""By the last word of a limit's name; a new one needs its word here."""
OWN = {
    "memory_cap_mib": "`memory_cap_mib` in `[backend]`",
    "connection_limit": "`max_connections` less `reserved` in `[database]`",
    "connections": "`max_connections` less `reserved` in `[database]`",
    "queue_depth_good": "`queue_depth` in `[alarms]`",
    "held_per_task": "`concurrency` x (1 + `prefetch`) in `[worker]`",
}
"""Where a limit without a default comes from."""
SIDES = {"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}
SILENCE = {"missing": "not counted", "breaching": "bad", "notBreaching": "good"}


class _Silent(Aws):
    """Wires a function without a client: nothing is asked here."""

    def reader(self, service: str) -> Any:
        """Return no client."""
        del service

    fixer = reader


def kit_of(environment: Environment, scenario: str) -> Kit[Any]:
    """Return a scenario as the deployed function wires it, with the settings that the stack gives it."""
    told = settings.variables(scenario, chapters.SCENARIOS[scenario].spec(environment).settings)
    kind = importlib.import_module(f"{scenario}.settings").Settings
    wire: Callable[..., Kit[Any]] = importlib.import_module(f"{scenario}.wiring").wire
    return wire(load_settings(kind, {VARIABLE: told[VARIABLE]}), _Silent(""), SystemClock())


def blocks(environment: Environment) -> dict[str, str]:
    """Return what stands between the markers, by the markers' names."""
    found = {"every_scenario": _joined(_for_all(environment))}
    for scenario in chapters.SCENARIOS:
        found[scenario] = _joined(_of(environment, scenario))
    for name, overrides in environment.limits:
        if name not in ("gate", *chapters.SCENARIOS):
            kind = importlib.import_module(f"{name}.limits").Limits
            found[name] = _joined(iter([_limits(build(kind, overrides, name), name)]))
    return found


def written(page: str, environment: Environment) -> str:
    """Return the page with its tables made anew.

    Raises:
        KeyError: a marker's name is not known.
    """
    made = blocks(environment)
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}{found[3]}", page)


def _joined(tables: Iterator[Sequence[str]]) -> str:
    return "\n" + "\n\n".join("\n".join(table) for table in tables) + "\n\n"


def _table(header: Sequence[str], rows: Iterator[Sequence[str]]) -> Sequence[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _for_all(environment: Environment) -> Iterator[Sequence[str]]:
    limits = Limits(**environment.limits.gate)
    yield _limits(limits, "gate")
    yield _table(
        (
            "while this is open",
            "fixes of this wait",
            "at the most",
            "and its pages, once that has paged",
        ),
        (
            (
                f"`{one}`",
                f"`{other}`",
                _shown(lasts),
                _shown(TOLD) if pair in TOLD_OF else "at once",
            )
            for pair, lasts in EXPLAINS.items()
            for one, other in [pair]
        ),
    )
    yield [f"While `{NO_DEPLOYMENT_WHILE}` is open, nothing is deployed but what is taken back."]
    kits = [kit_of(environment, one) for one in chapters.SCENARIOS]
    fixes = {inspect.getfile(type(one)) for kit in kits for one in kit.scenario.fixes.values()}
    files = [*(ROOT / "functions" / one for one in FOR_ALL), *map(Path, sorted(fixes))]
    yield _table(("fixed in the code", "is", "why"), (row for one in files for row in _fixed(one)))


def _of(environment: Environment, scenario: str) -> Iterator[Sequence[str]]:
    kit = kit_of(environment, scenario)
    yield _alarms(chapters.SCENARIOS[scenario].alarms(environment))
    fixes = list(kit.scenario.fixes.values())
    if fixes:
        modes = environment.modes.model_dump()
        yield _table(
            ("fix", "mode", "of", "settles within", "undo", "kept until decided"),
            (_fix(one, fixes, modes) for one in fixes),
        )
    decide: Any = kit.scenario.decide
    yield _limits(decide.keywords["limits"], scenario)
    files = sorted((ROOT / "functions" / scenario).glob("*.py"))
    rows = [row for one in files for row in _fixed(one)]
    rows += _fixed(ROOT / "infra" / "chapters" / f"{scenario}.py")
    if rows:
        yield _table(("fixed in the code", "is", "why"), iter(rows))


def _alarms(alarms: Sequence[Alarm]) -> Sequence[str]:
    twins = {one.twin_of: one for one in alarms if one.twin_of}

    def row(one: Alarm) -> Sequence[str]:
        slow = None if one.passing else twins[f"{one.group}/{one.id}"]
        measured = one.math.expression if one.math else f"{one.statistic} {one.metric}"
        return (
            f"`{one.group}/{one.id}`",
            f"`{measured}` {SIDES[one.comparison]} {one.threshold:g}",
            f"{one.datapoints} of {one.of} min",
            SILENCE[one.missing],
            f"{slow.datapoints} of {slow.of} min; silence is {SILENCE[slow.missing]}"
            if slow
            else "never: it tells of a moment",
        )

    header = ("alarm", "bad is, a minute", "for", "silence is", "second path pages after")
    return _table(header, (row(one) for one in alarms if not one.twin_of))


def _fix(fix: Fix, fixes: Sequence[Fix], modes: Mapping[str, str]) -> Sequence[str]:
    """Return one fix's row; an undo is a kind of the fix that it takes back, and asks for no mode."""
    undone = [one.name for one in fixes if _takes_back(fix, one)]
    return (
        f"`{fix.name}`",
        "none asked" if undone else f"`{fix.mode_key}` {modes[fix.mode_key]}",
        f"`{fix.resource}`",
        _shown(fix.holds),
        f"it takes `{undone[0]}` back" if undone else fix.undo.replace("<", "\\<"),
        _shown(fix.keep) if fix.keep else "it may stay",
    )


def _takes_back(fix: Fix, other: Fix) -> bool:
    return type(fix).__mro__[1] is type(other) and fix.resource == other.resource


def _limits(limits: Any, section: str) -> Sequence[str]:
    meant = _meanings(type(limits))

    def row(one: Any) -> Sequence[str]:
        default = OWN[one.name] if one.default is MISSING else f"{one.default:g}"
        unit = UNITS[one.name.rsplit("_", 1)[-1]]
        value = f"{getattr(limits, one.name):g}"
        return (f"`limits.{section}.{one.name}`", value, unit, default, meant[one.name])

    header = ("limit, by its key", "here", "unit", "default", "what, and why")
    return _table(header, (row(one) for one in fields(limits)))


def _meanings(kind: type) -> dict[str, str]:
    """Return what the docstring says of each attribute.

    Raises:
        KeyError: a limit has no sentence.
    """
    text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[2]
    entries = re.findall(r"^    (\w+): (.+(?:\n {8,}.+)*)", text, re.MULTILINE)
    found = {name: _line(said) for name, said in entries}
    return {one.name: found[one.name] for one in fields(kind)}


def _line(text: str) -> str:
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def _fixed(file: Path) -> list[Sequence[str]]:
    """Return the numbers and spans of a module that a sentence stands under."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    said = {_constant(node): _said(after) for node, after in pairwise(body)}
    named = {name: why for name, why in said.items() if name and why}
    if not named:
        return []
    root = ROOT / "functions" if file.is_relative_to(ROOT / "functions") else ROOT
    module = importlib.import_module(".".join(file.relative_to(root).with_suffix("").parts))
    return [
        (f"`{file.stem}.{name}`", _shown(getattr(module, name)), _line(why))
        for name, why in named.items()
        if isinstance(getattr(module, name), int | float | timedelta)
    ]


def _constant(node: ast.stmt) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else ""


def _said(node: ast.stmt) -> str:
    found = node.value if isinstance(node, ast.Expr) else None
    return str(found.value) if isinstance(found, ast.Constant) else ""


def _shown(value: float | timedelta) -> str:
    if not isinstance(value, timedelta):
        return f"{value:g}"
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        count, rest = divmod(value.total_seconds(), size)
        if count >= 2 and not rest:  # a day is 24 h, and a minute 60 s
            return f"{count:g} {unit}"
    return f"{value.total_seconds():g} s"


def main(environment: str) -> None:
    """Write the page with an environment's numbers."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(page, load(environment)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
