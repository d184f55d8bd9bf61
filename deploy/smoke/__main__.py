"""The deployment, tried on this machine: `deploy/smoke.sh` calls this. Prints what it tried, a line each."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from deploy.smoke import customer, logs
from deploy.smoke.customer import Customer, ask, wait_for
from deploy.smoke.receiver import Receiver
from deploy.smoke.stack import LOOPBACK, ROOT, Command, Stack
from deploy.smoke.supervisor import Service, children, cpu_seconds, peak_mb, tail

START_SECONDS = 120
NOT_DISTURBED_SECONDS = 8
ADMIN = "smoke-admin"
WITHIN = "all within "
KILLED = [
    ["all within matte", "all within matte-2"],
    ["matte", "matte-2"],
    ["all within light", "light"],
    ["valkey", "s3"],
    ["all within postgres", "postgres"],
    ["web", "cron", "all within nginx", "nginx"],
]
"""One photo each."""
ACCOUNTS = """
import json, sys
from django.contrib.auth.models import Group, User
from accounts import service
from pipeline.models import WebhookEndpoint
from pipeline.webhooks.signing import new_secret
name, password, url = sys.stdin.read().split()
User.objects.create_user(name, password=password).groups.add(Group.objects.get(name="admin"))
_, secret = service.make("smoke-program", Group.objects.get(name="uploader"), purpose="", by=name)
hook = WebhookEndpoint.objects.create(name="Smoke", url=url, events=["frame.published"], secret=new_secret())
print(json.dumps({"secret": secret, "webhook": hook.secret}))
"""


@contextmanager
def tried(words: str) -> Iterator[None]:
    start = time.monotonic()
    outcome = "failed"
    try:
        yield
        outcome = "ok"
    finally:
        print(f"{outcome:6} {time.monotonic() - start:6.1f} s  {words}", flush=True)


class Smoke:
    def __init__(self, folder: Path) -> None:
        self.stack = Stack(folder)
        self.logs = folder / "log"
        self.services: dict[str, Service] = {}
        self.password = secrets.token_urlsafe(12)
        self.receiver = Receiver(self.stack.ports["receiver"])

    def start(self, command: Command) -> Service:
        self.services[command.name] = Service(command, self.logs / f"{command.name}.log")
        return self.services[command.name]

    def bring_up(self) -> None:
        self.logs.mkdir()
        with tried("secrets, certificate, nginx.conf: nginx -t"):
            self.stack.prepare()
            nginx = self.stack.nginx()
            subprocess.run([*nginx.arguments, "-t", "-q"], env=nginx.environment, check=True)
        with tried("PostgreSQL, Valkey with its password, S3"):
            self.stack.make_cluster()
            for command in (self.stack.postgres(), self.stack.valkey(), self.stack.s3()):
                self.start(command)
            wait_for(lambda: self._once(self.stack.make_database), START_SECONDS, "PostgreSQL")
        with tried("setup: weights, tables, static files, buckets"):
            setup = self.stack.app("setup")
            wait_for(lambda: self._once(lambda: self._run(setup)), START_SECONDS, "setup")
        with tried("web, two pools for mattes with a var/ each, one light pool, cron, nginx: /readyz by TLS"):
            for name in ("web", "matte", "light", "cron"):
                self.start(self.stack.app(name))
            self.start(self.stack.app("matte", "matte-2"))
            self.start(self.stack.nginx())
            customer.trust(self.stack.folder / "mattegate" / "tls" / "certificate.pem")
            wait_for(lambda: self.status("/readyz") == HTTPStatus.OK, START_SECONDS, "/readyz")

    def _once(self, step: Callable[[], Any]) -> bool:
        try:
            step()
        except subprocess.CalledProcessError:
            return False
        return True

    def _run(self, command: Command, said: str = "") -> str:
        with (self.logs / "setup.log").open("ab") as log:
            told: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": log, "text": True, "check": True}
            return subprocess.run(command.arguments, env=command.environment, cwd=ROOT, input=said, **told).stdout

    def status(self, path: str) -> int:
        try:
            return int(ask(self.stack.site, "GET", path).status)
        except OSError:
            return 0

    def make_accounts(self) -> Customer:
        setup = self.stack.app("setup")
        shell = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", ACCOUNTS]
        url = f"http://{LOOPBACK}:{self.stack.ports['receiver']}/"
        said = self._run(Command("setup", shell, setup.environment), f"{ADMIN} {self.password} {url}")
        made = json.loads(said)
        self.receiver.secret = made["webhook"]
        folder = self.stack.folder / "fetched"
        folder.mkdir()
        return Customer(self.stack.site, "smoke-program", made["secret"], folder)

    def from_outside(self, program: Customer) -> None:
        site = self.stack.site
        with tried("a photo by the API: published, eight files fetched by signed links, told by webhook"):
            program.send("SMOKE1000")
            files = program.files_of("SMOKE1000")
            wait_for(lambda: self.receiver.has("frame.published", "SMOKE1000"), 60, "a webhook")
        before = self.used()
        with tried("a photo in parts, through nginx into S3: published"):
            program.send_in_parts("SMOKE1001")
            program.files_of("SMOKE1001")
        with tried("a browser signs in, sees the batch, and fetches all files as one archive"):
            customer.look_in_a_browser(site, ADMIN, self.password, files[0]["frame"])
        with tried("HTTP leads to HTTPS; HSTS, policy and cache headers; S3 without a signature is refused"):
            self.check_headers()
        with tried("too large a request is refused: 413"):
            answer = ask(site, "POST", "/admin/login/", b"x" * 2_000_000)
            assert answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE, answer.status
        with tried("wrong passwords from one address lock it out, whatever it claims; another address signs in"):
            assert customer.lock_out(site, "smoke-program") == HTTPStatus.TOO_MANY_REQUESTS
            Customer(site, "smoke-program", program.client._credentials["password"], program.folder)
        with tried("eight slow clients don't disturb a ninth"):
            with customer.slow_senders(site, 8):
                start = time.monotonic()
                assert self.status("/admin/login/") == HTTPStatus.OK
                program.send("SMOKE1002")
                assert time.monotonic() - start < NOT_DISTURBED_SECONDS, "the ninth waited"
            program.files_of("SMOKE1002")
        self.tell_costs(before, photos=2)

    def used(self) -> dict[str, float]:
        """CPU seconds so far."""
        pools = {"mattes": ("matte", "matte-2"), "light": ("light",)}
        return {
            kind: sum(cpu_seconds(pid) for name in names for pid in children(self.services[name].pid))
            for kind, names in pools.items()
        }

    def tell_costs(self, before: dict[str, float], photos: int) -> None:
        """For the table in docs/deploy.md. Times of a busy machine say little; what was used says more."""
        each = [f"{kind} {(used - before[kind]) / photos:.1f} CPU s a photo" for kind, used in self.used().items()]
        processes = {name: service.pid for name, service in self.services.items()}
        processes |= {f"{name} worker": children(processes[name])[0] for name in ("matte", "light")}
        told = ("web", "matte worker", "light worker", "cron")
        print("       " + ", ".join(each + [f"{name} {peak_mb(processes[name])} MB" for name in told]), flush=True)

    def check_headers(self) -> None:
        site = self.stack.site
        page, style = ask(site, "GET", "/admin/login/"), ask(site, "GET", "/static/mattegate/tokens.css")
        for answer in (page, style):
            told = {name: answer.getheader(name) or "" for name in ("Strict-Transport-Security",)}
            assert answer.status == HTTPStatus.OK and "max-age" in told["Strict-Transport-Security"], told
            assert "default-src 'none'" in (answer.getheader("Content-Security-Policy") or "")
        assert style.getheader("Cache-Control") == "public, max-age=300"
        assert ask(site, "GET", "/mattegate-work/anything").status == HTTPStatus.FORBIDDEN
        curl = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code} %{redirect_url}"]
        plain = f"http://localhost:{self.stack.ports['http']}/admin/"
        said = subprocess.run([*curl, plain], capture_output=True, text=True, check=True).stdout
        assert said == "301 https://localhost/admin/", said

    def kill_each(self, program: Customer) -> None:
        for number, victims in enumerate(KILLED):
            code = f"SMOKE{1100 + number}"
            with tried(f"kill -9 of {', '.join(victims)} with a photo on its way: it arrives"):
                program.send(code)
                for victim in victims:
                    self.kill(victim)
                program.files_of(code)

    def kill(self, victim: str) -> None:
        """A service, or only the processes that it started."""
        service = self.services[victim.removeprefix(WITHIN)]
        if victim.startswith(WITHIN):
            for pid in children(service.pid):
                with suppress(ProcessLookupError):  # PostgreSQL ends the others itself
                    os.kill(pid, signal.SIGKILL)
            return
        before = service.starts
        service.kill()
        wait_for(lambda: service.starts > before, 30, victim)

    def check_logs(self, program: Customer) -> None:
        with tried("logs: JSON with frame, batch, attempt, stage and the request's id; no secret"):
            access = logs.lines_of(self.logs / "nginx.log")
            line = logs.told_of(logs.lines_of(self.logs / "light.log"), "is published")
            assert {"frame", "batch", "attempt", "stage"} <= line.keys(), line
            assert line["request"] in {request["request"] for request in access}, line
            files = (self.stack.folder / "secrets").glob("*")
            kept = [path.read_text().strip() for path in files if path.is_file()]
            kept += [self.password, self.receiver.secret, program.client._credentials["password"], "X-Amz-Signature"]
            assert logs.leaks(self.logs, kept) == []

    def end(self) -> None:
        for service in reversed(self.services.values()):
            service.end()
        for port in self.stack.ports.values():  # SeaweedFS leaves its sockets behind
            for path in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-{port}.sock"):
                path.unlink(missing_ok=True)

    def explain(self) -> None:
        for log in sorted(self.logs.glob("*.log")):
            print(f"--- the end of {log.name}\n{tail(log)}", file=sys.stderr)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with tempfile.TemporaryDirectory(prefix="mattegate-smoke-") as folder:
        smoke = Smoke(Path(folder))
        try:
            smoke.bring_up()
            program = smoke.make_accounts()
            smoke.from_outside(program)
            smoke.kill_each(program)
            smoke.check_logs(program)
        except BaseException:
            smoke.explain()
            raise
        finally:
            smoke.end()


if __name__ == "__main__":
    main()
