"""Who may reach what: a rule for every address, and for every action that lists offer on what is ticked."""

from enum import StrEnum
from typing import NamedTuple

Roles = frozenset[str]

NOBODY: Roles = frozenset()
ADMINS = frozenset({"admin", "owner"})
MANAGERS = ADMINS | {"manager"}
DECIDERS = MANAGERS | {"operator"}
UPLOADERS = MANAGERS | {"uploader"}
ROLES = DECIDERS | UPLOADERS
STAFF = ROLES | {"former"}
"""Whoever Django's admin lets in: a role that is taken away leaves that behind."""
EVERYBODY = STAFF | {"nobody", "stranger"}

READ = frozenset({"GET", "HEAD"})
POST = frozenset({"POST"})
FORM = READ | POST
ANY = FORM | {"PUT", "DELETE"}
"""Django's own lists and forms take what is no POST for a GET."""


class Answer(StrEnum):
    LET_IN = "let in"
    SIGN_IN = "sent to sign in"
    NO_TOKEN = "401"
    REFUSED = "403"
    NOT_THERE = "404"
    WRONG_METHOD = "405"


class Rule(NamedTuple):
    may: Roles
    by: frozenset[str] = READ
    posting: Roles | None = None
    """Who may POST, if those are others than `may`."""
    in_admin: bool = False
    """Django's admin stands before it, which sends whoever is no staff to sign in, whatever they ask."""
    strangers: Answer = Answer.SIGN_IN
    others: Answer = Answer.REFUSED


def _admin(may: Roles, by: frozenset[str] = ANY, posting: Roles | None = None, **fields: Answer) -> Rule:
    return Rule(may, by, posting, in_admin=True, **fields)


NOT_THERE = Rule(NOBODY, ANY, strangers=Answer.NOT_THERE, others=Answer.NOT_THERE)
TO_OWN_PAGE = Rule(ROLES, strangers=Answer.LET_IN)  # a stranger's own page is the sign-in


def _api(may: Roles, by: frozenset[str] = READ, posting: Roles | None = None) -> Rule:
    return Rule(may, by, posting, strangers=Answer.NO_TOKEN)


FOR_STRANGERS_TOO = Rule(EVERYBODY, strangers=Answer.LET_IN)
LED_ON = _admin(STAFF)  # to another page, which has a rule of its own


def _model(name: str, *, list_: Rule, add: Rule, change: Rule, delete: Rule, history: Rule) -> dict[str, Rule]:
    """The addresses of a ModelAdmin; the last has no name in Django."""
    places = {"changelist": list_, "add": add, "change": change, "delete": delete, "history": history}
    app, model = name.split("_")
    named = {f"admin:{name}_{place}": rule for place, rule in places.items()}
    return named | {f"admin/{app}/{model}/<path:object_id>/": LED_ON}


