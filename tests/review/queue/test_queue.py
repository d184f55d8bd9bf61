from pipeline.models import Batch, Frame
from pipeline.states import State


def test_the_queue_holds_exceptions_only_and_filters_by_reason(db, sign_in):
    batch = Batch.objects.create(name="Spring")
    for code, state, reasons in [
        ("HAZY", State.EXCEPTION, ["haze", "torn"]),
        ("TORN", State.EXCEPTION, ["torn"]),
        ("FINE", State.PUBLISHED, []),
    ]:
        Frame.objects.create(
            batch=batch, filename="A_1.jpg", code=code, view="front", sha256=code, state=state, reasons=reasons
        )
    operator = sign_in("operator")

    def listed(query: str) -> set[str]:
        page = operator.get(f"/admin/review/queueitem/{query}").content.decode()
        return {code for code in ("HAZY", "TORN", "FINE") if f"<b>{code}</b>" in page}

    assert listed("") == {"HAZY", "TORN"}
    assert listed("?reason=haze") == {"HAZY"}
    assert listed("?reason=torn") == {"HAZY", "TORN"}
