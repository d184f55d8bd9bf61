"""Before `make run` sets anything up it looks whether its ports are free, and names the setting that moves each."""

import os
import socket
import subprocess
import sys

import pytest
from django.conf import settings

from config.ports import S3_PORTS
from pipeline.engines import embedded
from tests.services import free_ports

ROOT = settings.BASE_DIR


def ask(**moved: str) -> subprocess.CompletedProcess[str]:
    first = free_ports(S3_PORTS + 2)
    free = {"WEB_PORT": f"{first}", "REDIS_URL": f"redis://127.0.0.1:{first + 1}/0"}
    free["S3_ENDPOINT_URL"] = f"http://127.0.0.1:{first + 2}"
    command = [sys.executable, "-I", str(ROOT / "config" / "ports.py")]
    return subprocess.run(command, env={**os.environ, **free, **moved}, capture_output=True, text=True, check=False)


def test_free_ports_are_no_reason_to_stop():
    assert (ask().returncode, ask().stderr) == (0, "")


@pytest.mark.parametrize(
    ("setting", "form", "before"),
    [("WEB_PORT", "{}", 0), ("REDIS_URL", "redis://127.0.0.1:{}/0", 0), ("S3_ENDPOINT_URL", "http://127.0.0.1:{}", 9)],
)
def test_a_port_that_is_taken_is_named_with_its_setting(setting, form, before):
    first = free_ports(S3_PORTS)
    with socket.socket() as other:
        other.bind((embedded.LOOPBACK, first + before))
        other.listen()
        told = ask(**{setting: form.format(first)})
    assert told.returncode == 1
    assert f"Port {first + before} is taken" in told.stderr and setting in told.stderr


def test_it_knows_the_settings_own_defaults_and_asks_before_setting_up():
    text, script = (ROOT / "config" / "settings.py").read_text(), (ROOT / "config" / "ports.py").read_text()
    assert S3_PORTS == embedded.WEED_PORTS
    for default in ("redis://127.0.0.1:6390/0", "http://127.0.0.1:8390"):
        assert f'"{default}"' in text and f'"{default}"' in script
    assert 'env_int("WEB_PORT", 8300' in text and '"8300"' in script
    recipe = (ROOT / "Makefile").read_text().split("\nrun:\n")[1]
    assert recipe.index("config/ports.py") < recipe.index("setup")
