"""One case's stage: clock, embedded AWS, broker, workers, and the loop that lets them live."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from infra.environment import Environment
from rehearsal.aws.embedded import EmbeddedAws
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal
from rehearsal.processes import Processes
from rehearsal.saas.app import send
from rehearsal.saas.broker import Broker
from rehearsal.saas.ecs import Scheduler, Target

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
"""It is always 3 a.m."""
LOOP_SECONDS = 0.01
"""Real pause between two rounds: half a virtual second."""
MINUTE = timedelta(minutes=1)
READY_MINUTES = 30
"""Virtual, for the first worker and the first datapoints."""
IMAGE_MEDIA = "application/vnd.docker.distribution.manifest.v2+json"


class Stage:
    """Everything that one case needs, in its own folder.

    Args:
        folder: empty; evidence is written to it.
        assembly: what ``make synth`` writes, with the rehearsal's addresses.
        environment: the environment that it was made of.
    """

    def __init__(self, folder: Path, assembly: Path, environment: Environment) -> None:
        (folder / "assets").mkdir(parents=True)
        self.folder = folder
        self.environment = environment
        self.clock = SharedClock(folder / "clock", START)
        self.journal = Journal(folder, self.clock)
        self.processes = Processes(self.journal)
        self.sent = 0
        self._assembly = assembly
        self._worn = self.clock.worn()
        self._minutes_done = 0

    def __enter__(self) -> Self:
        self._worn.__enter__()
        with self.clock.paused():
            self._build()
        return self

    def __exit__(self, *_: object) -> None:
        self.aws.close()
        self.broker.client.close()
        self.processes.close()
        self._worn.__exit__(None, None, None)
        self.clock.close()

    def _build(self) -> None:
        environment, worker = self.environment, self.environment.worker
        self.broker = Broker(self.folder, environment.redis.port, self.processes)
        self.aws = EmbeddedAws(
            self.folder,
            self.clock,
            self.journal,
            self.processes,
            environment.account,
            environment.region,
        )
        self.definition = self.make_target()
        self.broken = self.folder / "broken"
        self.ecs = Scheduler(
            Target(
                environment.cluster.name,
                worker.service,
                worker.container,
                environment.account,
                environment.region,
            ),
            self.folder,
            self.clock,
            self.processes,
            {
                "SAAS_REDIS_URL": self.broker.url,
                "SAAS_QUEUE": environment.redis.queue,
                "SAAS_BROKEN": str(self.broken),
            },
            self._worker_line,
            self._digest,
        )
        self.ecs.install()
        self.ecs.deploy(self.definition)
        self.aws.deploy(self._assembly)

    def make_target(self) -> str:
        """Make what exists before Nightshift: cluster, image, revision; return the revision's ARN."""
        worker = self.environment.worker
        ecs, ecr = self.aws.client("ecs"), self.aws.client("ecr")
        ecs.create_cluster(clusterName=self.environment.cluster.name)
        ecr.create_repository(repositoryName=worker.repository)
        self.push_image("first build")
        return self.new_revision()

    def push_image(self, content: str) -> None:
        """Push an image under the tag that the service uses."""
        manifest = {"schemaVersion": 2, "mediaType": IMAGE_MEDIA, "config": {"content": content}}
        self.aws.client("ecr").put_image(
            repositoryName=self.environment.worker.repository,
            imageManifest=json.dumps(manifest),
            imageTag="prod",
        )

    def new_revision(self) -> str:
        """Register a revision of the worker's task definition; return its ARN."""
        worker, place = self.environment.worker, self.environment
        image = f"{place.account}.dkr.ecr.{place.region}.amazonaws.com/{worker.repository}:prod"
        answer = self.aws.client("ecs").register_task_definition(
            family=worker.task_family,
            containerDefinitions=[{"name": worker.container, "image": image, "memory": 512}],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def _digest(self) -> str:
        answer = self.aws.client("ecr").describe_images(
            repositoryName=self.environment.worker.repository, imageIds=[{"imageTag": "prod"}]
        )
        digest: str = answer["imageDetails"][0]["imageDigest"]
        return digest

    def _worker_line(self, task_id: str, line: str) -> None:
        self.aws.put_log(self.environment.worker.log_group, task_id, line, self.clock.now())

    # -- living ----------------------------------------------------------------------------------

    def round(self) -> None:
        """Let everything do what is due, once."""
        self.ecs.reconcile()
        self.aws.tick()
        self.processes.reap()
        minutes = int((self.clock.now() - START) / MINUTE)
        if minutes > self._minutes_done:
            self._minutes_done = minutes
            self._measure()
        time.sleep(LOOP_SECONDS)

    def _measure(self) -> None:
        percent = self.ecs.cpu_percent()
        if percent is not None:
            names = {
                "ClusterName": self.environment.cluster.name,
                "ServiceName": self.environment.worker.service,
            }
            at = self.clock.now()
            self.aws.put_metric("AWS/ECS", "CPUUtilization", names, percent, at)

    def until(self, done: Callable[[], bool], minutes: float) -> bool:
        """Live until ``done``, at most for some virtual minutes; say whether it came true."""
        deadline = self.clock.now() + minutes * MINUTE
        while self.clock.now() < deadline:
            if done():
                return True
            self.round()
        return done()

    def ready(self) -> None:
        """Live until a worker consumes and a few minutes were measured.

        Raises:
            RuntimeError: the stage itself does not work.
        """
        self.send(5)
        measured = START + timedelta(minutes=8)
        up = self.until(
            lambda: self.depth() == 0 and bool(self.ecs.running()) and self.clock.now() > measured,
            READY_MINUTES,
        )
        if not up:
            raise RuntimeError("the stage is not ready: the worker does not consume; see its log")

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
