"""The servers of `make run` let in nobody but the product."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from pipeline.engines import embedded
from tests.services import free_ports

PASSWORD = "kept to ourselves"
URL = "redis://:kept%20to%20ourselves@127.0.0.1:6399/0"


def test_valkey_takes_nothing_from_who_has_no_password(redis_server):
    stranger = Redis.from_url(redis_server.replace("tests-password@", "@"))
    with pytest.raises(AuthenticationError):
        stranger.ping()
    assert Redis.from_url(redis_server).ping()


def test_the_password_is_in_a_file_of_ones_own_and_not_among_the_arguments(tmp_path):
    (tmp_path / "valkey.conf").write_text("of an older start")
    server = embedded.valkey(url=URL, folder=tmp_path, log_folder=tmp_path)
    configuration = Path(server.command[1])
    assert (configuration.read_text(), configuration.stat().st_mode & 0o777) == (f'requirepass "{PASSWORD}"\n', 0o600)
    assert not any("kept" in argument for argument in server.command)


def test_valkey_does_not_start_without_a_password(tmp_path):
    with pytest.raises(embedded.ServerError, match="REDIS_URL names no password"):
        embedded.valkey(url="redis://:@127.0.0.1:6399/0", folder=tmp_path, log_folder=tmp_path)


def test_a_refused_address_is_told_without_its_password(tmp_path):
    with pytest.raises(embedded.ServerError, match=r"REDIS_URL=redis://valkey:6379/0: expected") as refused:
        embedded.valkey(url="redis://:secret@valkey:6379/0", folder=tmp_path, log_folder=tmp_path)
    assert "secret" not in str(refused.value)


@pytest.fixture(params=["valkey", "seaweedfs"])
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    folders = {"folder": tmp_path, "log_folder": tmp_path}
    if request.param == "valkey":
        server = embedded.valkey(url=f"redis://:ours@127.0.0.1:{free_ports(1)}/0", **folders)
    else:
        url = f"http://127.0.0.1:{free_ports(embedded.WEED_PORTS)}"
        server = embedded.seaweedfs(url=url, access_key="tests", secret_key="tests-secret", **folders)
    process = embedded.start(server)
    embedded.wait_until_up(server, process)
    yield process
    embedded.stop([process])
    embedded.remove_sockets(server)


def test_no_port_listens_beyond_loopback(process):
    """As the kernel has it: state 0A listens, 0100007F is 127.0.0.1."""
    sockets = {str(path.readlink()) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    heard = [line[1].split(":")[0] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]
    assert set(heard) == {"0100007F"}
