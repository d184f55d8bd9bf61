"""The whole product on one machine: its servers, then the Procfile's processes, under one supervisor."""

import fcntl
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, get_args

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Message, Printer

from pipeline.engines import embedded, object_store, weights
from pipeline.engines.embedded import Server, ServerError
from pipeline.management import samples
from pipeline.models import Batch
from pipeline.states import Enhancement

# A worker holds 0.6 to 0.9 GB and peaks at 1.7 GB on 24 megapixels; the rest of the machine must go on.
GB_PER_WORKER = 2.0
LONG_LOG_BYTES = 10_000_000
# Our own loggers' lines, and everybody's warnings.
USEFUL_LINE = re.compile(r"INFO (pipeline|review|accounts)\b|WARNING|ERROR|CRITICAL")


class Terminal(Printer):
    """Every line goes to its process's log; the terminal gets those that say something about the photos or a fault."""

    def __init__(self, folder: Path) -> None:
        super().__init__(sys.stdout)
        self.folder = folder

    def write(self, message: Message) -> None:
        data = message.data
        line = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        # A full disk must not end what could go on when there is room again.
        with suppress(OSError), (self.folder / f"{message.name}.log").open("a") as log:
            log.write(line)
        if USEFUL_LINE.match(line):
            with suppress(OSError):
                super().write(message)


class Supervisor(Manager):
    """Runs the Procfile; watches the servers beside it; calls `on_ready` once the site answers."""

    def __init__(self, terminal: Terminal, servers: "Running", on_ready: Callable[[], None]) -> None:
        super().__init__(terminal)
        self.servers = servers
        self.on_ready = on_ready
        self.culprit: str | None = None

    def _start(self) -> None:
        super()._start()
        # After the forks: a thread must not exist before them.
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        url = f"http://{embedded.LOOPBACK}:{settings.WEB_PORT}/"
        while not self._terminating and not answers(url):
            time.sleep(0.1)
        if not self._terminating:
            self.on_ready()
        while not self._terminating:
            self.culprit = self.culprit or self.servers.first_dead()
            if self.culprit:
                os.kill(os.getpid(), signal.SIGTERM)
                return
            time.sleep(1)

    def terminate(self) -> None:
        if not self._all_started():  # too early: honcho does not know yet whom to stop
            threading.Timer(0.1, self.terminate).start()
            return
        dead = (name for name, process in self._processes.items() if process.get("returncode") is not None)
        if not self._terminating:
            self.culprit = self.culprit or next(dead, None)
        super().terminate()


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 – an address of ours
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Running:
    """The servers that were started, so that all of them can be stopped."""

    def __init__(self) -> None:
        self.started: list[tuple[Server, subprocess.Popen[bytes]]] = []

    def start(self, servers: Sequence[Server]) -> None:
        for server in servers:
            self.started.append((server, embedded.start(server)))
        for server, process in self.started:
            embedded.wait_until_up(server, process)

    def first_dead(self) -> str | None:
        return next((server.name for server, process in self.started if process.poll() is not None), None)

    def stop(self) -> None:
        embedded.stop([process for _, process in self.started])
        for server, _ in self.started:
            embedded.remove_sockets(server)


