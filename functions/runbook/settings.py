"""What the template tells a function, read once and strictly.

The stack writes one JSON object into ``NIGHTSHIFT_SETTINGS``. Nothing else reads the environment, and
what must be changeable at night (the switch, the modes) is not in it: it is read live.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, get_type_hints

from runbook.errors import SettingsError

VARIABLE = "NIGHTSHIFT_SETTINGS"

T = TypeVar("T")

_ACCEPTED: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}


def load(kind: type[T], environ: Mapping[str, str]) -> T:
    """Read a function's settings from its environment.

    Args:
        kind: a frozen dataclass of str, int, float, bool, list and dict fields.
        environ: the process's environment.

    Raises:
        SettingsError: the variable is missing or no JSON object, or a key is missing, unknown or of
            the wrong type; the message names it.
    """
    if VARIABLE not in environ:
        raise SettingsError(f"{VARIABLE} is not set: the stack writes it; deploy the stack again")
    try:
        found = json.loads(environ[VARIABLE])
    except json.JSONDecodeError as error:
        raise SettingsError(f"{VARIABLE} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise SettingsError(f"{VARIABLE} holds a {type(found).__name__}; expected a JSON object")
    return build(kind, found, VARIABLE)


def build(kind: type[T], found: Mapping[str, Any], where: str) -> T:
    """Make a dataclass from a mapping, refusing what it does not know.

    Raises:
        SettingsError: a key is missing, unknown or of the wrong type.
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise SettingsError(f"{where}: unknown {', '.join(unknown)}; expected {', '.join(known)}")
    required = [
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING
    ]
    missing = sorted(set(required) - set(found))
    if missing:
        raise SettingsError(f"{where}: {', '.join(missing)} is missing")
    hints = get_type_hints(kind)
    for name, value in found.items():
        _check(f"{where}.{name}", hints[name], value)
    return kind(**found)


def _check(where: str, hint: Any, value: Any) -> None:
    name = getattr(hint, "__origin__", hint).__name__
    accepted = _ACCEPTED[name]
    wrong_bool = isinstance(value, bool) and name != "bool"
    if wrong_bool or not isinstance(value, accepted):
        raise SettingsError(f"{where} is {value!r}; expected {name}")


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every function that keeps incidents needs.

    Attributes:
        environment: the environment's name, for example ``prod``.
        account: 12 digits; events of another account are refused.
        region: events of another region are refused.
        table: the table's name.
        pages_topic: ARN.
        updates_topic: ARN.
        dead_letters: the queue's URL.
    """

    environment: str
    account: str
    region: str
    table: str
    pages_topic: str
    updates_topic: str
    dead_letters: str


@dataclass(frozen=True, kw_only=True)
class Chapter(Common):
    """What every scenario's function needs besides.

    Attributes:
        switch_parameter: the kill switch's name.
        mode_parameters: parameter name by mode key.
        alarms: names of the alarms that this scenario answers.
        targets: what each scenario looks after, by its name; this one's own too.
        services: ARNs of ECS services whose task and deployment events wake this scenario.
        databases: identifiers of RDS instances whose events wake this scenario.
        limits: overrides of the scenario's own ``Limits``, by name.
        gate_limits: overrides of ``runbook.limits.Limits``, by name.
    """

    switch_parameter: str
    mode_parameters: dict[str, str]
    alarms: list[str]
    targets: dict[str, str]
    services: list[str] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    limits: dict[str, Any] = field(default_factory=dict)
    gate_limits: dict[str, Any] = field(default_factory=dict)
