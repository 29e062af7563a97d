"""An in-memory AWS with a stepped clock, and the functions on it: what a flow test plays on.

moto keeps the table, the topics, the queue, the parameters, alarms, metrics, logs and the image; ECS is
``ecs.py``. The settings are those of ``environments/prod.toml``, made by the stack's own code.
"""

import copy
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pytest
import time_machine
from moto import mock_aws

import moto_state
from building import ALARM, PATROL, SETTINGS, build_aws
from ecs import ACCOUNT, DIGEST, Ecs
from patrol.rounds import Pass, Patrol
from runbook import held, incidents
from runbook.aws import Aws
from runbook.clock import to_text
from runbook.function import handle_event
from runbook.outbox import Outbox
from runbook.scenario import Kit
from runbook.table import Table, to_aws
from seam import REGION, SEAM, Call, Hooks, Killed, aws
from worker_stuck.wiring import wire

START = datetime(2026, 11, 23, 2, 0, 0, tzinfo=UTC)
EVENTS = Path(__file__).parents[2] / "events"
_DATA = "AWS/ECS"


def event(name: str, **changes: Any) -> dict[str, Any]:
    """Return the event of a file in ``events/`` with a fresh id and, if given, another content."""
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    if "id" in found:
        found["id"] = str(uuid.uuid4())
    return {**found, **changes}


