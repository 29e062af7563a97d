"""The living runbook: each sentence of its source is on the page, and each name on the page exists."""

import ast
import re
import shlex
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from infra import chapters, docs, settings
from infra.environment import load
from infra.routes import rule_names

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
PROD = load("prod")
STAYS = "stays with people"
LETTERS = {
    "A": "backend_5xx",
    "B": "db_connections",
    "C": "db_unavailable",
    "D": "redis_unavailable",
    "E": "ai_provider_outage",
    "F": "worker_stuck",
}
PARTS = ("Checks", "Does", "Undoes", "Stays with you", "Stop it")
"""What each scenario's section says, in this order."""

SOURCE = {
    "N1": "degraded, erroring or down; open it first",
    "N2": "console access with the IAM permissions",
    "N3": "CLI configured for me-south-1",
    "N4": "dashboards and log groups",
    "N5": "`gh` CLI for GitHub Actions",
    "Q1": "health endpoint",
    "Q2": "ECS service status",
    "Q3": "backend logs of the last 30 min",
    "Q4": "worker logs of the last 30 min",
    "Q5": "errors only",
    "Q6": "SaaS-Prod-Overview",
    "Q7": "ECS CPU and memory",
    "Q8": "RDS connections, read and write latency",
    "Q9": "ALB 5xx count, target response time",
    "Q10": "Redis memory, evictions",
    "SA1": "5xx alarm",
    "SA2": "health check failures",
    "A1": "are tasks running",
    "A2": "crash or OOM",
    "A3": "increase task memory",
    "A4": "most recent deployment, roll back",
    "A5": "DB connection errors",
    "SB1": "too many connections",
    "SB2": "latency spike",
    "B1": "connection count",
    "B2a": "scale down",
    "B2b": "temporarily",
    "B2c": "leaking",
    "B3a": "RDS Proxy",
    "B3b": "pool_size",
    "SC1": "all DB queries fail",
    "SC2": '{"db": "error"}',
    "C1": "RDS's status",
    "C2a": "failing-over",
    "C2b": "reconnect automatically",
    "C3a": "stopped",
    "C3b": "storage-full",
    "SD1": "rate limiting",
    "SD2": "quota checks",
    "SD3": "Celery tasks",
    "D1": "ElastiCache's status",
    "D2": "failover in progress",
    "D3a": "ai_usage_log",
    "D3b": "super-admin token",
    "SE1": "AI chat",
    "SE2": "provider timeouts",
    "E1": "status page",
    "E2a": "fallback",
    "E2b": "unless prolonged",
    "E3a": "30 min: switch the provider",
    "E3b": "restart backend tasks",
    "SF1": "notifications",
    "SF2": "aggregation tasks",
    "F1": "worker logs",
    "F2": "LLEN celery",
    "F3a": "ECS task events",
    "F3b": "force a new deployment",
    "R1": "list recent task definitions",
    "R2": "previous task definition",
    "R3": "current revision",
    "R4": "downgrade one step",
    "R5": "backwards-compatible",
    "R6": "Promote to Production",
    "R7": "instant, no CLI",
    "P1": "post-mortem",
    "P2": "new scenarios",
    "P3": "alarms have to be added or adjusted",
}
"""Every step and sentence of the team's runbook, and the words by which its row is known."""

PROSE = [
    ("A", "younger than {} min", "fresh_minutes"),
    ("A", "newest version that ran {} min", "proven_minutes"),
    ("A", "*raise memory* by {} or more", "raise_factor"),
    ("A", "revert it within {} days", "raise_days"),
    ("B", "nothing below {} %", "full_percent"),
    ("B", "a page after {} min", "quiet_minutes"),
    ("B", "connections under {} %", "free_percent"),
    ("B", "% for {} min", "good_minutes"),
    ("C", "deadline {} min", "transient_minutes"),
    ("C", "does not reconnect within {} min", "reconnect_minutes"),
    ("D", "waits for the failover, {} min", "failover_minutes"),
    ("D", "more than {} min away", "failover_minutes"),
    ("D", "else after {} min it ends as", "proof_minutes"),
    ("D", "do not consume for {} min", "consume_minutes"),
    ("E", "shorter than {} min", "prolonged_minutes"),
    ("E", "admits nothing for {} min", "no_outage_minutes"),
    ("F", "the queue over {} probes", "stuck_probes"),
    ("F", "CPU is under {} %", "idle_cpu_percent"),
    ("F", "waits, up to {} min", "drain_minutes"),
]
"""Numbers that people's own sentences repeat, and the limit that each is."""

