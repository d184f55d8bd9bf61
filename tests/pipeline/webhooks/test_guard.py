"""No webhook leads inside, whatever its address looks like or its name says the second time."""

import socket

import pytest

from pipeline.webhooks import guard
from pipeline.webhooks.post import post

INSIDE = [
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.0.0.8"),
    *("::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
    *("2002:7f00:1::", "2001:0:1::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_public(address):
    assert not guard.is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are(address):
    assert guard.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://erp.example.com/", "ftp://erp.example.com/", "file:///etc/passwd", "erp.example.com", "", "https://"),
        *("https://u:p@erp.example.com/", "https://erp.example.com/#x", "https://erp.example.com:99999/"),
        *("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest"),
        *("https://erp.example.com/a b", "https://erp.example.com/\r\nX: y", "https://[::1", "https://" + "a" * 70),
    ],
)
def test_addresses_that_no_webhook_may_have(url):
    with pytest.raises(guard.ForbiddenAddressError):
        guard.target_of(url)


def resolver(*answers: list[str]):
    """A name server that answers otherwise each time; and all that it was asked."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return resolve, asked


@pytest.fixture
def dialled(monkeypatch):
    """Where a connection was made to; nobody answers."""
    found: list[tuple[str, int]] = []

    def create_connection(address, timeout):
        found.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("pipeline.webhooks.post.socket.create_connection", create_connection)
    return found


def test_a_name_that_leads_inside_is_not_dialled(dialled):
    resolve, _ = resolver(["10.0.0.1"])
    with pytest.raises(guard.ForbiddenAddressError, match=r"10\.0\.0\.1 is no public address"):
        post("https://erp.example.com/", "{}", {}, resolve)
    assert not dialled


def test_one_address_inside_among_public_ones_spoils_all(dialled):
    resolve, _ = resolver(["93.184.215.14", "127.0.0.1"])
    with pytest.raises(guard.ForbiddenAddressError):
        post("https://erp.example.com/", "{}", {}, resolve)
    assert not dialled


@pytest.mark.parametrize("name", ["2130706433", "0x7f000001", "127.1", "localhost", "ip6-localhost.example"])
def test_other_spellings_of_this_machine_lead_nowhere_either(name, dialled):
    resolve = socket.getaddrinfo if "." not in name or name == "127.1" else resolver(["::1"])[0]
    with pytest.raises((guard.ForbiddenAddressError, OSError)):
        post(f"https://{name}/", "{}", {}, resolve)
    assert not dialled


def test_a_name_that_answers_otherwise_the_second_time_is_asked_once_and_that_address_dialled(dialled):
    resolve, asked = resolver(["93.184.215.14"], ["127.0.0.1"])
    with pytest.raises(OSError):
        post("https://rebinding.example.com/", "{}", {}, resolve)
    assert asked == ["rebinding.example.com"]
    assert dialled == [("93.184.215.14", 443)]


def test_a_name_that_leads_nowhere_is_said_so(dialled):
    with pytest.raises(guard.ForbiddenAddressError, match="has no address"):
        post("https://erp.example.com/", "{}", {}, resolver([])[0])