class Command(BaseCommand):
    help = "Start the whole product on this machine: Valkey, S3, web, workers and the reaper. Ctrl-C stops it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--samples-by",
            choices=get_args(Enhancement),
            default="local",
            help="who enhances the samples, at first start",
        )
        parser.add_argument(
            "--servers", action="store_true", help="Valkey and S3 alone, as manage.py restore needs them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Whoever starts us in the background has us ignore SIGINT, unless we say otherwise.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            keep_to_ourselves(settings.VAR_DIR)
            with only_one(settings.VAR_DIR / "run.lock"):
                self._run(options["samples_by"], only_servers=options["servers"])
        except (ServerError, weights.WeightsError, object_store.ObjectStoreError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def _run(self, samples_by: str, *, only_servers: bool) -> None:
        weights.locate(settings.MATTE_MODEL, settings.WEIGHTS_DIR)
        set_long_logs_aside(settings.VAR_DIR / "log")
        servers = our_servers()
        refuse_taken_ports(servers)
        running = Running()
        try:
            running.start(servers)
            if only_servers:
                self._watch(running)
            accounts = self._prepare()
            is_first = not Batch.objects.exists()
            if is_first:
                samples.take_in(settings.BASE_DIR / "samples", samples_by)
            connections.close_all()  # a connection must not cross the forks to come
            self._supervise(running, lambda: self._welcome(accounts, is_first=is_first))
        finally:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            running.stop()

    def _watch(self, running: Running) -> NoReturn:
        """Until Ctrl-C, or one of them stops by itself."""
        self.stdout.write("Valkey and S3 are up, and nothing else. Ctrl-C stops them.")
        while not (dead := running.first_dead()):
            time.sleep(1)
        raise ServerError(f"{dead} stopped by itself; see {settings.VAR_DIR / 'log'}")

    def _prepare(self) -> str:
        """Whatever must be there before the first request; returns the sign-in table."""
        object_store.ensure_buckets()
        call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        accounts = io.StringIO()
        call_command("demo_accounts", stdout=accounts)
        call_command("check", databases=["default"], stdout=io.StringIO())  # are their passwords still those?
        return accounts.getvalue()

    def _welcome(self, accounts: str, *, is_first: bool) -> None:
        self.stdout.write(banner(accounts))
        if is_first:
            threading.Thread(target=samples.tell, args=(self.stdout.write,), daemon=True).start()

    def _supervise(self, running: Running, on_ready: Callable[[], None]) -> None:
        log_folder = settings.VAR_DIR / "log"
        supervisor = Supervisor(Terminal(log_folder), running, on_ready)
        for name, command in parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes.items():
            supervisor.add_process(name, command, env=child_environment(), cwd=str(settings.BASE_DIR))
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        supervisor.loop()
        if supervisor.culprit:
            log = log_folder / f"{supervisor.culprit}.log"
            raise ServerError(f"{supervisor.culprit} stopped by itself; the end of {log}:\n{embedded.tail(log)}")
        self.stdout.write("Stopped.")


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def keep_to_ourselves(folder: Path) -> None:
    """Photos, passwords and the database are no business of the machine's other users."""
    os.umask(0o077)  # of every process started from here
    if folder.stat().st_mode & 0o002:
        raise ServerError(f"VAR_DIR={folder} is a folder that everybody may write to: name one of Mattegate's own")
    folder.chmod(0o700)


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Two products on one folder would spoil each other's files."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(f"Another `make run` is using {lock.parent}: stop it, or set VAR_DIR") from None
        os.register_at_fork(after_in_child=file.close)  # who outlives us holds nothing
        yield


def set_long_logs_aside(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        if log.stat().st_size > LONG_LOG_BYTES:
            log.replace(log.with_suffix(".old"))


def our_servers() -> list[Server]:
    folder, log_folder = settings.VAR_DIR, settings.VAR_DIR / "log"
    return [
        embedded.valkey(url=settings.REDIS_URL, folder=folder / "redis", log_folder=log_folder),
        embedded.seaweedfs(
            url=settings.S3_ENDPOINT_URL,
            access_key=settings.S3_ACCESS_KEY,
            secret_key=settings.S3_SECRET_KEY,
            folder=folder / "s3",
            log_folder=log_folder,
        ),
    ]


def refuse_taken_ports(servers: Sequence[Server]) -> None:
    wanted = [("WEB_PORT", [settings.WEB_PORT]), *((server.setting, server.ports) for server in servers)]
    for setting, ports in wanted:
        if taken := embedded.taken_ports(ports):
            raise ServerError(f"Port {taken[0]} is taken by another program: stop that, or move ours with {setting}")


def child_environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    workers = str(settings.WORKERS or default_workers())
    ours = {"WORKERS": workers, "WEB_PORT": str(settings.WEB_PORT), "PATH": path, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **ours, "SUPERVISOR": str(os.getpid())}


def default_workers() -> int:
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return max(1, min(len(os.sched_getaffinity(0)), int(memory_gb / GB_PER_WORKER)))


def banner(accounts: str) -> str:
    bucket, endpoint = settings.S3_PUBLISHED_BUCKET, settings.S3_ENDPOINT_URL
    secret = "$S3_SECRET_KEY" if "S3_SECRET_KEY" in os.environ else f"$(cat {settings.VAR_DIR / 's3_secret_key'})"
    return f"""
Mattegate runs at http://{embedded.LOOPBACK}:{settings.WEB_PORT}/

{accounts.rstrip()}

Finished files land in the bucket {bucket} at {endpoint}; list them with any S3 client:
  AWS_ACCESS_KEY_ID={settings.S3_ACCESS_KEY} AWS_SECRET_ACCESS_KEY={secret} \\
    aws s3 ls s3://{bucket} --recursive --endpoint-url {endpoint} --region {settings.S3_REGION}
Logs are in {settings.VAR_DIR}/log. Ctrl-C stops everything; what was done is kept.
"""
