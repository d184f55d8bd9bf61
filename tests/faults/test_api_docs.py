"""docs/api.md, followed to the letter before the live product: from a name and a secret to downloaded files."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.faults.product import Product
from tests.services import ROOT

pytestmark = pytest.mark.slow
FILES = ["transparent.png", "transparent.webp", "white.jpg", "white.png", "white.webp"]
FILES += ["half-glass.jpg", "half-glass.png", "half-glass.webp"]
MADE = """
from django.contrib.auth.models import Group
from accounts import service
print(service.make("erp", Group.objects.get(name="uploader"), purpose="docs", by="admin")[1])
"""


def commands(heading: str) -> str:
    """What the page tells to type below a heading."""
    text = (ROOT / "docs" / "api.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def type_in(script: str, folder: Path, **told: str) -> str:
    """In a folder of one's own that has the samples and the docs."""
    command = ["timeout", "400", "bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env={"PATH": "/usr/bin:/bin", **told}, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_whoever_follows_the_page_has_eight_files_by_curl_and_the_same_by_the_client(product: Product, tmp_path: Path):
    product.start_and_wait()
    secret = product.manage("shell", "-v0", "-c", MADE).split()[-1]
    told = {"MATTEGATE": f"http://127.0.0.1:{product.environment['WEB_PORT']}", "NAME": "erp", "SECRET": secret}
    folder = tmp_path / "typed"
    folder.mkdir()
    for name in ("samples", "docs"):
        (folder / name).symlink_to(ROOT / name)

    typed = type_in(f"{commands('Ten minutes with curl')}\n{commands('Big photos in parts')}", folder, **told)
    assert '"name":"AURA1001_1.jpg","outcome":"taken"' in typed

    fetched = {path.name: path.read_bytes() for path in folder.glob("AURA1000_2_*")}
    assert sorted(fetched) == sorted(f"AURA1000_2_{name}" for name in FILES)
    assert fetched["AURA1000_2_white.jpg"][:2] == b"\xff\xd8" and fetched["AURA1000_2_white.png"][1:4] == b"PNG"

    said = type_in(commands("The same with Python"), folder, **told)
    assert said.count("duplicate") == 3
    assert {name: (folder / "out" / name).read_bytes() for name in fetched} == fetched
