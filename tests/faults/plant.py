"""Workers and clock as real processes over the tests' own database, Valkey and S3, with whatever is to go wrong."""

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.db import connection
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from redis import Redis

from pipeline import intake, jobs, queues
from pipeline.engines import embedded
from pipeline.models import Frame, Rendition, Transition, Verification
from pipeline.states import UNFINISHED, State
from pipeline.upkeep import verify
from tests.faults.product import children, is_alive
from tests.faults.store_proxy import StoreProxy
from tests.services import ROOT, VAR_DIR, bucket_of, cluster, free_ports
from tests.waiting import wait_for

QUEUES = ("publish", "urgent", "process", "later")
POOL = ("rqworker-pool", *QUEUES, "--num-workers", "2", "--worker-class", "pipeline.worker.WarmWorker")
SHADES = (30, 60)
SETTLE_SECONDS = 900
"""The longest that anything takes here, on a machine that does much else."""


def _is_idle() -> bool:
    """Nothing is made any more that is for people to choose from, either: its frame goes away with the test."""
    seen = queues.look()
    at_work = (worker for worker in seen.workers if worker.job and is_alive(worker.pid))
    return not any(queue.depth for queue in seen.queues) and not any(at_work) and not _are_made()


def _are_made() -> bool:
    """By what is kept of each job: a worker too busy to be heard is listed nowhere for a while. No test kills these."""
    redis = Redis.from_url(settings.REDIS_URL)
    return any(
        redis.hget(key, "status") == b"started" for key in redis.scan_iter("rq:job:alternatives-*", _type="HASH")
    )


class Plant:
    """Started once; `begin` and `rest` part one test from the next."""

    def __init__(self, store: StoreProxy) -> None:
        self.store = store
        self.folder = VAR_DIR / "faults"
        self.folder.mkdir()
        self.log = VAR_DIR / "log" / "plant.log"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.published: dict[str, set[tuple[str, str]]] = {}
        """Of each photo, by name: its finished files, as they were the first time."""
        self.start("cron")
        self.start(*POOL)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        told = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": database_url(),
            "S3_ENDPOINT_URL": self.store.url,
            "FAULTS": str(self.folder),
            "SUPERVISOR": str(os.getpid()),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TEST_DATABASE": "",
        }
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *command],
                cwd=ROOT,
                env=os.environ | told,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def stop(self, *processes: subprocess.Popen[bytes]) -> None:
        embedded.stop([process for process in processes or self.processes if process.poll() is None])

    # --- one test --------------------------------------------------------------------------------

    def begin(self) -> None:
        self.said = self.log.stat().st_size
        self.sent: list[str] = []
        self.since = 0.0
        (self.folder / "rest").unlink(missing_ok=True)

    def rest(self) -> None:
        """Whatever the test did, the next one finds two workers and a clock that waits."""
        self.store.behave()
        (self.folder / "rest").touch()
        for path in self.folder.iterdir():
            if path.name != "rest":
                path.unlink()
        wait_for((self.folder / "rested").exists, 30)
        for _ in range(2):  # RQ shows a job nowhere for a moment: between its queue and its worker
            wait_for(_is_idle, SETTLE_SECONDS)
            time.sleep(0.3)

    def send(self, *shades: int, note: str = "") -> list[Frame]:
        """Photos in, as any door takes them."""
        batch = intake.open_batch("Trial", "watch")
        frames = []
        for shade in shades or SHADES:
            name = f"AURA{shade}{note and '-NOTED'}_1.png"
            frames.append(jobs.submit(batch, name, photo(shade, note)).frame)
            self.sent.append(name)
        return frames

    def at(self, place: str, signal_name: str) -> None:
        """What happens to the next process that comes by."""
        (self.folder / f"{place}.new").write_text(signal_name)
        (self.folder / f"{place}.new").rename(self.folder / place)

    def met(self, place: str) -> int:
        """The process that came by."""
        path = self.folder / f"{place}-by"
        wait_for(lambda: path.exists() and path.read_text().isdigit(), 60)
        self.since = time.monotonic()
        return int(path.read_text())

    def set_clock(self, seconds: int) -> None:
        (self.folder / "clock.new").write_text(str(seconds))
        (self.folder / "clock.new").rename(self.folder / "clock")

    def over(self) -> None:
        """The fault is: from now on the time is taken."""
        self.since = time.monotonic()

    def log_says(self, words: str) -> bool:
        with self.log.open("rb") as log:
            log.seek(self.said)
            return words in log.read().decode(errors="replace")

    def peaks(self) -> list[int]:
        """The most megabytes that each of the workers ever held."""
        return [peak_mb(child) for process in self.processes for child in children(process.pid)]

    def has_faults(self) -> bool:
        return Frame.objects.filter(faults__gt=0).exists()

    def settled(self) -> float:
        """When nothing is on its way any more: the seconds since the fault."""
        wait_for(lambda: not Frame.objects.filter(state__in=UNFINISHED).exists(), SETTLE_SECONDS)
        return time.monotonic() - self.since

    # --- and in the end --------------------------------------------------------------------------

    def lost(self) -> int:
        there = Counter(Frame.objects.values_list("filename", flat=True))
        return sum((Counter(self.sent) - there).values())

    def published_differently(self) -> list[str]:
        """Photos that are in the shop with other files than ever before, or that came there twice."""
        times = Counter(Transition.objects.filter(target=State.PUBLISHED).values_list("frame__filename", flat=True))
        wrong = [name for name, count in times.items() if count > 1]
        for frame in Frame.objects.filter(state=State.PUBLISHED):
            files = {(key, _sha256(key)) for key in Rendition.objects.filter(frame=frame).values_list("key", flat=True)}
            if self.published.setdefault(frame.filename, files) != files:
                wrong.append(frame.filename)
        return wrong

    def disagreements(self, *, repair: bool = False) -> list[str]:
        told: list[str] = []
        done: Verification = verify.everything(
            lambda finding, is_mended: None if is_mended else told.append(str(finding)), repair=repair
        )
        return told + ([done.error] if done.error else [])


def photo(shade: int, note: str = "") -> bytes:
    """A dark watch, or what passes for one, on white; small, for what it shows matters to nobody."""
    image = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(image).ellipse((60, 70, 260, 170), fill=(shade, shade, shade))
    told = PngInfo()
    told.add_text("Comment", note)
    buffer = BytesIO()
    image.save(buffer, "PNG", pnginfo=told)
    return buffer.getvalue()


def database_url() -> str:
    name = str(connection.settings_dict["NAME"])
    return cluster.url(name) if cluster else f"sqlite:///{name}"


def _sha256(key: str) -> str:
    return hashlib.sha256(bucket_of("published").Object(key).get()["Body"].read()).hexdigest()


def proxy_before_s3() -> StoreProxy:
    return StoreProxy(free_ports(1), settings.S3_ENDPOINT_URL)


def peak_mb(pid: int) -> int:
    """The most memory that process ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1000
