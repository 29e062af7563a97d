"""What the template tells a function is read strictly: a typo names itself before anything runs."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from runbook.errors import SettingsError
from runbook.settings import build, load


@dataclass(frozen=True)
class Example:
    """One field of each kind."""

    name: str
    count: int
    share: float
    on: bool
    names: list[str]
    limits: dict[str, Any] = field(default_factory=dict)


GOOD = {"name": "prod", "count": 3, "share": 0.5, "on": True, "names": ["a"]}


def loaded(text: str) -> Example:
    return load(Example, {"NIGHTSHIFT_SETTINGS": text, "OTHER": "ignored"})


def test_reads_one_json_object() -> None:
    assert loaded(json.dumps(GOOD)) == Example("prod", 3, 0.5, on=True, names=["a"])


def test_takes_a_whole_number_for_a_fraction() -> None:
    assert loaded(json.dumps({**GOOD, "share": 1})).share == 1


def test_a_default_may_be_overridden() -> None:
    assert loaded(json.dumps({**GOOD, "limits": {"stuck_probes": 6}})).limits == {"stuck_probes": 6}


def test_says_that_the_stack_has_to_write_it() -> None:
    with pytest.raises(SettingsError) as error:
        load(Example, {})

    assert str(error.value) == (
        "NIGHTSHIFT_SETTINGS is not set: the stack writes it; deploy the stack again"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[]", "NIGHTSHIFT_SETTINGS holds a list; expected a JSON object", id="list"),
        pytest.param(
            "null", "NIGHTSHIFT_SETTINGS holds a NoneType; expected a JSON object", id="null"
        ),
        pytest.param(
            json.dumps({**GOOD, "nmae": "x", "cuont": 1}),
            "NIGHTSHIFT_SETTINGS: unknown cuont, nmae; "
            "expected name, count, share, on, names, limits",
            id="typos",
        ),
        pytest.param(
            json.dumps({"share": 0.5, "on": True}),
            "NIGHTSHIFT_SETTINGS: count, name, names is missing",
            id="missing",
        ),
        *(
            pytest.param(
                json.dumps({**GOOD, name: value}),
                f"NIGHTSHIFT_SETTINGS.{name} is {value!r}; expected {kind}",
                id=f"{name} is {value!r}",
            )
            for name, value, kind in (
                ("name", 5, "str"),
                ("name", None, "str"),
                ("count", "3", "int"),
                ("count", 3.5, "int"),
                ("count", True, "int"),
                ("share", "0.5", "float"),
                ("share", False, "float"),
                ("on", 1, "bool"),
                ("on", "true", "bool"),
                ("names", "a", "list"),
                ("limits", [], "dict"),
            )
        ),
    ],
)
def test_names_the_key_and_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        loaded(text)

    assert message == str(error.value)


def test_says_where_the_json_breaks() -> None:
    with pytest.raises(SettingsError, match=r"^NIGHTSHIFT_SETTINGS is not JSON: .*char 9"):
        loaded('{"name": ')


def test_names_the_place_of_an_override() -> None:
    with pytest.raises(SettingsError, match=r"^limits\.gate: unknown cooldown; expected name, "):
        build(Example, {**GOOD, "cooldown": 5}, "limits.gate")
