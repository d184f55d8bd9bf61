"""The numbers of the cut-outs that an operator may choose from."""

from typing import Any

from tests.scripts import answer_of

ASK = """
const { choices } = await import(process.argv[1]);
const item = { pictures: { cutout: "own" }, alternatives: [{ rung: "closer" }] };
const first = choices(item);
item.alternatives = [{ rung: "second", isBest: true }, { rung: "closer" }];
console.log(JSON.stringify([first, choices(item)]));
"""


def test_a_number_keeps_its_meaning_when_more_comes_to_choose_from() -> None:
    first, then = answer_of("workbench/panel.js", ASK)
    assert [numbered(first), numbered(then)] == [["", "closer"], ["", "closer", "second"]]
    assert [best(first), best(then)] == [[""], ["second"]]


def numbered(shown: list[dict[str, Any]]) -> list[str]:
    return [choice["rung"] for choice in shown]


def best(shown: list[dict[str, Any]]) -> list[str]:
    return [choice["rung"] for choice in shown if choice.get("isBest")]
