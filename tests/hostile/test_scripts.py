"""What people write, in names of files, products, batches and people, in notes and in addresses, runs on no page."""

from html.parser import HTMLParser
from itertools import product

import pytest
from django.contrib.auth.models import User

from pipeline.models import Batch, Frame, GatePolicy
from review.models import Claim, Decision

MARK = "mischief"
SCRIPTS = r"""
<script>mischief()</script>
</script><script>mischief()//
<img src=x onerror=mischief()>
<svg/onload=mischief()>
" onmouseover="mischief()
' onfocus='mischief()' autofocus='
`mischief()`
javascript:mischief()
${mischief()}
{{ mischief }}
{% mischief %}
{{constructor.constructor('mischief()')()}}
" x-init="mischief()
'+mischief()+'
"><iframe srcdoc="<script>mischief()</script>">
<!--<img src='--><img src=x onerror=mischief()>
</title><mischief>
</textarea><mischief>
<a href=javascript:mischief()>x</a>
<math><mtext></mtext><mischief>
<style>@import'mischief'</style>
<details open ontoggle=mischief()>
&lt;script&gt;mischief()&lt;/script&gt;
\u003cscript\u003emischief()
<mischief
]]><mischief>
""".strip().splitlines()
PAGES = [
    "/admin/pipeline/batch/",
    "/admin/pipeline/batch/{batch}/change/",
    "/admin/pipeline/batch/{batch}/change/?progress",
    "/admin/pipeline/batch/{batch}/history/",
    "/admin/pipeline/frame/",
    "/admin/pipeline/frame/{frame}/change/",
    "/admin/pipeline/frame/{frame}/history/",
    "/admin/review/queueitem/",
    "/workbench/?frame={frame}",
    "/admin/figures/",
    "/admin/policies/",
    "/admin/policies/{policy}/",
    "/admin/specs/",
    "/admin/auth/user/",
    "/admin/auth/user/{user}/change/",
    "/admin/auth/user/{user}/delete/",
    "/admin/auth/user/{user}/password/",
    "/admin/accounts/accessevent/",
    "/admin/pipeline/batch/add/?name={said}",
    "/admin/pipeline/batch/?q={said}",
    "/admin/login/?next={said}",
    "/admin/review/queueitem/?q={said}",
    "/admin/search/?s={said}",
    "/admin/pipeline/frame/?batch__id__exact={said}",
]


class Reader(HTMLParser):
    """Finds what a browser, or Alpine in it, would run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.run: list[str] = []
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside = tag if ("type", "application/json") not in attributes else ""
        if MARK in tag:
            self.run.append(tag)
        for name, value in attributes:
            is_code = name.startswith(("on", "x-", "@", ":", "srcdoc", "style")) or MARK in name
            is_address = name in ("href", "src", "action") and (value or "").strip().lower().startswith("javascript:")
            if MARK in f"{name}{value}" and (is_code or is_address):
                self.run.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style") and MARK in data:
            self.run.append(f"{self.inside}: {data}")


def spoil(frame: Frame, user: User, said: str) -> None:
    """Write it wherever somebody's words are kept."""
    Batch.objects.filter(pk=frame.batch_id).update(name=said, created_by=user)
    User.objects.filter(pk=user.pk).update(username=said, email=said)
    Frame.objects.filter(pk=frame.pk).update(filename=said, code=said[:64], cause=said, gemini=said[:20])
    Claim.objects.update_or_create(frame_id=frame.pk, defaults={"by": said, "until": frame.received_at})
    Decision.objects.create(frame=frame, kind="skip", why=said, by=said, occasion="exception")


def test_the_reader_knows_what_would_run():
    for page in (
        "<script>mischief()</script>",
        "<img src=x onerror=mischief()>",
        '<p x-data="mischief">',
        "<mischief>",
    ):
        assert Reader(page).run, page
    assert not Reader('<p title="mischief">mischief</p><script type="application/json">"mischief"</script>').run


@pytest.mark.slow
def test_what_people_write_runs_on_no_page(held, browsers):
    user, row = User.objects.create_user("ute"), GatePolicy.objects.first()
    assert row
    found = []
    for said in SCRIPTS:
        spoil(held, user, said)
        GatePolicy.objects.filter(pk=row.pk).update(name=said[:100])
        numbers = {"batch": held.batch_id, "frame": held.pk, "user": user.pk, "policy": row.pk, "said": said}
        for who, page in product(("owner", "operator"), PAGES):
            answer = browsers[who].get(page.format(**numbers).replace("#", "%23"))
            if answer.headers["Content-Type"].startswith("text/html"):
                found += [f"{page}: {code}" for code in Reader(answer.content.decode()).run]
    assert not found, "\n".join(found[:20])
