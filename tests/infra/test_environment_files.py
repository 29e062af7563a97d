"""An environment file with a mistake is refused, by a sentence with file, key and what was expected.

Each file in ``bad_environments`` is one mistake made in ``prod.toml``. Its comments say which sentences
to expect, and where its text goes: instead of the one line that begins so, instead of a section, or
at the end.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.environment import FOLDER, OVERLAY, Environment, EnvironmentFileError, load
from infra.settings import MOST_BYTES, variables

ROOT = FOLDER.parent
CASES = sorted((Path(__file__).parent / "bad_environments").glob("*.toml"))
SHIPPED = sorted(one.stem for one in FOLDER.glob("*.toml"))


def comments(case: Path, word: str) -> list[str]:
    lines = case.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix(f"# {word}: ") for line in lines if line.startswith(f"# {word}: ")]


def only(found: list[str], what: str) -> str:
    assert len(found) == 1, f"prod.toml has {len(found)} of {what}"
    return found[0]


def with_mistake(case: Path, folder: Path) -> Path:
    """Write ``prod.toml`` with the mistake of a case, under the case's name."""
    text = (FOLDER / "prod.toml").read_text(encoding="utf-8")
    mistake = re.sub(r"(?m)^# .*\n", "", case.read_text(encoding="utf-8"))
    if begin := comments(case, "instead of"):
        lines = [line for line in text.splitlines(keepends=True) if line.startswith(begin[0])]
        text = text.replace(only(lines, begin[0]), mistake)
    elif section := comments(case, "without"):
        parts = re.findall(rf"(?ms)^{re.escape(section[0])}\n.*?(?=^\[)", text)
        text = text.replace(only(parts, section[0]), "")
    else:
        text += mistake
    path = folder / case.name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_mistake_is_told_with_file_key_and_what_was_expected(case: Path, tmp_path: Path) -> None:
    path = with_mistake(case, tmp_path)

    with pytest.raises(EnvironmentFileError) as refused:
        load(str(path))

    joint = " " if comments(case, "expect")[0].startswith("is ") else ": "
    expected = [f"{path.name}{joint}{sentence}" for sentence in comments(case, "expect")]
    assert sorted(str(refused.value).splitlines()) == sorted(expected)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_loads(name: str) -> None:
    assert isinstance(load(name), Environment)


def test_a_file_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(EnvironmentFileError, match="does not exist; there are: ") as refused:
        load("prud")

    assert all(name in str(refused.value) for name in SHIPPED)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "prod.toml"
    folder.mkdir()

    with pytest.raises(EnvironmentFileError, match="cannot be read: Is a directory"):
        load(str(folder))


def beside(folder: Path, *changes: tuple[str, str]) -> None:
    """Write another environment of the same account: ``prod.toml`` with these lines changed."""
    text = (FOLDER / "prod.toml").read_text(encoding="utf-8")
    for line, instead in changes:
        assert text.count(line) == 1
        text = text.replace(line, instead)
    (folder / "staging.toml").write_text(text, encoding="utf-8")


OTHER_NAME = ('\nname = "prod"\n', '\nname = "staging"\n')


def test_two_environments_of_an_account_cannot_have_one_dashboard(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "prod.toml", tmp_path)
    beside(tmp_path, OTHER_NAME)

    with pytest.raises(EnvironmentFileError) as refused:
        load(str(tmp_path / "prod.toml"))

    assert str(refused.value) == (
        "prod.toml: dashboard.name is 'SaaS-Prod-Overview', as in staging.toml; expected another: "
        "an account has one list of dashboards for all its regions"
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([], id="a-copy-of-the-same-environment"),
        pytest.param([OTHER_NAME, ("SaaS-Prod-Overview", "Staging")], id="another-dashboard"),
        pytest.param([OTHER_NAME, ('"111122223333"', '"999999999999"')], id="another-account"),
        pytest.param([OTHER_NAME, ("[dashboard]", "dashboard]")], id="a-file-that-is-not-toml"),
        pytest.param([OTHER_NAME, ("[dashboard]", "[alarm]")], id="a-file-without-a-dashboard"),
    ],
)
def test_a_file_beside_it_that_does_not_clash_is_no_mistake(
    tmp_path: Path, changes: list[tuple[str, str]]
) -> None:
    shutil.copy(FOLDER / "prod.toml", tmp_path)
    beside(tmp_path, *changes)

    assert load(str(tmp_path / "prod.toml")).name == "prod"


def app(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "app.py", *arguments]
    return subprocess.run(  # noqa: S603  # our own command line
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_says_it_and_nothing_else(tmp_path: Path) -> None:
    (case,) = [one for one in CASES if one.stem == "typo_in_a_key"]
    path = with_mistake(case, tmp_path)

    ended = app("--environment", str(path), "--out", str(tmp_path / "out"))

    expected = {f"{path.name}: {sentence}" for sentence in comments(case, "expect")}
    assert (ended.returncode, ended.stdout) == (2, "")
    assert set(ended.stderr.splitlines()) == expected
    assert not (tmp_path / "out").exists()


def test_the_command_refuses_an_overlay_that_is_not_toml(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.toml"
    overlay.write_text("redis", encoding="utf-8")

    ended = app("--overlay", str(overlay), "--out", str(tmp_path / "out"))

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"the overlay {overlay} cannot be read: ")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("overlay", "why"),
    [
        pytest.param({"worker": {"service": "x"}}, "worker", id="another-section"),
        pytest.param({"redis": {"queue": "x"}}, "redis.queue", id="another-key"),
        pytest.param({"account": "999999999999"}, "account", id="the-account"),
        pytest.param({"redis": "x"}, "redis", id="a-whole-section"),
        pytest.param({"reconcile": {"secret": "x"}}, "reconcile.secret", id="a-secret"),
    ],
)
def test_an_overlay_replaces_only_addresses(overlay: dict[str, dict[str, str]], why: str) -> None:
    with pytest.raises(EnvironmentFileError, match=rf"^the overlay may not replace {why}$"):
        load("prod", overlay)


def test_an_overlay_replaces_the_addresses_and_leaves_the_rest() -> None:
    plain = load("prod").model_dump()

    laid = load("prod", {"redis": {"host": "127.0.0.1", "port": 1, "tls": False}}).model_dump()

    assert laid.pop("redis") == {**plain.pop("redis"), "host": "127.0.0.1", "port": 1, "tls": False}
    assert laid == plain


def test_an_overlay_is_checked_like_the_file() -> None:
    with pytest.raises(EnvironmentFileError, match=r"^prod\.toml: redis\.port is 'x'; expected"):
        load("prod", {"redis": {"port": "x"}})


def test_an_overlay_can_replace_only_what_the_file_has() -> None:
    plain = load("prod").model_dump()

    assert all(keys <= set(plain[section]) for section, keys in OVERLAY.items())


def test_settings_that_lambda_would_not_take_are_refused_by_name() -> None:
    with pytest.raises(EnvironmentFileError, match=r"^the settings of patrol have 41\d\d bytes"):
        variables("patrol", {"table": "x" * MOST_BYTES})
