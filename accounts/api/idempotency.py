"""What is sent twice is done once: a request with an Idempotency-Key that was answered before gets that answer again.

Kept are answers to what changed something. A refusal changed nothing, so the same key may try again.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import signed_in
from accounts.api.problems import Refused
from accounts.models import IdempotencyKey

KEPT = timedelta(hours=24)
GIVEN_UP = timedelta(minutes=10)
"""A request that has not ended by then died with its process."""
LONGEST = 100
ANOTHER = "This Idempotency-Key was used for another request; every request needs a key of its own."
UNDER_WAY = "The first request with this Idempotency-Key is still under way; ask again in a moment."


def idempotent(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Of a view's method that writes."""

    @wraps(handler)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(view, request, *args, **kwargs)
        row = _begin(request, _checked(key))
        if row.status:
            headers = {**row.headers, "Idempotency-Replayed": "true"}
            return Response(row.answer, status=row.status, headers=headers)
        try:
            response = handler(view, request, *args, **kwargs)
        except BaseException:
            row.delete()
            raise
        _keep(row, response)
        return response

    return answer


def _checked(key: str) -> str:
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise ValidationError({"Idempotency-Key": [f"expected at most {LONGEST} printable ASCII characters"]})
    return key


def _begin(request: Request, key: str) -> IdempotencyKey:
    """The key's row: new, or taken over from a request that died, or answered already."""
    said, now, user = _fingerprint(request), timezone.now(), signed_in(request)
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(user=user, key=key, fingerprint=said, began_at=now)
    except IntegrityError:
        row = IdempotencyKey.objects.filter(user=user, key=key).first()
    if row and row.fingerprint != said:
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, ANOTHER)
    if row and (row.status or _take_over(row)):
        return row
    raise Refused(HTTPStatus.CONFLICT, UNDER_WAY, wait=1)


def _take_over(row: IdempotencyKey) -> bool:
    now = timezone.now()
    dead = IdempotencyKey.objects.filter(pk=row.pk, began_at=row.began_at, began_at__lt=now - GIVEN_UP, status=None)
    return bool(dead.update(began_at=now))


def _keep(row: IdempotencyKey, response: Response) -> None:
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        row.delete()
        return
    row.status, row.answer = response.status_code, json.loads(JSONRenderer().render(response.data) or b"null")
    row.headers = {"Location": response["Location"]} if response.has_header("Location") else {}
    row.save(update_fields=["status", "answer", "headers"])


def _fingerprint(request: Request) -> str:
    """Of what was asked; the boundary between the files of a form is no part of it."""
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    data = request.data
    if not hasattr(data, "lists"):
        digest.update(json.dumps(data, sort_keys=True).encode())
        return digest.hexdigest()
    for name, values in sorted(data.lists()):
        digest.update(f"{name}\n".encode(errors="surrogatepass"))
        for value in values:
            digest.update(_digest(value))
    return digest.hexdigest()


def _digest(value: Any) -> bytes:
    if not isinstance(value, UploadedFile):
        return hashlib.sha256(str(value).encode(errors="surrogatepass")).digest()
    digest = hashlib.sha256(f"{value.name}\n".encode(errors="surrogatepass"))
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.digest()


def forget_old() -> int:
    return IdempotencyKey.objects.filter(began_at__lt=timezone.now() - KEPT).delete()[0]
