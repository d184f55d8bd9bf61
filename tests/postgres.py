"""A PostgreSQL of this test process's own, with the programs of the system's package; gone with the process."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from pipeline.engines import embedded

# Nothing here outlives the tests: what would save it from a power cut only takes time.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=32MB")
# It won't run as root; the package made it a user of its own.
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=INT")
PASSWORD = "tests-password"


def programs() -> Path | None:
    """The folder of the newest, as Debian lays them out, or of the one on the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = [*([Path(on_path)] if on_path else []), *installed]
    return found[-1].parent if found else None


class Cluster:
    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, name: str) -> str:
        return f"postgres://tests:{PASSWORD}@{embedded.LOOPBACK}:{self.port}/{name}"

    def start(self) -> None:
        """
        Raises
        ------
        embedded.ServerError
            It dies or takes nobody in; the message ends with the tail of its log.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="mattegate-postgres-"))
        self._make()
        self._serve()

    def start_again(self) -> None:
        """With what it kept; whoever was connected is cut off, and what they had not committed is gone."""
        self._end()
        self._serve()

    def _serve(self) -> None:
        options = (*QUICK, f"port={self.port}", f"listen_addresses={embedded.LOOPBACK}", "unix_socket_directories=")
        command = self._command("postgres", "-D", str(self.folder / "data"), *(f"-c{option}" for option in options))
        self.server = embedded.Server("postgres", command, (self.port,), "DATABASE_URL", self.folder / "log")
        self.process = embedded.start(self.server)
        try:
            embedded.wait_until_up(self.server, self.process)
            self._wait_until_ready()
        except embedded.ServerError:
            self.stop()
            raise

    def create(self, name: str, like: str = "template1") -> None:
        """A database as empty as PostgreSQL's own template, or with all that another one has, unless it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')

    def stop(self) -> None:
        self._end()
        shutil.rmtree(self.folder)

    def _end(self) -> None:
        self.process.send_signal(signal.SIGQUIT)  # at once, whoever is still connected
        self.process.wait()

    def _make(self) -> None:
        """Names sort as in English, not by their bytes: as PostgreSQL's own image has it."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres")
        options = ("--username=tests", f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8")
        sorting = ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")
        command = self._command("initdb", "-D", str(self.folder / "data"), *options, *sorting)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def _command(self, program: str, *arguments: str) -> tuple[str, ...]:
        folder = programs()
        assert folder
        return (*(AS_POSTGRES if os.getuid() == 0 else ()), str(folder / program), *arguments)

    def _wait_until_ready(self) -> None:
        """It takes connections before it takes anybody in."""
        deadline = time.monotonic() + embedded.START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise embedded.ServerError(f"{error}\n{embedded.tail(self.server.log)}") from error
                time.sleep(0.1)
