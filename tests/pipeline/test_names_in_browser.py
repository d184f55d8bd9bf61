"""The upload page's script says of every name what the server says."""

import json
import subprocess
from itertools import product

from django.conf import settings

from pipeline import naming

CODES = ("AURA1000", "a", "A.b-c_d", "", "_A", "A_", "ä", "A B", "A" * 64, "A" * 65, "😀", "A\n")
NUMBERS = ("_1", "_3", "_0", "_4", "_12", "_01", "__2", "_", "", "_x", "_1 ", "_²")
ENDINGS = (".jpg", ".JPG", ".", "", ".tar.gz", ".a_b", "\n", ".jpg\n")
NAMES = [name for parts in product(CODES, NUMBERS, ENDINGS) if (name := "".join(parts))]
ASK = """
const { nameChecker } = await import(process.argv[1]);
const { rules, names } = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify(names.map(nameChecker(rules))));
"""


def test_script_and_server_say_the_same_of_every_name() -> None:
    rules = {"rules": naming.NAME_RULES, "expected": naming.EXPECTED}
    script = str(settings.BASE_DIR / "static/mattegate/names.js")
    asked = json.dumps({"rules": rules, "names": NAMES})
    command = ["node", "--input-type=module", "--eval", ASK, script]
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    told = dict(zip(NAMES, json.loads(answer.stdout), strict=True))
    assert told == {name: _said_by_server(name) for name in NAMES}
    assert len(set(told.values())) == len(naming.NAME_RULES) + 1


def _said_by_server(name: str) -> str:
    try:
        naming.parse_photo_name(name)
    except naming.NamingError as error:
        return error.why
    return ""
