from pipeline.models import Frame
from review.queue import stamps


def test_a_stamp_tells_nothing_of_how_often_a_frame_was_moved():
    """Frames that the gate published, and that are drawn for an audit, were moved more often than exceptions."""
    told = {(pk, version): stamps.of(Frame(pk=pk, version=version)) for pk in range(1, 40) for version in range(6)}
    assert len(set(told.values())) == len(told) and max(told.values()) < 2**53  # JavaScript's exact numbers
    for pk in range(1, 40):
        assert stamps.version_of(Frame(pk=pk, version=4), told[pk, 4]) == 4
        assert stamps.version_of(Frame(pk=pk, version=4), told[pk, 2]) == stamps.STALE
    moved_more = [told[pk, 4] > told[pk, 2] for pk in range(1, 40)]
    assert 8 < sum(moved_more) < 31
