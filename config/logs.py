"""How log lines look: a line of text for people, or an object of JSON for programs, with what is known of the work."""

from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.processors import EventRenamer, JSONRenderer, TimeStamper, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_log_level, add_logger_name

FORMATTERS: dict[str, Any] = {
    "line": {"format": "%(levelname)s %(name)s: %(message)s"},
    "json": {
        "()": ProcessorFormatter,
        # What whoever is at work bound: request, frame, batch, attempt, stage.
        "foreign_pre_chain": [merge_contextvars, add_log_level, add_logger_name, TimeStamper(fmt="iso", utc=True)],
        "processors": [
            ProcessorFormatter.remove_processors_meta,
            format_exc_info,
            EventRenamer("message"),
            JSONRenderer(ensure_ascii=False),
        ],
    },
}
