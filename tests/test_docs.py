"""docs/architecture.md says what the code says, and every command that a page names is there."""

import re
import tomllib
from itertools import product
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands

from pipeline.states import MOVES

ROOT = Path(settings.BASE_DIR)
PLAN = (ROOT / "docs" / "architecture.md").read_text()
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

ELSEWHERE = {
    "__init__.py",
    "apps.py",
    "admin.py",
    "manage.py",
    "urls.py",
    "asked.py",
    "sheets.py",
    "ports.py",
    "no_room.py",
    "test_docs.py",
}
Floors = list[set[str]]
"""From the highest down: what stands beside one another."""


def section(heading: str) -> str:
    return re.split(r"^#+ ", PLAN.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]


def cells(text: str) -> list[list[str]]:
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def floors_of(contract: str) -> Floors:
    layers = next(found["layers"] for found in CONTRACTS if found["name"] == contract)
    return [set(layer.split(" | ")) for layer in layers]


def as_floors(numbered: list[tuple[int, str]]) -> Floors:
    highest = max(number for number, _ in numbered)
    return [{name for at, name in numbered if at == number} for number in range(highest, 0, -1)]


def test_the_wings_are_those_of_the_import_contract():
    rows = cells(section("The wings"))
    assert as_floors([(int(floor), wing.split("`")[1]) for floor, wing, _ in rows]) == floors_of("Arrows run one way")


def test_the_floors_inside_the_wings_are_those_of_their_contracts():
    found: dict[str, list[tuple[int, str]]] = {}
    wing = ""
    for name, floor, rooms in cells(section("Floors inside the wings")):
        wing = name.strip("`") or wing
        found.setdefault(wing, []).extend((int(floor), room) for room in re.findall(r"(?:^|· )`(\w+)`", rooms))
    contracts = {
        "pipeline.imaging": "The wings of imaging",
        "review": "The wings of review",
        "pipeline.gemini": "Inside the wing for Gemini",
        "pipeline.models": "Inside the rows",
    }
    assert {wing: as_floors(rooms) for wing, rooms in found.items()} == {
        wing: floors_of(contract) for wing, contract in contracts.items()
    }


def test_the_life_of_a_frame_is_that_of_states_py():
    rows = cells(section("The life of a frame"))
    told = {move for source, target, _ in rows for move in product(source.split(", "), target.split(", "))}
    assert told == {(source.name, target.name) for source, targets in MOVES.items() for target in targets}


def test_every_room_is_on_the_plan_and_every_name_on_it_is_a_room():
    modules = [path for root in ("pipeline", "review", "accounts") for path in (ROOT / root).rglob("*.py")]
    rooms = {path.name for path in modules if not {"migrations", "commands"} & set(path.parts)} - ELSEWHERE
    files = set(re.findall(r"(\w+\.py)\b", PLAN)) | {f"{name}.py" for name in re.findall(r"`pipeline\.(\w+)`", PLAN)}
    assert rooms - files == set()
    assert set(re.findall(r"(\w+\.py)\b", PLAN)) - rooms - ELSEWHERE == set()


def test_the_plan_has_each_of_its_sections_once_and_no_row_outside_a_table():
    headings = re.findall(r"^#+ .*", PLAN, re.MULTILINE)
    assert len(headings) == len(set(headings))
    tables = [block for block in re.split(r"\n\n+", PLAN) if re.search(r"\|$", block, re.MULTILINE)]
    assert all(re.match(r"\|.*\|\n\|(-+\|)+\n(\|.*\|\n?)*$", table) for table in tables)


def test_every_folder_that_the_plan_names_is_there():
    named = set(re.findall(r"(?<![\w/])((?:pipeline|review|accounts|config)/[\w/]+(?:\.py)?)", PLAN))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_command_that_a_page_names_is_there():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    text = " ".join(page.read_text() for page in pages)
    assert set(re.findall(r"manage\.py (\w+)", text)) <= set(get_commands())
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([\w-]+)", text)) | set(re.findall(r"^make ([\w-]+)", text, re.MULTILINE)) <= set(
        targets
    )
    modules = {f"{name.replace('.', '/')}.py" for name in re.findall(r"-m\s+(tests[\w.]+)", text)}
    assert len(modules) == 9 and all((ROOT / module).exists() for module in modules)