RULES: dict[str, Rule] = {
    "home": TO_OWN_PAGE,
    "admin/": TO_OWN_PAGE,
    "admin:index": TO_OWN_PAGE,
    "picture": Rule(ROLES),
    "upload-begin": Rule(UPLOADERS, POST),
    "upload-parts": Rule(UPLOADERS),
    "upload-complete": Rule(UPLOADERS, POST),
    "upload-part": Rule(UPLOADERS, POST),
    "published-file": Rule(UPLOADERS),
    "download-all": Rule(UPLOADERS),
    "products": Rule(UPLOADERS),
    "products-csv": Rule(UPLOADERS),
    "products-json": Rule(UPLOADERS),
    "product": Rule(UPLOADERS),
    "product-zip": Rule(UPLOADERS),
    "withdraw": Rule(MANAGERS, POST),
    "review-again": Rule(MANAGERS, POST),
    "render-frame-again": Rule(MANAGERS, POST),
    "render-batch-again": Rule(MANAGERS, POST),
    # For whoever was given one, an account or not; one that nobody signed leads nowhere.
    "passed-on": Rule(NOBODY, strangers=Answer.NOT_THERE, others=Answer.NOT_THERE),
    "remove-frame": Rule(UPLOADERS, POST),
    "close-batch": Rule(UPLOADERS, POST),
    "reopen-batch": Rule(UPLOADERS, POST),
    "archive-batch": Rule(UPLOADERS, POST),
    "delete-batch": Rule(MANAGERS, POST),
    "workbench": Rule(DECIDERS),
    "workbench-next": Rule(DECIDERS, POST),
    "workbench-beat": Rule(DECIDERS, POST),
    "workbench-leave": Rule(DECIDERS, POST),
    "workbench-undo": Rule(DECIDERS, POST),
    "workbench-open": Rule(DECIDERS, POST),
    "workbench-choices": Rule(DECIDERS, POST),
    "workbench-decide": Rule(DECIDERS, POST),
    "workbench-rename": Rule(DECIDERS, POST),
    "workbench-edit": Rule(DECIDERS, POST),
    "workbench-click": Rule(DECIDERS, POST),
    "workbench-shop": Rule(DECIDERS, POST),
    "workbench-skip": Rule(DECIDERS, POST),
    "workbench-take-over": Rule(MANAGERS, POST),
    "queue-undo": Rule(DECIDERS, POST),
    "reshoots": Rule(UPLOADERS),
    "figures": Rule(MANAGERS),
    "operations": Rule(ADMINS),
    "run-again": Rule(ADMINS, POST),
    # For programs: no account, no session. What they tell to whom is in tests/review/operations.
    "healthz": Rule(EVERYBODY, strangers=Answer.LET_IN),
    "readyz": Rule(EVERYBODY, strangers=Answer.LET_IN),
    # No account helps: it wants the token, or a site that is served to its own machine alone.
    "metrics": Rule(NOBODY, strangers=Answer.REFUSED, others=Answer.REFUSED),
    "figures-report": Rule(MANAGERS),
    "figures-csv": Rule(MANAGERS),
    "glossary": Rule(MANAGERS),
    "policies": Rule(MANAGERS),
    "policy": Rule(MANAGERS),
    "simulator": Rule(MANAGERS),
    "simulator-curve": Rule(MANAGERS),
    "use-threshold": Rule(MANAGERS, POST),
    "act-on-policy": Rule(MANAGERS, POST),
    "specs": Rule(ADMINS),
    "spec": Rule(ADMINS, FORM),
    "spec-preview": Rule(ADMINS),
    "spec-names": Rule(ADMINS),
    "act-on-spec": Rule(ADMINS, POST),
    "api-token": FOR_STRANGERS_TOO._replace(by=POST),
    "api-token-refresh": FOR_STRANGERS_TOO._replace(by=POST),
    "api-token-revoke": FOR_STRANGERS_TOO._replace(by=POST),
    "api-schema": FOR_STRANGERS_TOO,
    "api-docs": FOR_STRANGERS_TOO,
    "api-not-there": NOT_THERE,
    "api-me": _api(EVERYBODY),
    "api-batches": _api(UPLOADERS, FORM),
    "api-batch": _api(UPLOADERS),
    "api-photos": _api(UPLOADERS, POST),
    "api-uploads": _api(UPLOADERS, POST),
    "api-upload": _api(UPLOADERS),
    "api-upload-complete": _api(UPLOADERS, POST),
    "api-frames": _api(UPLOADERS),
    "api-frame": _api(UPLOADERS),
    "api-frame-renditions": _api(UPLOADERS),
    "api-product-renditions": _api(UPLOADERS),
    "api-exceptions": _api(DECIDERS),
    "api-exception": _api(DECIDERS),
    "api-decide": _api(DECIDERS, POST),
    "api-decisions": _api(DECIDERS),
    "api-take-back": _api(DECIDERS, POST),
    "api-insights": _api(MANAGERS),
    "admin:login": Rule(EVERYBODY, ANY - {"DELETE"}, strangers=Answer.LET_IN),
    "admin:logout": _admin(STAFF, POST, strangers=Answer.LET_IN),
    "admin:password_change": _admin(STAFF, ANY - {"DELETE"}),
    "admin:password_change_done": _admin(STAFF, READ),
    "admin:jsi18n": _admin(STAFF, READ),
    "admin:search": _admin(STAFF),
    "admin:autocomplete of batches": _admin(UPLOADERS, READ),
    "admin:autocomplete of users": _admin(ADMINS, READ),
    "admin:app_list auth": _admin(ADMINS, others=Answer.NOT_THERE),
    "admin:app_list accounts": _admin(ADMINS, others=Answer.NOT_THERE),
    "admin:app_list pipeline": _admin(UPLOADERS, others=Answer.NOT_THERE),
    "admin:app_list review": _admin(DECIDERS, others=Answer.NOT_THERE),
    "admin:view_on_site": NOT_THERE,
    "admin/r/": NOT_THERE,
    "admin/(?P<url>.*)": _admin(NOBODY, others=Answer.NOT_THERE),  # django-rq's pages among them: there are none
    "admin:auth_user_password_change": _admin(ADMINS),
    **_model(
        "auth_user",
        list_=_admin(ADMINS),
        add=_admin(ADMINS),
        change=_admin(ADMINS),
        delete=_admin(ADMINS),
        history=_admin(ADMINS),
    ),
    **_model(
        "accounts_accessevent",
        list_=_admin(ADMINS),
        add=_admin(NOBODY),
        change=_admin(ADMINS, posting=NOBODY),
        delete=_admin(NOBODY),
        history=_admin(ADMINS),
    ),
    **_model(
        "accounts_serviceaccount",
        list_=_admin(ADMINS),
        add=_admin(ADMINS),
        change=_admin(ADMINS),
        delete=_admin(NOBODY),
        history=_admin(ADMINS),
    ),
    **_model(
        "pipeline_batch",
        list_=_admin(UPLOADERS),
        add=_admin(UPLOADERS, FORM),
        change=_admin(UPLOADERS, READ),
        delete=_admin(NOBODY),
        history=_admin(UPLOADERS),
    ),
    **_model(
        "pipeline_webhookendpoint",
        list_=_admin(ADMINS),
        add=_admin(ADMINS),
        change=_admin(ADMINS),
        delete=_admin(ADMINS),
        history=_admin(ADMINS),
    ),
    **_model(
        "pipeline_webhookdelivery",
        list_=_admin(ADMINS),
        add=_admin(NOBODY),
        change=_admin(ADMINS, posting=NOBODY),
        delete=_admin(NOBODY),
        history=_admin(ADMINS),
    ),
    **_model(
        "pipeline_frame",
        list_=_admin(MANAGERS),
        add=_admin(NOBODY),
        change=_admin(MANAGERS, READ),
        delete=_admin(NOBODY),
        history=_admin(MANAGERS),
    ),
    **_model(
        "review_queueitem",
        list_=_admin(DECIDERS),
        add=_admin(NOBODY),
        change=LED_ON,
        delete=_admin(NOBODY),
        history=_admin(DECIDERS),
    ),
}
"""By an address's name, or by the address where it has none. What is one to Django and several to us is told apart."""

