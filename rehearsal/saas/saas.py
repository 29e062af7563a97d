"""The whole small SaaS of one case: as many of its parts as the case needs, all of them real processes."""

import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.environment import Environment, Worker
from infra.environment import Service as Named
from rehearsal.aws.ecs import EcsApi
from rehearsal.aws.embedded import EmbeddedAws
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal
from rehearsal.parts import LOOPBACK
from rehearsal.ports import free_port
from rehearsal.processes import Processes
from rehearsal.saas import web
from rehearsal.saas.balancer import Balancer
from rehearsal.saas.broker import Broker
from rehearsal.saas.database import PASSWORD, Database
from rehearsal.saas.front import Front
from rehearsal.saas.managed import Managed
from rehearsal.saas.one_off import OneOff
from rehearsal.saas.outside import Outside, Provider
from rehearsal.saas.pipeline import Pipeline
from rehearsal.saas.service import Service
from rehearsal.saas.strangers import Strangers
from rehearsal.saas.tasks import Deployment, Program, Target, Task
from rehearsal.saas.users import A_MINUTE, Users

ADMIN_TOKEN = "admin-token"  # noqa: S105  # of the stand-in
LONG_AGO = timedelta(days=3)
"""Since when the first versions have been there."""
WORKER, BACKEND, DATABASE, AI = "worker", "backend", "database", "ai"
"""Parts that a case may ask for; the backend brings its load balancer and its users.

In place of a part that is not there its metrics and its answer say that it is well."""
STREAM_PREFIX = "ecs"
"""Of the log streams of one-off tasks."""
IDLE_CONNECTIONS = 20
"""Of a database that is not there."""


