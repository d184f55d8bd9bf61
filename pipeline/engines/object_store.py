"""Buckets, through django-storages: the private `work`, the public `published`, and an `inbox` that others fill."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import storages

CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "json": "application/json"}
# Names are stable and contents may be replaced: caches must ask again after a while.
CACHE_CONTROL = {"json": "no-cache"}
DEFAULT_CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"

AT_ONCE = 1000
"""So many objects may be named in one request to delete."""
PURGED = {"Key": "mattegate", "Value": "purged"}
"""The tag of what goes: docs/upkeep.md has the rule of the bucket that acts on it, and on nothing else."""
BUSY = {429, 500, 502, 503, 504}
"""Answers of a store that may say otherwise in a moment."""
PAUSES = (0.1, 0.3)
"""Before the same call is made again, in seconds, more or less."""
QUICK = 2.0
"""A call that took longer than this isn't made again: with its time-outs it ends within leases.LEFT_FOR_A_CALL."""
FORBIDDEN = (
    "this key may not do that: on both buckets it needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket "
    "(without the last, a missing file looks like a forbidden one); on the private one, for photos sent in parts, "
    "s3:ListMultipartUploadParts, s3:ListBucketMultipartUploads and s3:AbortMultipartUpload too"
)
REFUSALS = ("AccessDenied", "403")
WORDS = dict.fromkeys(REFUSALS, FORBIDDEN)
WORDS["RequestTimeTooSkewed"] = "the clocks of this machine and of the store are apart: set this one's"
"""What to do, by S3's code of the error."""


class ObjectStoreError(RuntimeError):
    """The bucket did not answer, or did not keep what it was given."""


class MissingObjectError(ObjectStoreError):
    """There is no such object, or bucket."""


class ForbiddenObjectError(ObjectStoreError):
    """This key may not do that, with this object at least."""


KINDS: dict[str, type[ObjectStoreError]] = {
    **dict.fromkeys(("NoSuchKey", "NoSuchUpload", "404"), MissingObjectError),
    **dict.fromkeys(REFUSALS, ForbiddenObjectError),
}
"""By S3's code; numbers answer a HEAD, which has no body to name its error in."""


class Stored(NamedTuple):
    """An object as a bucket's list tells of it."""

    key: str
    size: int
    modified: datetime


def _client(alias: str) -> tuple[Any, str]:
    storage: Any = storages[alias]
    return storage.connection.meta.client, storage.bucket_name


def _call(alias: str, operation: str, **arguments: Any) -> Any:
    client, bucket = _client(alias)
    try:
        return _persistently(getattr(client, operation), Bucket=bucket, **arguments)
    except (BotoCoreError, ClientError) as error:
        kind = KINDS.get(_code(error), ObjectStoreError)
        raise kind(f"bucket {bucket}: {operation} {arguments.get('Key', '')}: {_said(error)}") from error


def _persistently(call: Callable[..., Any], **arguments: Any) -> Any:
    """Call again soon where a busy store answers so, and at once."""
    start = time.monotonic()
    for pause in PAUSES:
        try:
            return call(**arguments)
        except ClientError as error:
            if _status(error) not in BUSY or time.monotonic() - start > QUICK:
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (nobody gains by guessing it)
    return call(**arguments)


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


def _code(error: Exception) -> str:
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def _said(error: Exception) -> str:
    words = WORDS.get(_code(error))
    return f"{error}; {words}" if words else str(error)


def save_work(key: str, data: bytes) -> None:
    _call("work", "put_object", Key=key, Body=data)


def keep_work(key: str, data: bytes) -> None:
    """Save, and see that it is there: nobody will send it again."""
    save_work(key, data)
    _verify("work", key, data)


def load_work(key: str) -> bytes:
    return _read("work", key)


def delete_work(key: str) -> None:
    _call("work", "delete_object", Key=key)


def delete_all_work(keys: Sequence[str]) -> None:
    """Objects that are gone already are no failure."""
    for start in range(0, len(keys), AT_ONCE):
        some = {"Objects": [{"Key": key} for key in keys[start : start + AT_ONCE]], "Quiet": True}
        if kept := _call("work", "delete_objects", Delete=some).get("Errors"):
            raise ObjectStoreError(f"{kept[0]['Key']}: the bucket did not delete it: {kept[0].get('Message', '')}")


def tag_work(key: str) -> None:
    """Mark it as what the bucket's own rule may delete."""
    _call("work", "put_object_tagging", Key=key, Tagging={"TagSet": [PURGED]})


def untag_work(key: str) -> None:
    _call("work", "delete_object_tagging", Key=key)


def save_inbox(key: str, data: bytes) -> None:
    _call("inbox", "put_object", Key=key, Body=data)


def delete_inbox(key: str) -> None:
    _call("inbox", "delete_object", Key=key)


def list_work(prefix: str) -> list[str]:
    """The first thousand keys that begin so, the newest first."""
    found = _call("work", "list_objects_v2", Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in sorted(found, key=lambda item: item["LastModified"], reverse=True)]


def everything(alias: str, prefix: str = "") -> Iterator[Stored]:
    """All objects of a bucket that begin so, asked for by the thousand, in the store's own order."""
    more: dict[str, Any] = {}
    while True:
        page = _call(alias, "list_objects_v2", Prefix=prefix, **more)
        yield from (Stored(item["Key"], item["Size"], item["LastModified"]) for item in page.get("Contents", []))
        if not page.get("IsTruncated"):
            return
        more = {"ContinuationToken": page["NextContinuationToken"]}