ACTIONS: dict[str, dict[str, Roles]] = {
    "auth_user": {"delete_selected": ADMINS},
    "accounts_accessevent": {"delete_selected": NOBODY},
    "accounts_serviceaccount": {"delete_selected": NOBODY, "new_secret": ADMINS, "revoke": ADMINS},
    "pipeline_batch": {"delete_selected": NOBODY, "keep_for_good": MANAGERS, "let_expire": MANAGERS},
    "pipeline_frame": {"delete_selected": NOBODY},
    "pipeline_webhookendpoint": {"delete_selected": ADMINS},
    "pipeline_webhookdelivery": {"delete_selected": NOBODY, "send_again": ADMINS},
    "review_queueitem": {
        "delete_selected": NOBODY,
        "approve": DECIDERS,
        "reprocess": DECIDERS,
        "discard": DECIDERS,
        "reject": DECIDERS,
    },
}


def expected(rule: Rule, who: str, method: str) -> Answer:
    """What the rule says of somebody who asks by that method."""
    is_stopped = who == "stranger" or (rule.in_admin and who not in STAFF)
    if is_stopped and rule.in_admin:
        return rule.strangers
    if method not in rule.by:
        return Answer.WRONG_METHOD
    if is_stopped:
        return rule.strangers
    may = rule.may if method != "POST" or rule.posting is None else rule.posting
    return Answer.LET_IN if who in may else rule.others
