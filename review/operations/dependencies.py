"""What Mattegate can't do without: whether each answers, how fast, and what to do where it doesn't."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from pipeline import space
from pipeline.engines import object_store, redis_server
from review.operations.limits import Answer, Question, Remembered, ask

CALL_SECONDS = 1.5
KEPT_SECONDS = 2


@dataclass(frozen=True)
class Dependency:
    name: str
    place: str
    """Where it is, without a password."""
    answer: Answer
    advice: str


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM django_migrations")
        cursor.fetchone()


QUESTIONS = {
    "database": Question(_ask_database),
    "redis": Question(redis_server.ping),
    **{f"s3-{alias}": Question(partial(object_store.ping, alias, CALL_SECONDS)) for alias in ("work", "published")},
}


DATABASE_ADVICE = (
    "Without it nobody can sign in, and nothing is worked on or decided. Nothing is lost: start it, or correct "
    "DATABASE_URL, and the work goes on by itself."
)
REDIS_ADVICE = (
    "Photos are still taken in and people can decide, but no worker is told of it. Start it, or correct REDIS_URL: the "
    "reaper then queues whatever waits."
)


def _s3_advice(which: str) -> str:
    stands_still = "No photo can be taken in or shown" if which == "WORK" else "Nothing can be published or withdrawn"
    return (
        f"{stands_still} until it answers. See that the server runs, that S3_ACCESS_KEY may use the bucket, and that "
        f"S3_{which}_BUCKET names one that is there. What was begun is tried again by itself."
    )


def _place(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path


def _bucket(kind: str, which: str, answer: Answer) -> Dependency:
    place = f"{getattr(settings, f'S3_{which}_BUCKET')} at {_place(settings.S3_ENDPOINT_URL)}"
    return Dependency(f"S3, {kind} bucket", place, answer, _s3_advice(which))


def _database_place() -> str:
    told = connection.settings_dict
    name = str(told["NAME"])
    return f"{name} at {told['HOST']}" if told["HOST"] else name


def told(answers: Mapping[str, Answer]) -> list[Dependency]:
    return [
        Dependency("Database", _database_place(), answers["database"], DATABASE_ADVICE),
        Dependency("Redis", _place(settings.REDIS_URL), answers["redis"], REDIS_ADVICE),
        _bucket("private", "WORK", answers["s3-work"]),
        _bucket("published", "PUBLISHED", answers["s3-published"]),
    ]


def _down() -> list[str]:
    away = {name.partition("-")[0] for name, answer in ask(QUESTIONS).items() if not answer.is_there}
    return sorted(away | ({"disk"} if space.shortage() else set()))


_REMEMBERED = Remembered(_down, KEPT_SECONDS)


def down() -> list[str]:
    """Which of database, redis and s3 don't answer, and the disk if it is full; asked at most every other second."""
    found: list[str] = _REMEMBERED.get()
    return found


forget = _REMEMBERED.forget
