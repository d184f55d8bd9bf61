"""How often an account may ask, and how much it may send."""

import json
from http import HTTPStatus

import pytest
from django.test import Client
from waitress.adjustments import Adjustments

from accounts.api import limits, tokens
from accounts.server import ADJUSTED, LimitedParser
from tests.api.conftest import V1, problem

MB = 1_000_000


@pytest.fixture
def clock(monkeypatch) -> dict[str, float]:
    """That of the limits: 20 seconds into a minute."""
    now = {"at": 6000.0 + 20}
    monkeypatch.setattr(limits.time, "time", lambda: now["at"])
    return now


def test_who_asks_too_often_is_told_for_how_long_to_wait(program, redis_server, settings, clock):
    settings.API_REQUESTS_PER_MINUTE = 3
    erp, other = program("uploader", "erp"), program("uploader", "other")
    assert [erp.get("/me").status_code for _ in range(3)] == [200] * 3
    answer = erp.get("/me")
    assert problem(answer)[0] == 429 and answer["Retry-After"] == "40"
    assert other.get("/me").status_code == 200
    clock["at"] += 40
    assert erp.get("/me").status_code == 200


def test_a_renewed_token_is_no_way_around_it(program, redis_server, settings, clock):
    settings.API_REQUESTS_PER_MINUTE = 2
    erp = program("uploader", "erp")
    erp.get("/me")
    said = {"refresh": erp.pair["refresh"]}
    erp.pair = Client().post(f"{V1}/token/refresh", said, "application/json").json()
    assert [erp.get("/me").status_code for _ in range(2)] == [200, 429]


def test_a_second_sign_in_has_a_limit_of_its_own_but_not_any_number_of_them(program, redis_server, settings, clock):
    settings.API_REQUESTS_PER_MINUTE = 2
    erp, said = program("uploader", "erp"), []
    for _ in range(5):
        erp.pair = tokens.give(erp.user)
        said.append([erp.get("/me").status_code for _ in range(2)])
    assert said == [[200, 200]] * 4 + [[429, 429]]


def test_what_is_refused_counts_too(program, redis_server, settings, clock):
    settings.API_REQUESTS_PER_MINUTE = 2
    operator = program("operator")
    assert [operator.get("/batches").status_code for _ in range(3)] == [403, 403, 429]


def test_strangers_are_counted_by_address(redis_server, settings, clock):
    settings.API_STRANGERS_PER_MINUTE = 2
    asked = [Client().post(f"{V1}/token", "{}", "application/json").status_code for _ in range(3)]
    assert asked == [400, 400, 429]
    there = Client().post(f"{V1}/token", "{}", "application/json", REMOTE_ADDR="10.0.0.9")
    assert there.status_code == 400


def test_where_redis_is_away_nobody_is_kept_out(program, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert program("uploader").get("/me").status_code == 200


def heard(path: str, megabytes: float, token: str) -> LimitedParser:
    parser = LimitedParser(Adjustments(**ADJUSTED))
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {megabytes * MB:.0f}"]
    parser.received("\r\n".join([*lines, f"Authorization: Bearer {token}", "", ""]).encode())
    return parser


@pytest.mark.parametrize(
    ("path", "megabytes", "has_token", "is_refused"),
    [
        (f"{V1}/batches/1/photos", 300, True, False),
        (f"{V1}/batches/1/photos", 400, True, True),
        (f"{V1}/batches/1/photos", 1, False, True),
        (f"{V1}/batches", 11, True, True),
        (f"{V1}/batches", 5, True, False),
        (f"{V1}/token", 0.09, False, False),
    ],
)
def test_how_much_is_read_is_told_by_address_and_token(program, path, megabytes, has_token, is_refused):
    token = program("uploader").pair["access"] if has_token else "invented"
    assert heard(path, megabytes, token).completed == is_refused


def test_what_is_too_large_is_told_as_every_refusal_of_the_api(program):
    error = heard(f"{V1}/batches", 11, program("uploader").pair["access"]).error
    _, headers, body = error.to_response()
    assert dict(headers)["Content-Type"] == "application/problem+json"
    assert (json.loads(body)["status"], json.loads(body)["detail"]) == (413, error.body)


def test_a_body_that_is_nested_too_deeply_or_no_object_is_refused(program):
    erp = program("uploader")
    headers = {"authorization": f"Bearer {erp.pair['access']}"}
    for said in (
        "[" * 100_000,
        "[]",
        "1",
        json.dumps({"name": "\ud800"}),
        '{"name": NaN}',
        "{",
        '{"name": "a\\u0000"}',
    ):
        answer = erp.client.post(f"{V1}/batches", said, "application/json", headers=headers)
        assert problem(answer)[0] == 400, said[:20]
    answer = erp.client.post(f"{V1}/batches", "a=b", "text/plain", headers=headers)
    assert problem(answer)[0] == 415


@pytest.mark.parametrize("page", ["docs", "schema"])
@pytest.mark.parametrize("method", ["options", "post"])
def test_the_pages_of_the_description_are_read_and_nothing_else(client, page, method):
    assert getattr(client, method)(f"/api/v1/{page}").status_code == HTTPStatus.METHOD_NOT_ALLOWED