class Stage:
    """The in-memory AWS, its clock, and the two functions that keep incidents."""

    def __init__(self, mover: time_machine.Traveller) -> None:
        self._mover = mover
        self.time = START
        self.ecs = Ecs(lambda: self.time)
        self.calls: list[Call] = []
        self.effects: list[Call] = []
        self.bus: list[dict[str, Any]] = []
        self.ids = 0
        self.heartbeats = 0
        self._tokens: dict[str, Any] = {}
        self._admin = boto3.session.Session(
            aws_access_key_id="ADMIN", aws_secret_access_key="admin", region_name=REGION
        )
        self._clients: dict[str, Any] = {}
        self.hooks = Hooks()
        self._build()
        self._as_built = self.save()

    def begin(self) -> None:
        """Be as it was built, with nobody listening."""
        self.go_back(self._as_built)
        self.calm()

    def calm(self) -> None:
        """Let nobody disturb any more."""
        self.hooks = SEAM.hooks = Hooks(
            before=[self._record], answer=self._answer, landed=[self._landed]
        )

    def now(self) -> datetime:
        """Return the stepped time: the stage is the functions' clock."""
        return self.time

    def new_id(self) -> str:
        """Return an id that is the same each time that the same is played."""
        self.ids += 1
        return f"id-{self.ids:06}"

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)
        self._mover.move_to(self.time)

    def admin(self, service: str) -> Any:
        """Return a client whose calls are nobody's: they are not recorded and not disturbed."""
        if service not in self._clients:
            self._clients[service] = self._admin.client(service)
        return self._clients[service]

    def _build(self) -> None:
        build_aws(self.admin)
        self.parameter(SETTINGS.switch_parameter, "on")
        self.parameter(SETTINGS.mode_parameters["redeploy_worker"], "act")
        self.image(DIGEST)

    # The world

    def image(self, digest: str) -> None:
        """Let the image tag mean a digest."""
        self.tag_means = digest

    def parameter(self, name: str, value: str | None) -> None:
        """Set a live parameter, or remove it."""
        if value is None:
            self.admin("ssm").delete_parameter(Name=name)
        else:
            self.admin("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    def measure(self, at: datetime, cpu: float | None, **values: float) -> None:
        """Put one minute's datapoints: the probe's by their names, and the worker's CPU."""
        own = {"environment": SETTINGS.environment}
        queue = {**own, "queue": SETTINGS.queue}
        self.admin("cloudwatch").put_metric_data(
            Namespace="Nightshift",
            MetricData=[
                _datum(name, value, at, queue if name in ("QueueDepth", "Unacked") else own)
                for name, value in values.items()
            ],
        )
        if cpu is not None:
            service = {"ClusterName": SETTINGS.cluster, "ServiceName": SETTINGS.service}
            self.admin("cloudwatch").put_metric_data(
                Namespace=_DATA, MetricData=[_datum("CPUUtilization", cpu, at, service)]
            )

    def worker_logs(self) -> None:
        """Let the worker log one line now."""
        self.admin("logs").put_log_events(
            logGroupName=SETTINGS.log_group,
            logStreamName="w",
            logEvents=[{"timestamp": int(self.time.timestamp() * 1000), "message": "task done"}],
        )

    def alarm(self, state: str) -> bool:
        """Set the alarm's state; say whether that was a change."""
        changes = self.alarm_state() != state
        if changes:
            self.admin("cloudwatch").set_alarm_state(
                AlarmName=ALARM, StateValue=state, StateReason="as measured"
            )
        return changes

    def alarm_state(self) -> str:
        """Return OK or ALARM."""
        found = self.admin("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
        return str(found[0]["StateValue"])

    # The functions

    def kit(self, clients: Aws | None = None) -> Kit[Any]:
        """Return what the worker_stuck function works with."""
        return wire(SETTINGS, clients or aws(), self)

    def worker_stuck(
        self, what: object, actor: str = "worker_stuck", clients: Aws | None = None
    ) -> dict[str, Any]:
        """Invoke worker_stuck once; what it raises comes out.

        Args:
            what: the event.
            actor: tells two invocations at the same time apart.
            clients: others than those that make a look's calls one after another.
        """
        clients = clients or aws()
        with self.acting(actor):
            sqs = clients.reader("sqs")
            return handle_event(what, self.kit(clients), SETTINGS, SETTINGS.alarms, sqs)

    def rounds(self) -> Patrol:
        """Return what the patrol function works with."""
        clients = aws()
        table = Table(clients.reader("dynamodb"), PATROL.table)
        topics = {"page": PATROL.pages_topic, "update": PATROL.updates_topic}
        return Patrol(
            table=table,
            outbox=Outbox(table, clients.reader("sns"), topics),
            events=clients.reader("events"),
            cloudwatch=clients.reader("cloudwatch"),
            aws=clients,
            settings=PATROL,
            clock=self,
        )

    def patrol(self) -> Pass:
        """Invoke patrol once."""
        with self.acting("patrol"):
            done = self.rounds().go_round()
        self.heartbeats += not done.problems
        return done

    @contextmanager
    def acting(self, name: str) -> Iterator[None]:
        """Let the calls of this thread be those of a function."""
        before = getattr(SEAM.actors, "name", "nobody")
        SEAM.actors.name = name
        try:
            yield
        finally:
            SEAM.actors.name = before

    # What the seam asks

    def _record(self, call: Call) -> None:
        self.calls.append(call)

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.service == "ecs":
            return self.ecs.answer(call.operation, call.params)
        if call.service == "ecr":
            return self._image_of(call)
        if call.operation == "TransactWriteItems":
            return self._seen_before(call)
        if call.operation == "PutEvents":
            ids = [
                {"EventId": self._event_id(number)} for number in range(len(call.params["Entries"]))
            ]
            return 200, {"Entries": ids, "FailedEntryCount": 0}
        return None

    def _image_of(self, call: Call) -> tuple[int, Any]:
        asked = {"repositoryName": "saas-worker", "imageIds": [{"imageTag": "stable"}]}
        if call.operation != "DescribeImages" or call.params != asked:
            raise AssertionError(f"ECR was asked for {call.params}")
        return 200, {"imageDetails": [{"imageDigest": self.tag_means}]}

    def _seen_before(self, call: Call) -> tuple[int, Any] | None:
        """Answer a transaction that was made already, as DynamoDB does and moto does not."""
        token = call.params["ClientRequestToken"]
        if token not in self._tokens:
            return None
        if self._tokens[token] != call.params:
            return 400, {"__type": "IdempotentParameterMismatchException"}
        return 200, {}

    def _landed(self, call: Call) -> None:
        if call.operation == "TransactWriteItems":
            self._tokens[call.params["ClientRequestToken"]] = call.params
        if call.operation in ("Publish", "SendMessage", "UpdateService"):
            self.effects.append(call)
        if call.operation == "PutEvents":
            self.bus += [
                _on_the_bus(entry, self.time, self._event_id(number))
                for number, entry in enumerate(call.params["Entries"])
            ]

    def _event_id(self, number: int) -> str:
        return f"asked-{self.time:%H%M%S}-{len(self.bus) + number}"

    # What there is now

    def items(self) -> list[dict[str, Any]]:
        """Return every item of the table, in the order of their keys; also those of another schema."""
        return moto_state.items(SETTINGS.table)

    def item(self, pk: str, sk: str = "-") -> dict[str, Any]:
        """Return one item, empty when it does not exist."""
        return next((one for one in self.items() if (one["pk"], one["sk"]) == (pk, sk)), {})

    def incident(self) -> dict[str, Any]:
        """Return the incident's item, empty when there is none."""
        return self.item(f"incident#worker_stuck#{SETTINGS.service}", "current")

    def records(self) -> list[dict[str, Any]]:
        """Return the timelines of all incidents."""
        return [item for item in self.items() if item["pk"].startswith("record#")]

    def outbox(self) -> list[dict[str, Any]]:
        """Return the messages that are not sent yet."""
        return [item for item in self.items() if item["pk"] == "outbox"]

    def drafts_due(self) -> list[dict[str, Any]]:
        """Return the rows that ask for a post-mortem's draft."""
        return [item for item in self.items() if item["pk"] == "postmortem"]

    def change(self, pk: str, sk: str, **values: Any) -> None:
        """Overwrite attributes of an item, as a person or another version would."""
        self.admin("dynamodb").update_item(
            TableName=SETTINGS.table,
            Key=to_aws({"pk": pk, "sk": sk}),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues=to_aws({f":{k}": v for k, v in values.items()}),
        )

    def put(self, pk: str, sk: str = "-", **values: Any) -> None:
        """Write an item that somebody else left."""
        item = {"pk": pk, "sk": sk, "schema": 1, **values}
        self.admin("dynamodb").put_item(TableName=SETTINGS.table, Item=to_aws(item))

    def _sent(self, topic: str) -> list[dict[str, Any]]:
        sent = [dict(one.params) for one in self.effects if one.operation == "Publish"]
        return [one for one in sent if one["TopicArn"] == topic]

    def pages(self) -> list[dict[str, Any]]:
        """Return what SNS took for the pages topic, copies included."""
        return self._sent(SETTINGS.pages_topic)

    def updates(self) -> list[dict[str, Any]]:
        """Return what SNS took for the updates topic, copies included."""
        return self._sent(SETTINGS.updates_topic)

    def told(self) -> list[str]:
        """Return the subjects of what SNS took, oldest first, without what all of them begin with."""
        return [
            str(one.params["Subject"]).removeprefix(f"[prod] worker_stuck {SETTINGS.service}: ")
            for one in self._of("Publish")
        ]

    def dead_letters(self) -> list[dict[str, Any]]:
        """Return the letters that a function put into the queue."""
        return [json.loads(one.params["MessageBody"]) for one in self._of("SendMessage")]

    def redeploys(self) -> int:
        """Return how many UpdateService calls of ours took effect."""
        return len(self.ecs.redeploys)

    def _of(self, operation: str) -> list[Call]:
        return [one for one in self.effects if one.operation == operation]

    # Going back

    def save(self) -> dict[str, Any]:
        """Return all of the stage as it is now."""
        own = ("time", "calls", "effects", "bus", "heartbeats", "ids", "_tokens", "tag_means")
        return {
            "moto": moto_state.take(),
            "ecs": self.ecs.state(),
            "own": {name: copy.copy(getattr(self, name)) for name in own},
        }

    def go_back(self, saved: Mapping[str, Any]) -> None:
        """Be as the stage was when it was saved."""
        moto_state.put_back(saved["moto"])
        self.ecs.put_back(saved["ecs"])
        for name, value in saved["own"].items():
            setattr(self, name, copy.copy(value))
        self._mover.move_to(self.time)


def _datum(name: str, value: float, at: datetime, dimensions: Mapping[str, str]) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Timestamp": at,
        "Value": value,
        "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
    }


def _on_the_bus(entry: Mapping[str, str], now: datetime, event_id: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": event_id,
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": ACCOUNT,
        "time": to_text(now),
        "region": REGION,
        "resources": [],
        "detail": json.loads(entry["Detail"]),
    }


@contextmanager
def open_stage(make: Callable[[time_machine.Traveller], Stage] = Stage) -> Iterator[Stage]:
    """Build a stage, and take it down. One stage may serve many tests: each of them begins it anew."""
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        time_machine.travel(START, tick=False) as mover,
        mock_aws(),
    ):
        monkeypatch.setenv("MOTO_ACCOUNT_ID", ACCOUNT)
        # botocore waits between its attempts; here nobody has that time.
        monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
        stage = make(mover)
        monkeypatch.setattr(held, "_token", stage.new_id)
        monkeypatch.setattr(incidents.secrets, "token_hex", lambda _: stage.new_id()[-4:])
        try:
            yield stage
        finally:
            SEAM.hooks = Hooks()


__all__ = ["ALARM", "SETTINGS", "START", "Call", "Killed", "Stage", "event", "open_stage"]
