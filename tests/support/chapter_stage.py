"""The in-memory AWS with one of the scenarios B to E on it, and patrol that knows its alarm."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from types import ModuleType
from typing import Any

from building import ENVIRONMENT, build_aws
from infra.chapters import patrol
from outside import Outside
from patrol.rounds import Patrol
from patrol.settings import Settings as PatrolSettings
from runbook import incidents
from runbook.bus import HANDED_OVER
from runbook.function import handle_event
from runbook.ledger import PARTITION as LEDGER
from runbook.scenario import Kit
from runbook.settings import Chapter, build
from seam import aws
from stage import Stage, _datum, event


@dataclass(frozen=True)
class Function:
    """One scenario's function.

    Attributes:
        name: the scenario's.
        chapter: its part of the stack.
        settings: its settings' class.
        wire: puts it together.
        urls: path on the stage's server by the setting that holds the address.
    """

    name: str
    chapter: ModuleType
    settings: type[Chapter]
    wire: Callable[[Any, Any, Any], Kit[Any]]
    urls: Mapping[str, str]

    def made(self, url: str) -> Any:
        """Return the settings of ``environments/prod.toml``, with the stage's own addresses."""
        told = self.chapter.spec(ENVIRONMENT).settings
        own = {setting: f"{url}{path}" for setting, path in self.urls.items()}
        return build(self.settings, {**told, **own}, self.name)


class ChapterStage(Stage):
    """A stage whose function is one of the scenarios B to E.

    Attributes:
        function: which.
        changes_by: operations that change the users' systems.
        world: what of the users' systems changes; saved with the stage.
    """

    function: Function
    changes_by: tuple[str, ...] = ()

    def __init__(self, mover: Any, outside: Outside) -> None:
        self.outside = outside
        self.settings = self.function.made(outside.url)
        self.world: dict[str, Any] = {}
        alarms = self.function.chapter.alarms(ENVIRONMENT)
        told = patrol.spec(ENVIRONMENT, alarms).settings
        self.patrol_settings = build(PatrolSettings, told, "patrol")
        super().__init__(mover)

    @property
    def name(self) -> str:
        """Return the scenario's name."""
        return self.function.name

    @property
    def target(self) -> str:
        """Return what the scenario looks after."""
        return str(self.settings.targets[self.name])

    def _build(self) -> None:
        build_aws(self.admin)
        for name in self.settings.alarms:
            self.admin("cloudwatch").put_metric_alarm(
                AlarmName=name,
                MetricName="any",
                Namespace="any",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                Statistic="Sum",
            )
        self.parameter(self.settings.switch_parameter, "on")
        for mode in self.settings.mode_parameters.values():
            self.parameter(mode, "act")
        self.tag_means = ""

    # The world

    def count(self, namespace: str, values: Mapping[str, float], **dimensions: str) -> None:
        """Let CloudWatch show the minute that has just ended: series of one namespace and dimensions."""
        at = self.time - timedelta(minutes=1)
        self.admin("cloudwatch").put_metric_data(
            Namespace=namespace,
            MetricData=[_datum(name, value, at, dimensions) for name, value in values.items()],
        )

    def ring(self, *, bad: bool) -> bool:
        """Let the first alarm be what it measures; say whether it has just begun to ring."""
        cloudwatch, name = self.admin("cloudwatch"), self.settings.alarms[0]
        state = "ALARM" if bad else "OK"
        if self.rings() == bad:
            return False
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="as measured")
        return bad

    def rings(self) -> bool:
        """Say whether the first alarm is in ALARM."""
        found = self.admin("cloudwatch").describe_alarms(AlarmNames=self.settings.alarms[:1])
        return bool(found["MetricAlarms"][0]["StateValue"] == "ALARM")

    # The functions

    def look(self, what: object) -> dict[str, Any]:
        """Invoke the function once; what it raises comes out."""
        clients = aws()
        with self.acting(self.name):
            kit = self.function.wire(self.settings, clients, self)
            sqs = clients.reader("sqs")
            return handle_event(what, kit, self.settings, self.settings.alarms, sqs)

    def rounds(self) -> Patrol:
        """Return what the patrol function works with."""
        return replace(super().rounds(), settings=self.patrol_settings)

    def _landed(self, call: Any) -> None:
        super()._landed(call)
        known = call.operation == "UpdateService"  # the stage notes that one itself
        if call.operation in self.changes_by and not known:
            self.effects.append(call)

    # What there is now

    def incident(self) -> dict[str, Any]:
        """Return the incident's item, empty when there is none."""
        return self.item(f"incident#{self.name}#{self.target}", "current")

    def outcomes(self) -> list[tuple[str, str | None]]:
        """Return what was tried, and what became of it."""
        return [(one["fix"], one["outcome"]) for one in self.incident().get("attempts", [])]

    def changes(self) -> list[str]:
        """Return the calls that changed the users' systems, oldest first."""
        return [one.operation for one in self.effects if one.operation in self.changes_by]

    def ledger(self) -> list[str]:
        """Return the temporary changes that a person has to adopt or revert."""
        return [str(item["fix"]) for item in self.items() if item["pk"] == LEDGER]

    def told(self) -> list[str]:
        """Return the subjects of what SNS took, without what all of them begin with."""
        start = f"[prod] {self.name} {self.target}: "
        return [str(one.params["Subject"]).removeprefix(start) for one in self._of("Publish")]

    def as_it_is(self) -> dict[str, Any]:
        """Return how the users' systems stand, without moments: they tell two nights' ends apart."""
        return {**self.world, "posts": self.outside.posts, "alarm rings": self.rings()}

    def reasons(self) -> str:
        """Return the reasons in the record, which are not cut as a page's are."""
        return " ".join(str(record["why"]) for record in self.records())

    def somebody_opened(self, scenario: str, **values: Any) -> None:
        """Leave an open incident of another scenario, of this moment and not due."""
        target = self.settings.targets[scenario]
        usual = {
            "open": "open",
            "status": "open",
            "incident_id": f"{scenario}-1",
            "scenario": scenario,
            "target": target,
            "version": 3,
            "opened_at": self.time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "next_look_at": "2999-01-01T00:00:00.000Z",
            "claim_until": "2026-11-23T00:00:00.000Z",
        }
        self.put(f"incident#{scenario}#{target}", "current", **{**usual, **values})

    def handed_over(self) -> None:
        """Let another scenario hand over to this one, as the transaction of its look writes it."""
        write = incidents.open_other(self.name, self.target, self.time)
        write["Update"]["TableName"] = self.settings.table
        self.admin("dynamodb").transact_write_items(TransactItems=[write])

    def hand_over_event(self) -> dict[str, Any]:
        """Return the event that hurries a look after a hand-over."""
        asked = event(f"{self.name}_look_due")
        asked["detail"]["why"] = HANDED_OVER
        return asked

    def others_end(self, scenario: str) -> None:
        """Let another scenario's incident be over."""
        key = {
            "pk": {"S": f"incident#{scenario}#{self.settings.targets[scenario]}"},
            "sk": {"S": "current"},
        }
        self.admin("dynamodb").delete_item(TableName=self.settings.table, Key=key)

    # Going back

    def save(self) -> dict[str, Any]:
        """Return all of the stage as it is now."""
        own = {"world": deepcopy(self.world), "outside": self.outside.saved()}
        return {**super().save(), "chapter": own}

    def go_back(self, saved: Mapping[str, Any]) -> None:
        """Be as the stage was when it was saved."""
        super().go_back(saved)
        self.world = deepcopy(saved["chapter"]["world"])
        self.outside.put_back(saved["chapter"]["outside"])