def is_there(alias: str, key: str) -> bool:
    try:
        _call(alias, "head_object", Key=key)
    except MissingObjectError:
        return False
    return True


def begin_parts(key: str) -> str:
    """An object whose parts others send; the store's name for it until they are joined."""
    return str(_call("work", "create_multipart_upload", Key=key)["UploadId"])


def part_link(key: str, upload: str, number: int, size: int) -> str:
    """An address that anybody may PUT that part to, if it has that size, for API_LINK_SECONDS."""
    return _signed("work", "upload_part", Key=key, UploadId=upload, PartNumber=number, ContentLength=size)


def parts_of(key: str, upload: str) -> list[dict[str, Any]]:
    return list(_call("work", "list_parts", Key=key, UploadId=upload).get("Parts", []))


def put_part(key: str, upload: str, number: int, data: bytes) -> None:
    _call("work", "upload_part", Key=key, UploadId=upload, PartNumber=number, Body=data)


def join_parts(key: str, upload: str, parts: list[dict[str, Any]]) -> None:
    told = [{name: part[name] for name in ("ETag", "PartNumber")} for part in parts]
    _call("work", "complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": told})


def remove_unfinished(prefix: str, before: datetime) -> int:
    """Uploads, and objects, of which the first thousand are looked at; how many of them were that old."""
    uploads = _call("work", "list_multipart_uploads", Prefix=prefix).get("Uploads", [])
    old_uploads = [upload for upload in uploads if upload["Initiated"] < before]
    for upload in old_uploads:
        _call("work", "abort_multipart_upload", Key=upload["Key"], UploadId=upload["UploadId"])
    return len(old_uploads) + remove_old("work", prefix, before)


def remove_old(alias: str, prefix: str, before: datetime) -> int:
    """Of the first thousand objects that begin so; how many were that old."""
    objects = _call(alias, "list_objects_v2", Prefix=prefix).get("Contents", [])
    old = [found["Key"] for found in objects if found["LastModified"] < before]
    for key in old:
        _call(alias, "delete_object", Key=key)
    return len(old)


def put_published(key: str, data: bytes) -> None:
    extension = key.rpartition(".")[2]
    _call(
        "published",
        "put_object",
        Key=key,
        Body=data,
        ContentType=CONTENT_TYPES.get(extension, "application/octet-stream"),
        CacheControl=CACHE_CONTROL.get(extension, DEFAULT_CACHE_CONTROL),
    )


def load_published(key: str) -> bytes:
    return _read("published", key)


def load(alias: str, key: str) -> bytes:
    return _read(alias, key)


def delete_published(key: str) -> None:
    _call("published", "delete_object", Key=key)


def copy_published(key: str, to: str) -> None:
    """Within the store, with its type and cache header."""
    _, bucket = _client("published")
    _call("published", "copy_object", Key=to, CopySource={"Bucket": bucket, "Key": key})


def verify_published(key: str, data: bytes) -> None:
    """Read back what was put: the manifest vouches for it."""
    _verify("published", key, data)


def _verify(alias: str, key: str, data: bytes) -> None:
    if _read(alias, key) != data:
        raise ObjectStoreError(f"{key}: the bucket holds other bytes than were put")


def _read(alias: str, key: str) -> bytes:
    body = _call(alias, "get_object", Key=key)["Body"]
    try:
        data: bytes = body.read()
    except (BotoCoreError, OSError) as error:
        raise ObjectStoreError(f"{key}: the download broke off: {error}") from error
    return data


def ensure_buckets() -> None:
    """Make the buckets that are not there yet."""
    for alias in ("work", "published"):
        try:
            _call(alias, "head_bucket")
        except MissingObjectError:
            _call(alias, "create_bucket")


@cache
def _client_of_its_own(alias: str, endpoint: str, seconds: float) -> Any:
    """For whoever only looks, and gives up soon, or signs for another address. Making one takes a while."""
    said: Any = settings.STORAGES[alias]
    options = said["OPTIONS"]
    quick = options["client_config"].merge(Config(connect_timeout=seconds, read_timeout=seconds))
    told = {**said, "OPTIONS": {**options, "endpoint_url": endpoint, "client_config": quick}}
    storage: Any = storages.create_storage(told)
    return storage.connection.meta.client


def link(alias: str, key: str, **answered: str) -> str:
    """Where anybody may read this object for API_LINK_SECONDS, S3 answering with those headers; no bucket is asked."""
    return _signed(alias, "get_object", Key=key, **answered)


def _signed(alias: str, operation: str, **arguments: Any) -> str:
    said: Any = settings.STORAGES[alias]
    client = _client_of_its_own(alias, settings.S3_PUBLIC_ENDPOINT_URL, 5)
    told = {"Bucket": said["OPTIONS"]["bucket_name"], **arguments}
    address: str = client.generate_presigned_url(operation, Params=told, ExpiresIn=settings.API_LINK_SECONDS)
    return address


def ping(alias: str, seconds: float) -> None:
    """Raise ObjectStoreError unless that bucket is there, is ours to use, and says so in time."""
    said: Any = settings.STORAGES[alias]
    options = said["OPTIONS"]
    bucket = options["bucket_name"]
    try:
        _client_of_its_own(alias, options["endpoint_url"], seconds).head_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        raise ObjectStoreError(f"bucket {bucket}: {error}") from error
