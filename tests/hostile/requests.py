"""Every address, and what may stand in its path, its query or a body: often what leads somewhere, else what hurts."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from hypothesis import strategies as st

NAMES = (
    *(
        "photo.jpg",
        "mask.png",
        "mask-closer.png",
        "alpha.png",
        "thumb.webp",
        "original",
        "shop-white.jpg",
        "D_1_white.jpg",
    ),
    *("shadow", "unshadow", "delete", "regate", "activate", "certify", "auth", "review"),
)
KEYS = (
    *("kind", "version", "why", "remark", "mark", "bridge_x", "rung", "strokes", "held", "tool", "size", "points"),
    *("frame", "state", "page", "progress", "name", "product_class", "enhancement", "lane", "photos", "reason"),
    *("only", "meant", "about", "again", "back", "scope", "threshold", "then", "for"),
    *(
        "url",
        "events",
        "is_on",
        "pipeline_webhookendpoint_rotate_secret",
        "endpoint__id__exact",
        "event__exact",
        "state__exact",
    ),
    *("action", "_selected_action", "index", "select_across", "q", "o", "p", "e", "all", "_popup", "_to_field", "next"),
    *("view", "batch__id__exact", "product_class__exact", "is_active__exact", "groups__id__exact", "s"),
    *("app_label", "model_name", "field_name", "term", "username", "password1", "password2", "groups", "email"),
)
VALUES = (
    *("move", "share", "replace", "all", "eyewear front", "draft", "shadow", "0.7"),
    *(
        "approve",
        "reprocess",
        "discard",
        "reject",
        "delete_selected",
        "send_again",
        "frame.published",
        "exception",
        "closer",
        "haze",
        "watch",
        "gemini",
    ),
    *("brush", "erase", "fill", "cut", "refine", "", "0", "-1", "1", "1.5", "1e400", "nan", "٣", "9" * 30, "9" * 5000),
    *("abc", "\x00", "a\x00b", "\ud800", "../original", "None", "true", "[]", "{}", "%", "%2F", "\u202e", "é" * 300),
)
NUMBERS = (0, 1, 2, -1, 2**31, 2**63, 10**30, 10**400, 1e308, 0.5, True)
DEEP = ("[" * 50_000, '{"kind":' * 50_000, "\xff")
TOOLS = ("brush", "erase", "fill", "cut", "refine")

keys = st.sampled_from(KEYS)
texts = st.sampled_from(VALUES) | st.text(max_size=20)
numbers = st.sampled_from(NUMBERS) | st.integers() | st.floats()
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | texts | numbers,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=8,
)
points = st.lists(st.lists(numbers, min_size=2, max_size=2) | values, min_size=1, max_size=4)
strokes = st.fixed_dictionaries({"tool": st.sampled_from(TOOLS) | values, "size": numbers, "points": points | values})
questions = st.fixed_dictionaries(
    {"version": st.just(0) | values, "strokes": st.lists(strokes, max_size=3)},
    optional={
        "rung": texts | values,
        "kind": texts | values,
        "bridge_x": numbers | values,
        "held": st.lists(values),
        "remark": texts | values,
        "mark": st.lists(numbers, max_size=4) | values,
    },
)
bodies = questions.map(json.dumps) | values.map(json.dumps) | st.sampled_from(DEEP)
queries = st.dictionaries(keys, texts | st.lists(texts, max_size=3), max_size=5).map(
    lambda said: urlencode(said, doseq=True, errors="surrogatepass")
)
sent = st.tuples(st.just("application/json"), bodies) | st.tuples(st.just("application/x-www-form-urlencoded"), queries)
"""A body and what it claims to be."""


HOLE = re.compile(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^)]*\)")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def patterns(found: list[Any] | None = None, before: str = "", spaces: str = "") -> Iterator[tuple[str, str]]:
    """Every address that the URLconf knows, whole, with its holes; before it its name, or "" where it has none."""
    for pattern in get_resolver().url_patterns if found is None else found:
        whole = before + re.sub(r"[\^$]", "", str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield f"{spaces}{pattern.name}" if pattern.name else "", whole
        else:
            inner = f"{spaces}{pattern.namespace}:" if pattern.namespace else spaces
            yield from patterns(pattern.url_patterns, whole, inner)


def of_list(model: str) -> str:
    """The address of a model's list, such as review_queueitem's."""
    return f"admin/{model.replace('_', '/')}/"


def paths(address: str, numbers_of_rows: list[int]) -> st.SearchStrategy[str]:
    """The address with its holes filled."""
    pieces = HOLE.split("/" + address)
    place = st.sampled_from([*map(str, numbers_of_rows), *NAMES]) | texts
    filled = place.map(lambda text: quote(text, safe="", errors="surrogatepass"))
    holes = st.lists(filled, min_size=len(pieces) - 1, max_size=len(pieces) - 1)
    return holes.map(lambda found: "".join(f"{piece}{hole}" for piece, hole in zip(pieces, [*found, ""], strict=True)))


def ask(browser: Client, method: str, path: str, query: str = "", body: tuple[str, str] = ("", "")) -> Any:
    """One request, after which all is as before."""
    kind, said = body if method not in ("GET", "HEAD") else ("", "")
    cookies = copy.deepcopy(browser.cookies)
    with transaction.atomic():
        answer = browser.generic(method, path, said.encode(errors="surrogatepass"), kind, QUERY_STRING=query)
        transaction.set_rollback(True)
    browser.cookies = cookies
    return answer
