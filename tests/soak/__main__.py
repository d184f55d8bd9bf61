"""`make soak`: many photos at once, then a day's photos at ten times speed, while people and programs are at work."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests import services
from tests.faults.product import Product
from tests.soak import figures
from tests.soak.heard import Heard
from tests.soak.people import operate
from tests.soak.photos import Photo, photo
from tests.soak.processes import Watch, settle
from tests.soak.programs import Operator, Sender

DROP, DAY = "Drop", "Day"
A_DAY, TEN_TIMES = 1500, 48
"""A day of eight hours has so many photos; ten times as fast, it takes so many minutes."""
SENDERS, PROGRAMS, PEOPLE = 4, 5, ("operator", "manager")
OVERRIDES = {
    "DJANGO_SETTINGS_MODULE": "tests.soak.settings",
    "WORKER_MAX_JOBS": "1000000",  # a new process would hide what an old one leaks
    "TEST_DATABASE": "",
}
PROGRAMS_ACCOUNTS = """
from django.contrib.auth.models import Group
from accounts import service
for number in range({count}):
    role = Group.objects.get(name="operator")
    print("secret", service.make(f"program-{{number}}", role, purpose="", by="soak")[1])
"""


class Soak:
    def __init__(self, product: Product, photos: int, minutes: float) -> None:
        self.product, self.photos, self.minutes = product, photos, minutes
        self.url = f"http://127.0.0.1:{product.environment['WEB_PORT']}"
        self.heard = Heard()
        self.taken: list[str] = []

    def run(self) -> list[figures.Line]:
        watch = Watch(self.product)
        watch.start()
        self._begin_work()
        lines = self._drop()
        lines += figures.of_processes(watch, self.photos)
        if self.minutes:
            lines += self._day()
        is_settled = settle(self.product, 600)
        self.heard.over.set()
        watch.over.set()
        lines += figures.of_answers(self.heard)
        return lines + figures.of_the_end(self.product, self.taken, is_settled, self._verified())

    def _begin_work(self) -> None:
        told = self.product.manage("shell", "-c", PROGRAMS_ACCOUNTS.format(count=PROGRAMS))
        secrets = [line.split()[1] for line in told.splitlines() if line.startswith("secret")]
        for number, secret in enumerate(secrets):
            self.heard.begin(Operator(self.heard, self.url).work, f"program-{number}", secret)
        for role in PEOPLE:
            self.heard.begin(operate, self.heard, self.url, role, self._password(role))

    def _drop(self) -> list[figures.Line]:
        """All at once, four at a time, as the upload page's script sends them."""
        print(f"{self.photos} photos at once …", flush=True)
        start = time.monotonic()
        self._send(DROP, iter([photo(number, "DROP") for number in range(self.photos)]))
        sent = time.monotonic() - start
        settle(self.product, 60 * self.photos)
        words = f"{DROP}: {self.photos:,} photos sent"
        return [figures.Line(words, f"{sent:.0f} s"), *figures.of_photos(self.product, DROP, time.monotonic() - start)]

    def _day(self) -> list[figures.Line]:
        print(f"A day at ten times speed, {self.minutes:g} of its {TEN_TIMES} minutes …", flush=True)
        start = time.monotonic()
        self._send(DAY, self._paced())
        settle(self.product, 600)
        return figures.of_photos(self.product, DAY, time.monotonic() - start, limit=True)

    def _paced(self) -> Iterator[Photo]:
        """Each when it is its turn; who is late doesn't wait."""
        start, gap = time.monotonic(), 60 * TEN_TIMES / A_DAY
        for number in range(round(60 * self.minutes / gap)):
            time.sleep(max(0.0, start + number * gap - time.monotonic()))
            yield photo(number, "DAY")

    def _send(self, batch: str, photos: Iterator[Photo]) -> None:
        shared = _Shared(photos)
        tabs = [Sender(self.heard, self.url) for _ in range(SENDERS)]
        for tab in tabs:
            tab.sign_in("uploader", self._password("uploader"))
        sending = [self.heard.begin(tab.send_all, batch, shared, self.taken) for tab in tabs]
        for thread in sending:
            thread.join()

    def _password(self, role: str) -> str:
        return (self.product.folder / "demo_accounts" / role).read_text()

    def _verified(self) -> list[str]:
        command = [sys.executable, "manage.py", "verify"]
        done = subprocess.run(command, cwd=services.ROOT, env=self.product.environment, capture_output=True, text=True)
        return done.stdout.splitlines() + done.stderr.splitlines() if done.returncode else []


class _Shared:
    """One row of photos for several senders."""

    def __init__(self, photos: Iterator[Photo]) -> None:
        self.photos, self.lock = photos, threading.Lock()

    def __iter__(self) -> Iterator[Photo]:
        return self

    def __next__(self) -> Photo:
        with self.lock:
            return next(self.photos)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=TEN_TIMES, help="of the day; 0: none")
    parser.add_argument("--mattes", choices=("stand-in", "weights"), default="stand-in")
    said = parser.parse_args()
    folder: Path = services.VAR_DIR
    product = Product(folder, **OVERRIDES, MATTES=said.mattes, WORKERS=str(os.cpu_count()))
    soak = Soak(product, said.photos, said.minutes)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by the way of `finally`
    try:
        if services.cluster:
            services.cluster.start()
        product.skip_the_samples()
        product.start_and_wait()
        lines = soak.run()
    finally:
        product.close()
        if services.cluster:
            services.cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(*soak.heard.faults[:20], *lines, sep="\n")
    return 0 if all(line.is_kept for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
