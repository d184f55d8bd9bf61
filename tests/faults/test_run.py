"""How `make run` starts, refuses to start, and stops."""

import os
import signal
import socket
from contextlib import suppress
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.faults.product import Product, is_alive, program
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def product(product: Product) -> Product:
    """No photo comes: weights would only be loaded, by two workers at each start."""
    product.environment["MATTES"] = "stand-in"
    return product


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_child_behind(product, number):
    product.environment["MATTES"] = "weights"
    product.start_and_wait()
    stop_and_expect_no_child(product, number)


def test_the_servers_alone_are_started_for_a_restore(product):
    product.start("--servers")
    wait_for(lambda: "nothing else" in product.terminal(), 60)
    children = product.descendants()
    assert {program(pid).split()[0].rpartition("/")[2] for pid in children} == {"valkey-server", "weed"}
    assert product.stop() == 0
    assert [pid for pid in children if is_alive(pid)] == []


def test_a_later_start_on_other_ports_keeps_the_data_and_the_folder_to_itself(product, tmp_path):
    product.start_and_wait()
    product.stop()
    moved = Product(tmp_path, MATTES="stand-in")
    moved.start_and_wait()
    try:
        assert moved.rows("SELECT name FROM pipeline_batch") == [("Earlier",)]
        second = Product(tmp_path)
        second.output = tmp_path / "second.txt"
        (line,) = refusal(second)
        assert str(tmp_path) in line
        stop_and_expect_no_child(moved, signal.SIGHUP)  # a closed terminal
    finally:
        moved.close()


@pytest.mark.parametrize("setting", ["WEB_PORT", "REDIS_URL", "S3_ENDPOINT_URL"])
def test_a_taken_port_is_one_clear_line_that_names_the_port_and_the_setting(tmp_path, setting):
    product = Product(tmp_path)
    port = int(product.environment[setting].split("/")[-2 if setting == "REDIS_URL" else -1].split(":")[-1])
    with socket.create_server(("127.0.0.1", port)):
        assert refusal(product) == [
            f"CommandError: Port {port} is taken by another program: stop that, or move ours with {setting}"
        ]


def test_what_lies_under_var_is_readable_by_its_owner_alone(product):
    product.folder.chmod(0o755)  # as older versions left it
    before = {*product.folder.rglob("*"), product.output}
    product.start_and_wait()
    made = set(product.folder.rglob("*")) - before
    assert len(made) > 20
    open_ones = [str(path) for path in made if path.stat().st_mode & 0o077 and not path.name.startswith("mattegate.")]
    assert (open_ones, product.folder.stat().st_mode & 0o777) == ([], 0o700)


def test_a_var_that_everybody_may_write_to_is_refused(product):
    product.folder.chmod(0o1777)
    (line,) = refusal(product)
    assert "name one of Mattegate's own" in line


def test_the_printed_passwords_are_refused_where_others_can_reach_the_site(product):
    product.environment["WEB_HOST"] = "0.0.0.0"
    words = " ".join(refusal(product))
    assert "to be served as 0.0.0.0, but these have the passwords they were made with: admin, manager" in words
    assert "manage.py changepassword NAME" in words and "Traceback" not in words


def test_missing_weights_are_one_clear_line(tmp_path):
    product = Product(tmp_path, WEIGHTS_DIR=str(tmp_path / "none"))
    (line,) = refusal(product)
    assert "run `make setup`" in line


def test_a_server_that_dies_stops_the_product_with_its_name_and_the_end_of_its_log(product):
    product.start_and_wait()
    children = product.descendants()
    valkey = next(pid for pid in children if "valkey-server" in program(pid))
    os.kill(valkey, signal.SIGKILL)
    wait_for(lambda: product.process.poll() is not None, 20)
    assert product.process.returncode == 1
    assert "valkey stopped by itself" in product.terminal()
    assert "Traceback" not in product.terminal().partition("CommandError")[0]
    assert [pid for pid in children if is_alive(pid)] == []


def test_a_process_that_fails_at_start_stops_the_product_with_the_end_of_its_log(product):
    port = int(product.environment["WEB_PORT"])
    product.start()
    wait_for(lambda: list(product.folder.rglob("valkey.conf")), 60)  # that the port was free has been seen
    with socket.create_server(("127.0.0.1", port)):
        wait_for(lambda: product.process.poll() is not None, 60)
    assert product.process.returncode == 1
    assert "web stopped by itself" in product.terminal()
    assert f"CommandError: Nothing can be served on 127.0.0.1:{port}" in product.terminal()
    assert "Traceback" not in product.terminal()


def test_logs_and_a_terminal_that_take_no_more_stop_nothing(product):
    """As on a full disk."""
    logs = product.folder / "log"
    logs.mkdir(exist_ok=True)
    for name in ("web", "worker", "cron"):
        (logs / f"{name}.log").symlink_to("/dev/full")
    product.start_and_wait()
    url = f"http://127.0.0.1:{product.environment['WEB_PORT']}/accounts/nowhere/"
    for _ in range(3):
        with suppress(HTTPError):
            urlopen(url, timeout=20)
    stop_and_expect_no_child(product, signal.SIGTERM)


def refusal(product: Product) -> list[str]:
    """What a product that does not start says."""
    product.start()
    assert product.process
    assert product.process.wait(30) == 1
    return product.terminal().splitlines()


def stop_and_expect_no_child(product: Product, number: signal.Signals) -> None:
    children = product.descendants()
    assert len(children) >= 8  # two servers, three processes and those that watch them, two workers
    assert product.stop(number) == 0
    assert [pid for pid in children if is_alive(pid)] == []
    assert "Traceback" not in product.terminal()