class Saas:
    """The users' system.

    Args:
        environment: its names.
        parts: which of it there is.
        counts: tasks of each service.
        folder: for logs and data.
        clock, journal, processes, aws: the stage's.
        web_port: where the front listens.
    """

    def __init__(
        self,
        environment: Environment,
        parts: frozenset[str],
        counts: dict[str, int],
        folder: Path,
        clock: SharedClock,
        journal: Journal,
        processes: Processes,
        aws: EmbeddedAws,
        web_port: int,
    ) -> None:
        self._environment = environment
        self.parts = parts
        self._folder = folder
        self._clock = clock
        self._processes = processes
        self._aws = aws
        self._web_port = web_port
        memory = {WORKER: 2048, BACKEND: counts.get("backend_mib", 1024)}
        self.pipeline = Pipeline(environment, aws.client, memory)
        self._hosts = _loopback_hosts()
        self.minutes: list[dict[str, float]] = []
        self.broken, self.crash, self.leak = (folder / name for name in ("broken", "crash", "leak"))
        self.broker = Broker(folder, environment.redis.port, processes)
        self._database = self._start_database() if DATABASE in parts else None
        providers = {name: Provider(name) for name in environment.ai.status_pages}
        self.outside = Outside(
            providers, environment.frontend.project, stands_in=BACKEND not in parts
        )
        self.managed = Managed(environment, clock, aws.bus.put)
        for group in (environment.worker.log_group, environment.backend.log_group):
            aws.client("logs").create_log_group(logGroupName=group)
        aws.client("ecs").create_cluster(clusterName=environment.cluster.name)
        self.managed.make(aws.client)
        self._make_secrets()
        self.worker = self._make_service(environment.worker, self._worker_program(), counts)
        self.backend = self._make_service(environment.backend, self._backend_program(), counts)
        self.one_off = self._make_one_off()
        EcsApi([self.worker, self.backend], self.one_off).install()
        self.balancer = Balancer(self._serving, web_port)
        self.front = Front(web_port, self.balancer, self.outside, journal)
        self.users = Users(
            web_port, clock, counts.get("chats", 0), counts.get("requests", A_MINUTE)
        )
        self.strangers = Strangers(lambda: self.database)
        for name, service, tag in (
            (WORKER, self.worker, "prod"),
            (BACKEND, self.backend, "build-1"),
        ):
            self.pipeline.push_image(service, tag)
            service.deploy(self.pipeline.new_revision(service, tag), ago=LONG_AGO)
            if name not in parts:
                service.desired = 0
        if BACKEND in parts:
            self.balancer.start()

    # -- making ----------------------------------------------------------------------------------

    def _start_database(self) -> Database:
        found = self._environment.database
        return Database(
            self._folder, free_port(), found.max_connections, found.reserved, self._processes
        )

    def address(self, password: str = PASSWORD) -> str:
        """Return how the SaaS's tasks reach the database."""
        return self.database.address("saas", password)

    @property
    def quota_prefix(self) -> str:
        """Return what the keys of the AI quotas begin with."""
        return self._environment.redis.quota_pattern.removesuffix("*")

    @property
    def database(self) -> Database:
        """Return the database.

        Raises:
            RuntimeError: the case has none.
        """
        if self._database is None:
            raise RuntimeError("this case has no database")
        return self._database

    def _make_secrets(self) -> None:
        environment = self._environment
        secrets = self._aws.client("secretsmanager")
        secrets.create_secret(Name=environment.reconcile.secret, SecretString=ADMIN_TOKEN)
        token = "vercel-token"  # noqa: S105  # of the stand-in
        secrets.create_secret(Name=environment.frontend.secret, SecretString=token)
        self._aws.client("ssm").put_parameter(
            Name=environment.ai.provider_parameter,
            Value=next(iter(environment.ai.status_pages)),
            Type="String",
        )

    def _common(self) -> dict[str, str]:
        common = {
            "SAAS_REDIS_URL": self.broker.url,
            "SAAS_QUEUE": self._environment.redis.queue,
            "SAAS_BROKEN": str(self.broken),
            "SAAS_QUOTA_PREFIX": self.quota_prefix,
        }
        return {**common, "SAAS_DB": self.address()} if self._database else common

    def _worker_program(self) -> Program:
        return Program(
            kind="worker",
            command=lambda task_id, _host: worker_command(task_id, self._environment.worker),
            environment=self._common(),
            ready=lambda line: line.rstrip().endswith(" ready."),
            log_group=self._environment.worker.log_group,
        )

    def _backend_program(self) -> Program:
        environment = self._environment
        ai = {
            "SAAS_PROVIDER_PARAMETER": environment.ai.provider_parameter,
            "AWS_ENDPOINT_URL": self._aws.endpoint,
            "AWS_DEFAULT_REGION": environment.region,
        }
        return Program(
            kind="backend",
            command=lambda _task_id, _host: [sys.executable, "-m", "rehearsal.saas.web"],
            environment={
                **self._common(),
                "SAAS_PORT": str(self._web_port),
                "SAAS_POOL": str(environment.backend.pool_size),
                "SAAS_AI": f"http://{LOOPBACK}:{self._web_port}/ai",
                "SAAS_ADMIN_TOKEN": ADMIN_TOKEN,
                "SAAS_CRASH_WHEN": str(self.crash),
                "SAAS_LEAK_WHEN": str(self.leak),
                **(ai if AI in self.parts else {}),
            },
            ready=lambda line: f'"message": "{web.READY}"' in line,
            log_group=environment.backend.log_group,
        )

    def _make_service(self, named: Named, program: Program, counts: dict[str, int]) -> Service:
        self._aws.client("ecr").create_repository(repositoryName=named.repository)
        return Service(
            self._target(named.service, named.container, named.repository),
            program,
            self._folder,
            self._clock,
            self._processes,
            self._line,
            self.pipeline.describe(named.container),
            self.pipeline.digest,
            lambda: next(self._hosts),
            self._tell,
            counts.get(program.kind, 1),
        )

    def _target(self, service: str, container: str, repository: str) -> Target:
        place = self._environment
        return Target(
            place.cluster.name, service, container, repository, place.account, place.region
        )

    def _make_one_off(self) -> OneOff:
        migrations = self._environment.migrations
        self._aws.client("logs").create_log_group(logGroupName=migrations.log_group)
        self.pipeline.new_migrations("build-1", STREAM_PREFIX)
        image = {  # what the image brings along: alembic, and its migrations
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
            "ALEMBIC_CONFIG": str(Path(__file__).parent / "migrations" / "alembic.ini"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return OneOff(
            self._target("", migrations.container, migrations.task_family),
            self._folder,
            self._clock,
            self._processes,
            {**self._common(), **image},
            migrations.log_group,
            STREAM_PREFIX,
            self._line,
            self.pipeline.describe(migrations.container),
            self.pipeline.digest,
        )

    # -- living ----------------------------------------------------------------------------------

    def _line(self, group: str, stream: str, line: str) -> None:
        self._aws.put_log(group, stream, line, self._clock.now())

    def _tell(self, service: Service, what: Task | Deployment, event: str) -> None:
        """Put ECS's own event on the bus."""
        target = service.target
        if isinstance(what, Task):
            shape = {**what.shape(target), "group": f"service:{target.service}"}
            detail = {
                name: _text(value) if isinstance(value, datetime) else value
                for name, value in shape.items()
            }
            self._aws.bus.put("aws.ecs", "ECS Task State Change", [what.arn], detail)
            return
        self._aws.bus.put(
            "aws.ecs",
            "ECS Deployment State Change",
            [target.service_arn],
            {
                "eventType": "INFO",
                "eventName": event,
                "deploymentId": what.id,
                "updatedAt": _text(self._clock.now()),
                "reason": f"ECS deployment {what.id} {event.rsplit('_', 1)[-1].lower()}.",
            },
        )

    def _serving(self) -> list[str]:
        return [task.host for one in self.backend.deployments for task in one.up() if task.serving]

    def round(self) -> None:
        """Let everything do what is due."""
        self.worker.reconcile()
        self.backend.reconcile()
        self.one_off.watch()
        if BACKEND in self.parts:
            self.users.send()

    def measure(self, passed: int) -> None:
        """Put the last minutes' metrics, as AWS does for what it runs.

        Args:
            passed: minutes since the last measurement: on a busy machine a minute may pass within one round.
                A state is put for each of them, since AWS leaves out none; a count for the newest.
        """
        now = self._clock.now()
        moments = [now - timedelta(minutes=ago) for ago in range(passed)]
        for service in (self.worker, self.backend):
            names = {
                "ClusterName": service.target.cluster,
                "ServiceName": service.target.service,
            }
            percents = {
                "CPUUtilization": service.cpu_percent(),
                "MemoryUtilization": service.memory_percent(),
            }
            for name, percent in percents.items():
                self._put_state("AWS/ECS", name, names, percent, moments)
        self._measure_requests([one - timedelta(seconds=45) for one in moments])
        count = self._database.connections() if self._database else IDLE_CONNECTIONS
        instance = {"DBInstanceIdentifier": self._environment.database.instance}
        self._put_state("AWS/RDS", "DatabaseConnections", instance, count, moments)

    def _put_state(
        self,
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        value: float | None,
        moments: list[datetime],
    ) -> None:
        if value is not None:
            for moment in moments:
                self._aws.put_metric(namespace, name, dimensions, value, moment)

    def _measure_requests(self, moments: list[datetime]) -> None:
        names = self._environment.load_balancer
        balancer = {"LoadBalancer": names.name}
        both = {**balancer, "TargetGroup": names.target_group}
        by_balancer, by_group = self.balancer.measured()
        self.minutes.append(by_balancer)
        if BACKEND not in self.parts:
            by_balancer, by_group = {"RequestCount": A_MINUTE}, {"HealthyHostCount": 1}
        for name, value in by_balancer.items():
            self._aws.put_metric("AWS/ApplicationELB", name, balancer, value, moments[0])
            if not name.startswith("HTTPCode_ELB"):
                self._aws.put_metric("AWS/ApplicationELB", name, both, value, moments[0])
        for name, value in by_group.items():
            self._put_state("AWS/ApplicationELB", name, both, value, moments)

    def connections(self) -> int | None:
        """Return how many connections the database has; None where there is none, or it is down."""
        return self._database.connections() if self._database else None

    def rows(self) -> int:
        """Return how many rows the usage log has."""
        found = self.query("SELECT count(*) FROM ai_usage_log")
        return int(found[0][0]) if found else 0

    def schema(self) -> str:
        """Return the revision that Alembic left in the database; empty where it never ran."""
        if self.columns("alembic_version"):
            return ", ".join(
                name for (name,) in self.query("SELECT version_num FROM alembic_version")
            )
        return ""

    def columns(self, table: str) -> tuple[str, ...]:
        """Return a table's columns; none where there is no such table."""
        text = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' "
        found = self.query(f"{text} AND table_name = '{table}' ORDER BY ordinal_position")
        return tuple(str(name) for (name,) in found)

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """Ask the database as a superuser; nothing where there is none, or it is down."""
        if self.connections() is None:
            return []
        return self.database.query(text)

    def close(self) -> None:
        """Stop what runs in this process; the processes have their own end."""
        self.users.close()
        self.balancer.close()
        self.front.close()
        self.strangers.give_back()
        self.broker.client.close()
        if self._database is not None:
            self._database.close()


def worker_command(task_id: str, worker: Worker) -> list[str]:
    """Return how a worker is started: it works on and reserves as many messages as the environment says.

    With late acknowledgement Celery counts what a process works on among what it has prefetched.
    """
    return [
        sys.executable, "-m", "celery", "-A", "rehearsal.saas.app", "worker",
        "-c", str(worker.concurrency), "--prefetch-multiplier", str(1 + worker.prefetch),
        "--loglevel", "INFO", "--without-gossip", "--without-mingle",
        "-n", f"worker-{task_id[:8]}@saas",
    ]  # fmt: skip


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _loopback_hosts() -> Iterator[str]:
    """Return an address for each task: all of 127.0.0.0/8 is this machine."""
    for third in range(1, 255):
        for fourth in range(1, 255):
            yield f"127.0.{third}.{fourth}"
