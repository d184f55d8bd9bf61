"""Readers of requests: what a JSON body, a query or a list of ticked rows says, typed; what is wrong is told in words.

Forms say what is expected. Django's own fields read queries, which are text; those below read JSON, and guess nothing:
a list is no text, and True no number.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

LARGEST = 2**63 - 1
"""What a column for numbers of rows holds."""

Asked = dict[str, Any]


class MisunderstoodError(ValueError):
    """Somebody sent what can't be understood; the text says what it was."""

    status = HTTPStatus.BAD_REQUEST


class NotThereError(MisunderstoodError):
    """What was asked for isn't there."""

    status = HTTPStatus.NOT_FOUND


class Text(forms.Field):
    """A JSON string that any database can keep: one of `choices`, if there are any."""

    def __init__(self, *, longest: int = 200, choices: Iterable[str] = (), **options: Any) -> None:
        super().__init__(**options)
        self.longest, self.choices = longest, tuple(choices)

    def to_python(self, value: Any) -> str:
        text = "" if value is None else value
        if not isinstance(text, str) or len(text) > self.longest or not _can_be_kept(text):
            raise ValidationError(f"expected a text of at most {self.longest} characters")
        if text and self.choices and text not in self.choices:
            raise ValidationError(f"expected one of {', '.join(self.choices)}")
        return text


class Whole(forms.Field):
    """A whole JSON number that fits a column."""

    def to_python(self, value: Any) -> int | None:
        if value is None or _is_whole(value):
            return value
        raise ValidationError("expected a whole number that isn't negative")


class Wholes(forms.Field):
    """A short JSON list of them."""

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def to_python(self, value: Any) -> list[int]:
        numbers = value or []
        if not isinstance(numbers, list) or len(numbers) > self.most or not all(map(_is_whole, numbers)):
            raise ValidationError(f"expected a list of at most {self.most} whole numbers")
        return numbers


class Number(forms.Field):
    """A finite JSON number."""

    def to_python(self, value: Any) -> float | None:
        if value is None:
            return None
        try:
            number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ValidationError("expected a number")
        return number


def read(form: type[forms.Form], said: Mapping[str, Any]) -> Asked:
    """What somebody said, as the form expects it."""
    filled = form(said)
    if filled.is_valid():
        return filled.cleaned_data
    wrong = "; ".join(f"{name}: {' '.join(map(_uncapitalized, words))}" for name, words in filled.errors.items())
    raise MisunderstoodError(f"This request can't be understood ({wrong.rstrip('.')}). Reload the page and try again.")


def body(request: HttpRequest) -> Asked:
    """The JSON object that was sent; nothing is an empty one."""
    try:
        said = json.loads(request.body or b"{}")
    except RecursionError as error:
        raise MisunderstoodError("This request is nested too deeply; reload the page and try again.") from error
    except RequestDataTooBig as error:
        raise MisunderstoodError("This request is too large; do it in smaller steps.") from error
    except ValueError as error:
        raise MisunderstoodError("This request is not JSON; reload the page and try again.") from error
    if not isinstance(said, dict):
        raise MisunderstoodError("This request is not an object; reload the page and try again.")
    return said


def row_number(text: str) -> int | None:
    """A row's number as an address says it; None for what can't be one."""
    is_short = len(text) <= len(str(LARGEST))
    return int(text) if is_short and text.isdecimal() and int(text) <= LARGEST else None


def row_numbers(ticked: Iterable[str]) -> set[int]:
    """The rows that were ticked in a list."""
    numbers = {text: row_number(text) for text in ticked}
    for text, number in numbers.items():
        if number is None:
            raise MisunderstoodError(f"{text[:40]!r} is not the number of a row; reload the list and tick it again.")
    return {number for number in numbers.values() if number is not None}


def problem(status: int, detail: str, **more: Any) -> JsonResponse:
    """A refusal as RFC 9457 has it, for scripts."""
    told = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": detail, **more}
    return JsonResponse(told, status=status, content_type="application/problem+json")


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django itself refuses to read; of too many files it is told how many may come at once."""
    most = f"{settings.DATA_UPLOAD_MAX_NUMBER_FILES:,}"
    is_many = isinstance(exception, TooManyFilesSent)
    words = f"These are more than {most} files, so none was taken. Go back and send at most {most} at once." * is_many
    return render(request, "400.html", {"words": words}, status=HTTPStatus.BAD_REQUEST)


class ProblemMiddleware:
    """Answer what can't be understood: on a page for people, and as problem JSON for scripts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, MisunderstoodError):
            return None
        if "text/html" in request.headers.get("Accept", ""):
            return render(request, "400.html", {"words": str(error)}, status=error.status)
        return problem(error.status, str(error))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _can_be_kept(text: str) -> bool:
    """Neither NUL nor half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _uncapitalized(words: object) -> str:
    return str(words)[:1].lower() + str(words)[1:]
