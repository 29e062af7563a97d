"""One case's stage: clock, embedded AWS, broker, workers, and the loop that lets them live."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Self

from infra import settings
from infra.environment import Environment
from rehearsal.aws.embedded import EmbeddedAws
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal
from rehearsal.processes import Processes
from rehearsal.saas.app import send
from rehearsal.saas.saas import WORKER, Saas
from rehearsal.saas.troubles import Troubles

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""It is always 3 a.m."""
LOOP_SECONDS = 0.01
"""Real pause between two rounds: half a virtual second."""
MINUTE = timedelta(minutes=1)
READY_MINUTES = 30
"""Virtual, for every process to start."""
MEASURED_MINUTES = 7
"""Virtual, of good datapoints before anything is broken."""


class Stage:
    """Everything that one case needs, in its own folder.

    Args:
        folder: empty; evidence is written to it.
        assembly: what ``make synth`` writes, with the rehearsal's addresses.
        environment: the environment that it was made of.
        web_port: where the SaaS is reached.
        parts: of the SaaS, those that the case needs.
        counts: tasks of a service, and chats a minute, where they differ from the usual.

    Attributes:
        broke_at: the moment of the break, as the journal writes moments; empty before it.
    """

    def __init__(
        self,
        folder: Path,
        assembly: Path,
        environment: Environment,
        web_port: int,
        parts: frozenset[str] = frozenset({WORKER}),
        counts: Mapping[str, int] | None = None,
    ) -> None:
        (folder / "assets").mkdir(parents=True)
        self.folder = folder
        self.environment = environment
        self.clock = SharedClock(folder / "clock", START)
        self.journal = Journal(folder, self.clock)
        self.processes = Processes(self.journal)
        self.sent = 0
        self.broke_at = ""
        self._assembly = assembly
        self._web_port = web_port
        self._parts = parts
        self._counts = dict(counts or {})
        self._worn = self.clock.worn()
        self._minutes_done = 0

    def __enter__(self) -> Self:
        self._worn.__enter__()
        with self.clock.paused():
            self._build()
        return self

    def __exit__(self, *_: object) -> None:
        self.aws.close()
        self.saas.close()
        self.processes.close()
        self._worn.__exit__(None, None, None)
        self.clock.close()

    def _build(self) -> None:
        environment = self.environment
        self.aws = EmbeddedAws(
            self.folder,
            self.clock,
            self.journal,
            self.processes,
            environment.account,
            environment.region,
        )
        self.saas = Saas(
            environment,
            self._parts,
            self._counts,
            self.folder,
            self.clock,
            self.journal,
            self.processes,
            self.aws,
            self._web_port,
        )
        self.broker = self.saas.broker
        self.troubles = Troubles(self.saas, self.aws, environment)
        self.aws.deploy(self._assembly)
        self._alarms_of_the_team()

    def _alarms_of_the_team(self) -> None:
        """Make the alarms that the environment names as there already: here nothing raises them."""
        existing = self.environment.existing_alarms.values()
        for name in sorted({name for names in existing for name in names}):
            self.aws.client("cloudwatch").put_metric_alarm(
                AlarmName=name,
                AlarmDescription="The team's own.",
                Namespace="Team",
                MetricName=name,
                Statistic="Maximum",
                Period=60,
                EvaluationPeriods=1,
                DatapointsToAlarm=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                TreatMissingData="notBreaching",
            )

    # -- living ----------------------------------------------------------------------------------

    def round(self) -> None:
        """Let everything do what is due, once."""
        self.saas.round()
        self.aws.tick()
        self.processes.reap()
        minutes = int((self.clock.now() - START) / MINUTE)
        if minutes > self._minutes_done:
            self.saas.measure(minutes - self._minutes_done)
            self._minutes_done = minutes
        time.sleep(LOOP_SECONDS)

    def until(self, done: Callable[[], bool], minutes: float) -> bool:
        """Live until ``done``, at most for some virtual minutes; say whether it came true."""
        deadline = self.clock.now() + minutes * MINUTE
        while self.clock.now() < deadline:
            if done():
                return True
            self.round()
        return done()

    def ready(self) -> None:
        """Live until everything works and a few minutes were measured.

        Raises:
            RuntimeError: the stage itself does not work.
        """
        if WORKER in self._parts:
            self.send(5)
        if not self.until(self._works, READY_MINUTES):
            raise RuntimeError("the stage is not ready: see the logs of its parts")
        self.aws.watch()
        self.until(lambda: False, MEASURED_MINUTES)

    def broke(self) -> None:
        """Say that what is broken breaks now."""
        self.broke_at = self.clock.now().isoformat(timespec="milliseconds")
        self.journal.write("breaks")

    def _works(self) -> bool:
        saas = self.saas
        if WORKER in self._parts and (self.depth() or len(saas.worker.deployments) > 1):
            return False
        services = [saas.worker, saas.backend]
        steady = all(one.deployments[0].state == "COMPLETED" for one in services)
        return steady and all(len(one.running()) == one.desired for one in services)

    def send(self, count: int, busy_seconds: float = 0.005, wait_seconds: float = 0.01) -> None:
        """Send tasks to the worker's queue."""
        queue = self.environment.redis.queue
        send(count, self.sent, busy_seconds, wait_seconds, self.broker.url, queue)
        self.sent += count

    def depth(self) -> int:
        """Return how many messages wait, read from Redis itself."""
        return self.broker.depth(self.environment.redis.queue)

    def alarm_state(self, name: str) -> str:
        """Return an alarm's state by its name after the prefix."""
        found = self.aws.client("cloudwatch").describe_alarms(
            AlarmNames=[f"{self.environment.prefix}/{name}"]
        )
        state: str = found["MetricAlarms"][0]["StateValue"]
        return state

    def set_parameter(self, name: str, value: str) -> None:
        """Change a live switch or mode, as a person would."""
        self.aws.client("ssm").put_parameter(
            Name=f"/nightshift/{self.environment.name}/{name}",
            Value=value,
            Type="String",
            Overwrite=True,
        )

    def table(self) -> list[dict[str, Any]]:
        """Return all items of Nightshift's table, for people and the judge to read."""
        from runbook.table import from_aws  # noqa: PLC0415  # the product's own reader of its items

        client = self.aws.client("dynamodb")
        found = client.scan(TableName=self.environment.prefix)["Items"]
        return [from_aws(item) for item in found]

    def drafts(self) -> dict[str, str]:
        """Return the post-mortem drafts, by the incidents that their names tell."""
        client, bucket = self.aws.client("s3"), settings.bucket(self.environment)
        found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        keys = [one["Key"] for one in found]
        return {
            PurePosixPath(key).stem: client.get_object(Bucket=bucket, Key=key)["Body"]
            .read()
            .decode()
            for key in keys
        }
