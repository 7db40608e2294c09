"""The log: one line a record on standard error, and nothing of a patient in it.

An exception's message, a library's text, or a value in either may hold a name. So exceptions are
logged as types and places in the code, other people's records without their values, and what has
no harmless form by its type alone. Not here: what is worth a line; each module decides for itself.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["REQUEST", "set_up", "shown"]

#: The id of the request that is being answered; it stands in every line logged meanwhile.
REQUEST: ContextVar[str | None] = ContextVar("REQUEST", default=None)

#: The packages whose messages we wrote ourselves and therefore trust.
OURS = ("practice", "caldav_server", "booking_adapter", "admin_api", "praxis_caldav")
#: Libraries whose message templates were read and hold no values; their arguments may. Not
#: asyncio: it writes the arguments of a failed callback into its message.
KNOWN_TEMPLATES = ("uvicorn.error",)
#: Radicale logs names, paths and contents; the other two log every path.
SILENT = ("radicale", "uvicorn.access", "uvicorn.asgi")

WITHHELD = "…"
MOST_EXCEPTIONS = 10
MOST_FRAMES = 30

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: What is in every record, what other formatters leave there, and `ident` and `tid`, which
#: Radicale's record factory adds to the records of everybody.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {
    *("message", "asctime", "taskName", "color_message", "ident", "tid"),
    *("time", "level", "logger", "event", "request", "exception"),
}

_SIMPLE = frozenset({str, int, float, bool})

_log = logging.getLogger(__name__)


def set_up(level: str, format: str) -> None:
    """Send everything through one handler. To be called first thing in every process.

    `level` is debug, info, warning or error; `format` json or text. uvicorn must be started with
    `log_config=None, log_level=None`, or it puts its own handlers back.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(least, logging.WARNING))
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in (*OURS, "uvicorn.error"):
        logging.getLogger(name).setLevel(least)
    for name in SILENT:
        _silence(logging.getLogger(name))
    # Nobody writes these, and each is looked up for every record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    _catch_what_bypasses_logging()


def _silence(logger: logging.Logger) -> None:
    # Three ways, because Radicale and uvicorn each set some of them anew.
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
    logger.disabled = True


def _catch_what_bypasses_logging() -> None:
    """Log what Python itself would print with values: warnings, uncaught exceptions."""
    # A record that cannot be written would be printed with its arguments.
    logging.raiseExceptions = False
    warnings.showwarning = _show_warning
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: object) -> None:
    del trace  # the error has it
    if issubclass(kind, (KeyboardInterrupt, SystemExit)):
        return
    _log.critical("uncaught exception", exc_info=error, extra={"type": kind.__qualname__})


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: str | None = None,
) -> None:
    del message, file, line  # the message may quote a value
    place = {"warning": category.__name__, "at": f"{_short(filename)}:{lineno}"}
    _log.warning("Python warning", extra=place)


#: Made once; `json.dumps` makes one for each line.
_as_json = json.JSONEncoder(ensure_ascii=False).encode


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        return _as_json(_facts(record))


@contextmanager
def shown() -> Iterator[None]:
    """Show warnings to whoever runs a command, as long as the block runs."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class TextFormatter(logging.Formatter):
    """One line a record, its exceptions in further lines, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        facts = _facts(record)
        head = [str(facts.pop("time")), f"{facts.pop('level')!s:<8}"]
        head.append(f"{facts.pop('logger')}: {facts.pop('event')}")
        facts.pop("exception", None)
        head += [f"{name}={value}" for name, value in facts.items()]
        lines = [" ".join(head)]
        for name, frames in _exceptions(record):
            lines += [f"    {name}", *(f"        {frame}" for frame in frames)]
        return "\n".join(
            line if line.isprintable() else _CONTROL.sub(_escaped, line) for line in lines
        )


def _facts(record: logging.LogRecord) -> dict[str, object]:
    """Return what may be said of the record."""
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    facts: dict[str, object] = {
        "time": time.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
    }
    if record.name.partition(".")[0] in OURS:
        facts["event"] = _filled(record.msg, _harmless(record.args))
        values = vars(record)
        extras = {key: values[key] for key in values if key not in _USUAL}
    else:
        facts["event"] = _foreign(record)
        extras = {"at": f"{_short(record.pathname)}:{record.lineno}"}
    if request := REQUEST.get():
        facts["request"] = request
    for key, value in extras.items():
        facts[key] = value if type(value) in _SIMPLE else _harmless(value)
    if exceptions := _exceptions(record):
        facts["exception"] = [{"type": name, "frames": frames} for name, frames in exceptions]
    return facts


def _foreign(record: logging.LogRecord) -> str:
    """Return a library's message without values; its place in the code tells the rest."""
    if record.name not in KNOWN_TEMPLATES:
        return WITHHELD
    args = record.args if isinstance(record.args, tuple) else ()
    kept = tuple(arg if isinstance(arg, (int, float)) else WITHHELD for arg in args)
    # Further lines are the traceback of a failed start, with its message.
    return _filled(record.msg, kept).partition("\n")[0]


def _filled(message: object, args: object) -> str:
    if not isinstance(message, str):
        return str(_harmless(message))
    try:
        return message % args if args else message
    except (TypeError, ValueError, KeyError):
        return message


def _harmless(value: object) -> object:
    """Return `value` if it is made of simple parts; the rest of it becomes type names."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    match value:
        case date() | PurePath() | UUID():
            return str(value)
        case dict():
            return {str(_harmless(key)): _harmless(item) for key, item in value.items()}
        case tuple():
            return tuple(_harmless(item) for item in value)
        case list() | set() | frozenset():
            return [_harmless(item) for item in value]
    return f"<{type(value).__qualname__}>"


def _exceptions(record: logging.LogRecord) -> list[tuple[str, list[str]]]:
    """Return type and frames of the record's exception and of those that led to it."""
    if not record.exc_info or record.exc_info[1] is None:
        return []
    return [(_type_name(error), _frames(error)) for error in _chain(record.exc_info[1])]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it came from; of a group, its members too."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MOST_EXCEPTIONS:
        error = waiting.pop(0)
        if id(error) in seen:
            continue
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            waiting += error.exceptions
        if error.__cause__:
            waiting.append(error.__cause__)
        elif error.__context__ and not error.__suppress_context__:
            waiting.append(error.__context__)


def _frames(error: BaseException) -> list[str]:
    places = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return places[-MOST_FRAMES:]


def _type_name(error: BaseException) -> str:
    kind = type(error)
    prefix = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return prefix + kind.__qualname__


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])


def _escaped(match: re.Match[str]) -> str:
    # A line break in a value must not look like another record.
    return f"\\x{ord(match[0]):02x}"
