"""What the terminal says of the samples, from their start until all are through."""

import pytest

from pipeline.management import samples
from pipeline.models import Batch, Frame
from pipeline.states import State


@pytest.mark.django_db(transaction=True)
def test_the_terminal_says_how_far_the_samples_are_until_all_are_through(monkeypatch):
    ours, theirs = (Batch.objects.create(name=name) for name in ("Samples: watch", "Theirs"))
    states = (State.RECEIVED, State.PROCESSING, State.PUBLISHED, State.EXCEPTION)
    frames = [frame(ours, number, state) for number, state in enumerate(states)]
    frame(theirs, 9, State.RECEIVED)

    def time_passes(_seconds: float) -> None:
        moving = [one for one in frames if one.state in (State.RECEIVED, State.PROCESSING)]
        for one in moving[:1]:
            one.state = State.EXCEPTION if one.state == State.PROCESSING else State.PROCESSING
            one.save()

    monkeypatch.setattr(samples.time, "sleep", time_passes)
    said: list[str] = []
    samples.tell(said.append)
    assert said == [
        "Samples: 2 of 4 through: 1 published, 1 waits for a person.",
        "Samples: 3 of 4 through: 1 published, 2 wait for a person.",
        "Samples: 4 of 4 through: 1 published, 3 wait for a person.",
    ]


def frame(batch: Batch, number: int, state: State) -> Frame:
    code = f"TEMPO{number}"
    return Frame.objects.create(
        batch=batch, code=code, view="front", filename=f"{code}_1.jpg", sha256=code, state=state
    )
