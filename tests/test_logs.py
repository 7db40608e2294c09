"""The log: its two forms, and that nothing of a patient gets into either."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import logging.config
import sys
import threading
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from praxis_caldav.logs import OURS, REQUEST, SILENT, set_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    SetUp = Callable[..., io.StringIO]

PATIENT = "Mustermann"

log = logging.getLogger("practice.test")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[SetUp]:
    """Return a function that sets the log up and returns what is written; undo it at the end."""
    root = logging.getLogger()
    touched = (*OURS, *SILENT, "uvicorn", "uvicorn.error", "sqlalchemy")
    loggers = [root, *map(logging.getLogger, {*touched, *root.manager.loggerDict})]
    before = [(x, x.handlers[:], x.level, x.propagate, x.disabled) for x in loggers]
    for owner, name in (
        (logging, "raiseExceptions"),
        (warnings, "showwarning"),
        (sys, "excepthook"),
        (sys, "unraisablehook"),
        (threading, "excepthook"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))

    def start(level: str = "info", format: str = "json") -> io.StringIO:
        with redirect_stderr(io.StringIO()) as stream:
            set_up(level, format)
        return stream

    yield start
    for logger, handlers, level, propagate, disabled in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


def records(stream: io.StringIO) -> list[dict[str, object]]:
    """Return the lines written so far."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def only_record(stream: io.StringIO) -> dict[str, object]:
    """Return the one line written so far."""
    (record,) = records(stream)
    return record


@dataclass
class Person:
    """Something whose repr is a patient's name."""

    name: str = PATIENT


def fail() -> None:
    """Raise as a library does: a value in the message, caused by another."""
    try:
        raise KeyError(PATIENT)
    except KeyError as error:
        raise ValueError(f"bad value {PATIENT}") from error


def test_a_record_is_one_line_of_json(started: SetUp) -> None:
    stream = started()
    log.info("%d objects in %s", 3, "dr-mueller", extra={"ms": 1.5, "path": Path("/tmp")})
    record = only_record(stream)
    time = datetime.fromisoformat(str(record.pop("time")))
    assert abs((datetime.now(UTC) - time).total_seconds()) < 10
    assert record == {
        "level": "info",
        "logger": "practice.test",
        "event": "3 objects in dr-mueller",
        "ms": 1.5,
        "path": "/tmp",
    }


def test_the_time_is_utc_with_milliseconds(started: SetUp) -> None:
    stream = started()
    log.handle(logging.makeLogRecord({"name": "practice", "levelno": 20, "created": 1.5}))
    assert only_record(stream)["time"] == "1970-01-01T00:00:01.500Z"


def test_people_get_a_line_of_text(started: SetUp) -> None:
    stream = started(format="text")
    log.warning("the queue is long", extra={"letters": 7})
    _, _, rest = stream.getvalue().partition("Z ")
    assert rest == "warning  practice.test: the queue is long letters=7\n"


def test_records_below_the_level_are_left_out(started: SetUp) -> None:
    stream = started("warning")
    log.info("left out")
    log.warning("written")
    assert only_record(stream)["event"] == "written"


def test_lines_of_one_request_name_it(started: SetUp) -> None:
    stream = started()
    token = REQUEST.set("0123456789abcdef")
    log.info("in the request")
    REQUEST.reset(token)
    assert only_record(stream)["request"] == "0123456789abcdef"


@pytest.mark.parametrize("format", ["json", "text"])
def test_an_exception_is_type_and_place_without_its_message(started: SetUp, format: str) -> None:
    stream = started(format=format)
    try:
        fail()
    except ValueError:
        log.exception("it failed")
    text = stream.getvalue()
    assert PATIENT not in text
    assert "ValueError" in text
    assert "KeyError" in text
    assert f"{Path(__file__).name}:{fail.__code__.co_firstlineno + 3} fail" in text


def test_the_members_of_a_group_are_logged_too(started: SetUp) -> None:
    stream = started()
    log.error("it failed", exc_info=ExceptionGroup(PATIENT, [ValueError(PATIENT), OSError()]))
    types = [error["type"] for error in only_record(stream)["exception"]]  # type: ignore[attr-defined]
    assert types == ["ExceptionGroup", "ValueError", "OSError"]


