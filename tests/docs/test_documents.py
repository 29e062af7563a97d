"""What the documents name must exist, and what must be found in them must be there."""

import re
from pathlib import Path

import pytest

from infra import chapters, settings
from infra.alarm import Alarm
from infra.alarms import table
from infra.environment import load

ROOT = Path(__file__).parents[2]
PROD = load("prod")
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
MOST_DECISION_LINES = 45

FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
SUFFIXES = (".md", ".py", ".toml", ".json", ".lock", ".txt", ".in")
ROOTS = {one.name for one in ROOT.iterdir() if one.is_dir() and not one.name.startswith(".")}
MADE_BY_MAKE = ("cdk.out", ".venv", ".rehearsal")
ANY_RULE = "nightshift-prod-rule-any"
REHEARSED = "What is rehearsed"

document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)).replace("/", "-")
)


def _prose(text: str) -> str:
    """Return a document without its blocks of output and commands."""
    return FENCE.sub("", text)


def _section(text: str, title: str) -> str:
    """Return what stands under a heading of the second level."""
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def _rows(text: str, columns: int) -> list[list[str]]:
    """Return the cells of the tables' rows that have so many columns."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [cells for cells in found if len(cells) == columns]


def _paths(text: str) -> set[str]:
    """Return the spans of code that are meant as files or folders of this project."""
    spans = {span for span in SPAN.findall(_prose(text)) if re.fullmatch(r"[\w.<>/*-]+", span)}
    ours = {span for span in spans if not span.startswith(("/", *MADE_BY_MAKE))}
    return {span for span in ours if span.endswith(SUFFIXES) or span.split("/")[0] in ROOTS}


def _exists(path: str) -> bool:
    """Say whether there is such a file; a bare name may be that of a file of each scenario."""
    pattern = re.sub(r"<[^>]+>", "*", path).rstrip("/")
    found = [*ROOT.glob(pattern), *(ROOT / "functions").glob(f"*/{pattern}")]
    return bool(found)


def _alarms() -> list[Alarm]:
    return table(PROD, [spec.folder for spec in chapters.specs(PROD)], [ANY_RULE])


def _documented_alarms() -> set[str]:
    """Return the alarms that have a row, with ``<function>`` and ``<rule>`` written out."""
    cells = re.findall(r"^\| `([^`]+)` \|", OPERATIONS, re.MULTILINE)
    functions = [spec.folder.replace("_", "-") for spec in chapters.specs(PROD)]
    written = {cell.replace("<function>", name) for cell in cells for name in functions}
    return {cell.replace("<rule>", ANY_RULE.rsplit("-rule-", 1)[-1]) for cell in written}


@document
def test_a_make_target_that_a_document_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|\$ )make ([a-z][a-z-]*)", text))

    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))

    assert set() == named - targets


@document
def test_a_file_that_a_document_names_exists(path: Path) -> None:
    named = _paths(path.read_text(encoding="utf-8"))

    missing = sorted(one for one in named if not _exists(one))

    assert not missing


@document
def test_a_link_leads_to_a_file_and_to_one_of_its_headings(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", _prose(path.read_text(encoding="utf-8")))

    broken = []
    for link in links:
        to, _, anchor = link.partition("#")
        if to.startswith("https://"):
            continue
        file = (path.parent / to).resolve() if to else path
        titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
        if anchor and anchor not in slugs:
            broken.append(link)

    assert not broken


@document
def test_commands_are_for_the_default_environments_region_and_account(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    regions = set(re.findall(r"--region (\S+)", text))
    accounts = set(re.findall(r"\b\d{12}\b", text))

    assert regions <= {PROD.region}
    assert accounts <= {PROD.account}


@document
def test_no_document_names_a_folder_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    named = re.findall(r"/(?:home|root|tmp|work|Users|opt)/\S*", text)

    assert not named


def test_every_alarm_has_a_row_in_operations_and_every_row_an_alarm() -> None:
    named = {f"{alarm.group}/{alarm.id}" for alarm in _alarms()}

    documented = {one for one in _documented_alarms() if "/" in one}

    assert named == documented


def test_a_slow_twins_row_has_the_minutes_after_which_it_pages() -> None:
    rows = {row[0].strip("`"): row[1] for row in _rows(OPERATIONS, 3)}

    wrong = {
        f"{one.id}: {rows[f'{one.group}/{one.id}']}"
        for one in _alarms()
        if one.twin_of and f" {one.datapoints} min" not in rows[f"{one.group}/{one.id}"]
    }

    assert not wrong


def test_the_scenario_table_has_exactly_the_deployed_scenarios() -> None:
    rows = _rows(_section(README, "Scenarios"), 7)

    named = [SPAN.findall(row[0])[0] for row in rows if SPAN.findall(row[0])]

    assert sorted(chapters.SCENARIOS) == sorted(named)


def test_the_scenario_table_has_each_mode_as_the_default_environment_ships_it() -> None:
    cells = [row[6] for row in _rows(_section(README, "Scenarios"), 7)]

    named = {key: mode for cell in cells for key, mode in re.findall(r"`(\w+)` (\w+)", cell)}

    assert PROD.modes.model_dump() == named


def test_the_stop_commands_name_the_switch_and_the_modes_that_are_deployed() -> None:
    stop = _section(README, "How to stop it all")
    switch, modes = settings.switch_parameter(PROD), settings.mode_parameters(PROD)

    named = set(re.findall(r"--name (/\S+)", stop))

    assert switch in named
    assert named - {switch} <= set(modes.values())
    assert named - {switch}, "no command for a mode"


def test_the_stop_commands_find_the_rules_by_what_their_names_begin_with() -> None:
    prefixes = set(re.findall(r"--name-prefix (\S+)", _section(README, "How to stop it all")))

    assert {f"{PROD.prefix}-rule-"} == prefixes


def test_every_parameter_that_operations_writes_is_deployed() -> None:
    known = {settings.switch_parameter(PROD), *settings.mode_parameters(PROD).values()}

    named = set(re.findall(r"put-parameter [^`\n]*--name (/\S+)", OPERATIONS))

    assert named
    assert named <= known


def test_every_alarm_that_a_command_sets_is_deployed() -> None:
    deployed = {alarm.name(PROD) for alarm in _alarms()}

    named = set(re.findall(r"--alarm-name (\S+)", OPERATIONS))

    assert named
    assert named <= deployed


def test_the_example_page_is_laid_out_as_pages_are() -> None:
    real = (ROOT / "tests" / "flow" / "messages" / "not_verified.txt").read_text(encoding="utf-8")
    block = FENCE.findall(_section(OPERATIONS, "What a page looks like"))[0]
    label = re.compile(r"^(?:Stop all|[A-Z][a-z]+)(?= |$)", re.MULTILINE)

    shown = [one for one in label.findall(block) if one != "Subject"]

    assert label.findall(real) == shown


def test_every_rehearsed_case_is_in_the_readme() -> None:
    from rehearsal.cases import SCENARIOS  # noqa: PLC0415  # it loads moto, which the others need not

    rows = {
        row[0].strip("`"): set(SPAN.findall(row[1]))
        for row in _rows(_section(README, REHEARSED), 2)
    }

    missing = {
        f"{name} {case.name}"
        for name, cases in SCENARIOS.items()
        for case in cases
        if case.name not in rows.get(name, set())
    }

    assert not missing


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_note_is_half_a_page(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert len(lines) <= MOST_DECISION_LINES


def test_decision_notes_are_numbered_without_a_gap_in_name_and_title() -> None:
    titles = [path.read_text(encoding="utf-8").splitlines()[0] for path in DECISIONS]

    expected = list(range(1, len(DECISIONS) + 1))

    assert expected == [int(path.name[:4]) for path in DECISIONS]
    assert expected == [int(re.findall(r"^# (\d+)\. ", title)[0]) for title in titles]
