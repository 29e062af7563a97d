"""A real Postgres of the case's own, as RDS would be: it is stopped, exhausted and asked for real.

Postgres refuses to run as root. Where the rehearsal is root, it runs as the machine's ``nobody``, from a
copy of the wheel's binaries that ``nobody`` may read.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from rehearsal.parts import LOOPBACK, postgres_folder
from rehearsal.processes import Processes

START_SECONDS = 20.0
"""Real seconds; it takes about 0.2."""
PASSWORD = "saas-password"  # noqa: S105  # of a database on this machine that lives for a minute
SCHEMA = """
CREATE TABLE items (id serial PRIMARY KEY, name text NOT NULL);
INSERT INTO items (name) SELECT 'item ' || n FROM generate_series(1, 20) n;
CREATE TABLE ai_usage_log (
    id bigserial PRIMARY KEY, user_id text NOT NULL, tokens integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE ROLE saas LOGIN PASSWORD '{password}';
GRANT ALL ON ALL TABLES IN SCHEMA public TO saas;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO saas;
GRANT CREATE ON SCHEMA public TO saas;
CREATE ROLE stranger LOGIN PASSWORD '{password}';
"""


class Database:
    """Postgres on 127.0.0.1.

    Args:
        folder: the case's folder, for the log.
        port: free on 127.0.0.1.
        max_connections: as the environment file has them.
        reserved: of those, for superusers.
        processes: starts it, and removes its data at the end.
    """

    def __init__(
        self, folder: Path, port: int, max_connections: int, reserved: int, processes: Processes
    ) -> None:
        self.port = port
        self._folder = folder
        self._processes = processes
        self._settings = {
            "port": port,
            "listen_addresses": LOOPBACK,
            "max_connections": max_connections,
            "superuser_reserved_connections": reserved,
            "unix_socket_directories": "",
            "shared_buffers": "16MB",
            "fsync": "off",
            "autovacuum": "off",
            "max_wal_senders": 0,
            "wal_level": "minimal",
            "scram_iterations": 1,  # the cost of a password is no part of the rehearsal
            # 16 has a second reserve; RDS's reserve is what the environment file names.
            "reserved_connections": 0,
        }
        # Not in the case's folder, which may lie where ``nobody`` may not look.
        self._home = Path(tempfile.mkdtemp(prefix="nightshift-postgres-"))
        processes.remove_at_the_end(self._home)
        self._user = "nobody" if os.geteuid() == 0 else None
        self._home.chmod(0o755)
        self._installed = self._install()
        self._data = self._home / "data"
        self._data.mkdir(mode=0o700)
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(self._data, owner.pw_uid, owner.pw_gid)
        self._init()
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        with self._admin() as connection:
            connection.execute(SCHEMA.format(password=PASSWORD).encode())

    def _install(self) -> Path:
        if self._user is None:
            return postgres_folder()
        # The binaries find their libraries by the wheel's own layout.
        wheel = postgres_folder().parent
        copied = self._home / wheel.name / "pginstall"
        shutil.copytree(postgres_folder(), copied, symlinks=True, ignore=_headers)
        libraries = f"{wheel.name}.libs"
        shutil.copytree(wheel.parent / libraries, self._home / libraries)
        return copied

    def _init(self) -> None:
        subprocess.run(
            [
                str(self._installed / "bin" / "initdb"), "-D", str(self._data), "-U", "admin",
                "--auth=scram-sha-256", "--auth-local=trust", f"--pwfile={self._password_file()}",
                "--no-sync", "--encoding=UTF8", "--locale=C",
            ],
            check=True, capture_output=True, user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            extra_groups=[] if self._user else None, cwd="/", env=self._environment(),
        )  # fmt: skip

    def _password_file(self) -> Path:
        path = self._home / "password"
        path.write_text(PASSWORD, encoding="utf-8")
        path.chmod(0o644)
        return path

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "TZ": "UTC", "LC_ALL": "C"}

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: it does not start.
        """
        options = [
            part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")
        ]
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self.process = self._processes.start(
            "postgres",
            [str(self._installed / "bin" / "postgres"), "-D", str(self._data), *options],
            log=self._folder / "postgres.log",
            env=self._environment(),
            cwd=Path("/"),
            user=self._user,
        )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                self._admin().close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError("Postgres does not start: see postgres.log")

    def kill(self) -> None:
        """Kill the server where it stands, as when its host is lost."""
        if self.process is None:
            raise RuntimeError("Postgres was not started")
        self._processes.signal(self.process, signal.SIGQUIT)
        self.process.wait()

    def _admin(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=LOOPBACK, port=self.port, user="admin", password=PASSWORD, dbname="postgres",
            autocommit=True, connect_timeout=2, application_name="rehearsal",
        )  # fmt: skip

    def query(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask as a superuser, whose connections are reserved."""
        with self._admin() as connection:
            return connection.execute(text.encode(), values).fetchall()

    def address(self, user: str, password: str = PASSWORD) -> str:
        """Return how a user reaches it."""
        return f"postgresql://{user}:{password}@{LOOPBACK}:{self.port}/postgres"

    def end_connections(self, user: str) -> None:
        """End what a user has, as an administrator does."""
        self.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'"  # noqa: S608  # a name of ours
        )

    def execute(self, text: str) -> None:
        """Do something as a superuser."""
        with self._admin() as connection:
            connection.execute(text.encode())

    def connections(self) -> int | None:
        """Return how many clients are connected, the rehearsal's own not counted; None when it is down."""
        try:
            [(count,)] = self.query(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND application_name <> 'rehearsal'"
            )
        except psycopg.OperationalError:
            return None
        return int(count)

    def close(self) -> None:
        """Stop the server."""
        if self.process is not None and self.process.poll() is None:
            self.kill()


def _headers(folder: str, names: list[str]) -> set[str]:
    del folder
    return {"include"} & set(names)