def test_an_endless_chain_of_exceptions_ends(started: SetUp) -> None:
    stream = started()
    first, second = ValueError(PATIENT), ValueError(PATIENT)
    first.__context__, second.__context__ = second, first
    log.error("it failed", exc_info=first)
    assert len(only_record(stream)["exception"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["json", "text"])
def test_our_own_carelessness_shows_no_values(started: SetUp, format: str) -> None:
    stream = started(format=format)
    log.info("an error: %s", ValueError(PATIENT))
    log.info(ValueError(PATIENT))
    log.info("a person: %r and %r", Person(), [Person()])
    log.info("a mapping: %(who)s", {"who": Person()})
    log.info(
        "extra", extra={"who": Person(), "all": {"one": [Person()]}, "error": OSError(PATIENT)}
    )
    log.info("wrong number of arguments: %s %s", *[PATIENT])
    log.info("wrong type: %d", PATIENT)
    log.info("a stack", stack_info=True)
    assert PATIENT not in stream.getvalue()
    assert "<ValueError>" in stream.getvalue()
    assert len(stream.getvalue().splitlines()) == 8


def test_what_another_formatter_left_in_the_record_is_not_used(started: SetUp) -> None:
    stream = started()
    left = {"exc_text": PATIENT, "message": PATIENT, "tid": PATIENT}
    record = logging.makeLogRecord({"name": "practice", "levelno": 20} | left)
    log.handle(record)
    assert only_record(stream)["logger"] == "practice"
    assert PATIENT not in stream.getvalue()


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_line_break_cannot_forge_a_record(started: SetUp, format: str) -> None:
    stream = started(format=format)
    log.info("a\nb", extra={"name_": "c\r\nd\u2028"})
    assert stream.getvalue().count("\n") == 1
    assert "\r" not in stream.getvalue()


def test_libraries_are_heard_from_warnings_on_and_without_their_text(started: SetUp) -> None:
    stream = started("debug")
    library = logging.getLogger("some_library.part")
    library.info(PATIENT)
    library.warning("about %s", PATIENT, extra={"who": PATIENT})
    library.error(f"about {PATIENT}")
    assert PATIENT not in stream.getvalue()
    warning, error = records(stream)
    assert (warning["logger"], warning["level"]) == ("some_library.part", "warning")
    assert Path(__file__).name in str(error["at"])


def test_radicale_access_lines_and_sql_are_silent(started: SetUp) -> None:
    stream = started("debug")
    # What uvicorn and Radicale do after us.
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    for name in ("radicale", "radicale.storage", "uvicorn.access", "uvicorn.asgi"):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).error(PATIENT)
    logging.getLogger("sqlalchemy.engine.Engine").info("INSERT %s", PATIENT)
    assert stream.getvalue() == ""


def test_uvicorn_is_heard_without_texts_from_outside(started: SetUp) -> None:
    stream = started()
    server = logging.getLogger("uvicorn.error")
    server.info("Started server process [%d]", 4711, extra={"color_message": PATIENT})
    server.info('%s - "WebSocket %s" [accepted]', "10.0.0.1", f"/x?name={PATIENT}")
    server.error(f"Traceback (most recent call last):\n ...\nValueError: {PATIENT}")
    try:
        fail()
    except ValueError as error:
        server.error("Exception in ASGI application\n", exc_info=error)
        server.error(error)
    assert PATIENT not in stream.getvalue()
    assert [record["event"] for record in records(stream)] == [
        "Started server process [4711]",
        '… - "WebSocket …" [accepted]',
        "Traceback (most recent call last):",
        "Exception in ASGI application",
        "<ValueError>",
    ]


def test_a_failed_callback_of_asyncio_shows_no_values(started: SetUp) -> None:
    stream = started("debug")

    def fails(name: str) -> None:
        raise ValueError(name)

    async def main() -> None:
        asyncio.get_running_loop().call_soon(fails, PATIENT)
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert PATIENT not in stream.getvalue()
    assert only_record(stream)["logger"] == "asyncio"


def test_what_python_prints_by_itself_is_logged_without_values(started: SetUp) -> None:
    stream = started()

    class Fails:
        def __del__(self) -> None:
            fail()

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Fails()
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = sys.modules["praxis_caldav.logs"]._show_warning
        warnings.warn(f"about {PATIENT}", stacklevel=1)
    error = ValueError(PATIENT)
    sys.excepthook(ValueError, error, None)
    assert PATIENT not in stream.getvalue()
    events = [record["event"] for record in records(stream)]
    assert events == [
        "uncaught exception",
        "uncaught exception",
        "Python warning",
        "uncaught exception",
    ]


def test_interrupting_the_program_is_no_error(started: SetUp) -> None:
    stream = started()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert stream.getvalue() == ""


def test_setting_up_again_writes_every_line_once(started: SetUp) -> None:
    started()
    stream = started()
    log.info("once")
    assert len(records(stream)) == 1
