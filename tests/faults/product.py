"""The product as a newcomer starts it, `manage.py run`, with a folder and ports of its own."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from tests.services import ROOT, VAR_DIR, connect, copy_product, environment, make_database
from tests.waiting import wait_for

START_SECONDS = 240
STOP_SECONDS = 20


class Product:
    def __init__(self, folder: Path, **overrides: str) -> None:
        self.folder = folder
        told = {**environment(folder), "WORKERS": "2", "DJANGO_SETTINGS_MODULE": "tests.quick.settings"}
        self.environment = {**os.environ, **told, **overrides}
        self.output = folder / "terminal.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> str:
        """Run a command to its end."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def skip_the_samples(self) -> None:
        """Make the next start look like a later one."""
        copy_product(_set_up(), self.folder)

    def start(self, *options: str) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run", *options],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start_and_wait(self) -> None:
        self.start()
        assert self.process
        poll = self.process.poll
        url = f"http://127.0.0.1:{self.environment['WEB_PORT']}/"
        wait_for(lambda: url in self.terminal() or poll() is not None, START_SECONDS)
        assert self.process.poll() is None, self.terminal()

    def terminal(self) -> str:
        return self.output.read_text()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if not self.process or self.process.poll() is not None:
            return
        pids = self.descendants()
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            for pid in (self.process.pid, *pids):
                os.kill(pid, signal.SIGKILL)

    def descendants(self) -> set[int]:
        assert self.process
        found: set[int] = set()
        level = [self.process.pid]
        while level:
            level = [child for pid in level for child in children(pid)]
            found.update(level)
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(connect(self.environment["DATABASE_URL"])) as database:
            return database.execute(query).fetchall()


@cache
def _set_up() -> Path:
    """The folder of a product with a batch, made once: to migrate takes longer than most of what is tried."""
    folder = VAR_DIR / "set-up"
    folder.mkdir(mode=0o700)
    make_database(folder)
    product = Product(folder)
    product.manage("migrate", "--verbosity", "0")
    product.manage("shell", "-c", "from pipeline.models import Batch; Batch.objects.create(name='Earlier')")
    return folder


def children(pid: int) -> list[int]:
    """Of every thread of that process."""
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]


def program(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