ID = re.compile(r"S?[A-Z]\d+[a-z]?")
SYMBOL = re.compile(r"`([\w/]+\.py)` `(\w+)`")
CASE = re.compile(r"`([a-z0-9_]+)/([a-z0-9_]+)`")
FENCE = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED_BY = {
    "--cluster", "--service", "--services", "--task-definition", "--family-prefix", "--function-name",
    "--name", "--secret-id", "--db-instance-identifier", "--replication-group-id",
    "--source-identifier", "tail",
}  # fmt: skip
"""What stands before a name that has to be one of the environment's."""


def _rows() -> dict[str, list[str]]:
    """Return the cells behind each id, in the page's order."""
    found: dict[str, list[str]] = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| ") and ID.fullmatch(cells[0]):
            assert cells[0] not in found, f"{cells[0]} has two rows"
            found[cells[0]] = cells[1:]
    return found


ROWS = _rows()
row = pytest.mark.parametrize("one", ROWS)


def _section(title: str) -> str:
    return re.split(r"^#+ ", PAGE.split(f"## {title}", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


@cache
def _symbols(path: str) -> frozenset[str]:
    """Return the names that a module defines at its top level."""
    names: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(names)


def _texts(value: Any) -> set[str]:
    """Return every text in the environment, however deep."""
    if isinstance(value, dict):
        return {text for one in value.values() for text in _texts(one)}
    if isinstance(value, list):
        return {text for one in value for text in _texts(one)}
    return {value} if isinstance(value, str) else set()


def _commands() -> list[list[str]]:
    blocks = "".join(FENCE.findall(PAGE)).replace("\\\n", " ")
    lines = [line for line in blocks.splitlines() if "aws " in line]
    return [shlex.split(line[line.index("aws ") :].replace("$(date", "(date")) for line in lines]


def test_every_sentence_of_the_source_has_one_row_in_its_order() -> None:
    assert list(SOURCE) == list(ROWS)


def test_ids_are_numbered_without_a_gap() -> None:
    parsed = [re.fullmatch(r"(S?[A-Z])(\d+)([a-z]?)", one).groups() for one in ROWS]  # type: ignore[union-attr]

    for prefix, group in groupby(parsed, key=lambda one: one[0]):
        steps = [
            [letter for _, _, letter in same] for _, same in groupby(group, lambda one: one[1])
        ]
        numbers = list(dict.fromkeys(int(number) for own, number, _ in parsed if own == prefix))
        assert list(range(1, len(numbers) + 1)) == numbers
        assert all("abcdefgh".startswith("".join(one)) for one in steps), f"{prefix}: {steps}"


@row
def test_a_row_is_the_step_that_it_is_meant_to_be(one: str) -> None:
    assert SOURCE[one] in ROWS[one][0]


@row
def test_a_row_has_code_and_a_case_or_says_why_it_stays_with_people(one: str) -> None:
    _, done_by, shown_by = ROWS[one]

    code, reason = SYMBOL.findall(done_by), shown_by.partition(f"{STAYS}")[2].strip(" :,")

    assert code or done_by == "people"
    assert len(reason) >= 20 or (code and CASE.findall(shown_by)), "neither shown nor with people"


@row
def test_the_code_that_a_row_names_exists(one: str) -> None:
    done_by = ROWS[one][1]

    missing = {
        f"{path} {name}"
        for path, name in SYMBOL.findall(done_by)
        if not (ROOT / path).exists() or name not in _symbols(path)
    }

    assert not missing
    assert done_by.count(".py`") == len(SYMBOL.findall(done_by)), "a file without a name in it"


@row
def test_the_case_that_a_row_names_is_rehearsed(one: str) -> None:
    from rehearsal.cases import SCENARIOS  # noqa: PLC0415  # it loads moto, which the others need not

    rehearsed = {(name, case.name) for name, cases in SCENARIOS.items() for case in cases}

    assert set(CASE.findall(ROWS[one][2])) <= rehearsed


def test_every_scenario_has_its_section_its_ids_and_its_numbers() -> None:
    assert sorted(chapters.SCENARIOS) == sorted(LETTERS.values())

    for letter, scenario in LETTERS.items():
        assert f"`{scenario}`" in PAGE
        assert {one[0] for one in ROWS if one.startswith(letter)} == {letter}
        assert f"<!-- make docs: {scenario} -->" in PAGE.split(f"### {letter} in numbers")[1][:60]


@pytest.mark.parametrize("letter", LETTERS)
def test_a_scenarios_section_says_everything_in_one_order(letter: str) -> None:
    section = _section(f"{letter}: ")

    said = re.findall(r"^\*\*([A-Z][a-z ]+)\*\*", section, re.MULTILINE)

    assert list(PARTS) == said
    assert "```bash" in section, "no command to type"


@pytest.mark.parametrize("letter", LETTERS)
def test_a_scenario_can_be_stopped_by_the_mode_of_each_of_its_fixes(letter: str) -> None:
    scenario = docs.kit_of(PROD, LETTERS[letter]).scenario
    modes = {settings.mode_parameters(PROD)[fix.mode_key] for fix in scenario.fixes.values()}

    stop = _section(f"{letter}: ").split("**Stop it**")[1]

    assert modes == set(re.findall(r"--name (/nightshift/\S+)", stop))


@pytest.mark.parametrize(
    ("letter", "phrase", "limit"), PROSE, ids=[f"{one[0]} {one[2]} {one[1][:9]}" for one in PROSE]
)
def test_a_number_in_a_sentence_is_the_limits(letter: str, phrase: str, limit: str) -> None:
    decide: Any = docs.kit_of(PROD, LETTERS[letter]).scenario.decide
    number = getattr(decide.keywords["limits"], limit)

    sentences = " ".join(_section(f"{letter}: ").split())

    assert phrase.format(f"{number:g}") in sentences


def test_the_first_table_has_each_mode_as_the_default_environment_ships_it() -> None:
    lines = [line for line in PAGE.split("\n## ")[0].splitlines() if line.startswith("| ")]

    named = dict(re.findall(r"`(\w+)` (act|propose|observe|off)\b", "\n".join(lines)))

    assert PROD.modes.model_dump() == named


def test_the_bucket_of_the_drafts_is_the_deployed_one() -> None:
    assert {settings.bucket(PROD)} == set(re.findall(r"s3://([\w.-]+)/", PAGE))


def test_tables_made_of_code_are_as_the_code_is() -> None:
    assert docs.written(PAGE, PROD) == PAGE, "run `make docs`, then read what has changed"


def test_every_table_made_of_code_is_on_the_page() -> None:
    assert sorted(docs.blocks(PROD)) == sorted(name for _, name, _ in docs.BLOCK.findall(PAGE))


def test_every_command_names_the_region() -> None:
    commands = _commands()

    without = [" ".join(one) for one in commands if "--region" not in one]

    assert len(commands) >= 30
    assert not without


def test_every_name_in_a_command_is_the_default_environments() -> None:
    functions = {f"{PROD.prefix}-{one.folder.replace('_', '-')}" for one in chapters.specs(PROD)}
    parameters = {settings.switch_parameter(PROD), *settings.mode_parameters(PROD).values()}
    known = {*_texts(PROD.model_dump()), *functions, *parameters, *rule_names(PROD)}

    named = {
        value.partition(":<")[0]
        for words in _commands()
        for option, value in pairwise(words)
        if option in NAMED_BY and not value.startswith("<")
    }

    assert len(named) >= 15
    assert set() == named - known
