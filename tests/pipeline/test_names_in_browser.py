"""The upload page's script says of every name what the server says."""

from itertools import product
from typing import Any

from pipeline import naming
from tests.scripts import answer_of

CODES = ("AURA1000", "a", "A.b-c_d", "", "_A", "A_", "ä", "A B", "A" * 64, "A" * 65, "😀", "A\n")
NUMBERS = ("_1", "_3", "_0", "_4", "_12", "_01", "__2", "_", "", "_x", "_1 ", "_²")
ENDINGS = (".jpg", ".JPG", ".", "", ".tar.gz", ".a_b", "\n", ".jpg\n")
NAMES = [name for parts in product(CODES, NUMBERS, ENDINGS) if (name := "".join(parts))]
ASK = """
const { nameChecker, slotOf, withEnding, withView } = await import(process.argv[1]);
const { rules, names } = JSON.parse(await new Response(process.stdin).text());
const views = rules.views.map((_, index) => index + 1);
console.log(JSON.stringify({
  wrong: names.map(nameChecker(rules)),
  slots: names.map(slotOf),
  ended: names.map((name) => withEnding(name, "IMG_1.HEIC")),
  viewed: names.map((name) => views.map((number) => withView(name, number))),
}));
"""


def test_script_and_server_say_the_same_of_every_name() -> None:
    told = dict(zip(NAMES, _said_by_script(NAMES)["wrong"], strict=True))
    assert told == {name: _said_by_server(name) for name in NAMES}
    assert len(set(told.values())) == len(naming.NAME_RULES) + 1


def test_two_names_are_one_photo_to_the_script_where_they_are_to_the_server() -> None:
    good = [name for name in (*NAMES, "a_1.png", "A_1.tif", "A_2.tif") if not _said_by_server(name)]
    ours = [naming.parse_photo_name(name) for name in good]
    slots = _said_by_script(good)["slots"]
    assert len(set(zip(slots, ours, strict=True))) == len(set(ours)) == len(set(slots))


def test_a_chosen_view_makes_a_good_name_of_each_with_a_good_code() -> None:
    names = ["A.jpg", "A_.jpg", "A_7.JPG", "A__2.jpg", "A_1.png", "IMG_1234.heic", "Ray Ban side.jpg"]
    codes = ["A", "A", "A", "A", "A", "IMG_1234", "RAY-BAN-SIDE"]
    for code, viewed in zip(codes, _said_by_script(names)["viewed"], strict=True):
        told = [naming.parse_photo_name(name) for name in viewed]
        assert told == [naming.PhotoName(code, view) for view in naming.VIEWS.values()]


def test_a_name_without_an_ending_keeps_the_files_own() -> None:
    names = ["PE210100031A_3", "A.10_2", "A_1.png"]
    assert _said_by_script(names)["ended"] == ["PE210100031A_3.HEIC", "A.10_2.HEIC", "A_1.png"]


def _said_by_script(names: list[str]) -> Any:
    return answer_of("names.js", ASK, {"rules": naming.RULES_FOR_SCRIPTS, "names": names})


def _said_by_server(name: str) -> str:
    try:
        naming.parse_photo_name(name)
    except naming.NamingError as error:
        return error.why
    return ""
