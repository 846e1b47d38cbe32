"""Nothing about a person gets into the server's log, and everything about our code does."""

import logging
import sys

import pytest

from demur.core.errors import FormatError
from demur.web.private_log import PrivateFilter, describe


def raise_from_the_inside(address: str) -> None:
    try:
        {}[address]
    except KeyError as error:
        raise FormatError("the thing is not well-formed") from error


def record_of(name: str, words: str, *args: object, error: bool = False) -> logging.LogRecord:
    logger = logging.getLogger(name)
    exc_info = sys.exc_info() if error else None
    return logger.makeRecord(name, logging.ERROR, "file.py", 1, words, args, exc_info)


def shown(record: logging.LogRecord) -> str:
    assert PrivateFilter().filter(record)
    return logging.Formatter("{levelname} {name}: {message}", style="{").format(record)


@pytest.mark.parametrize("name", ["django.request", "django.security.csrf", "django.security.DisallowedHost"])
def test_what_somebody_asked_for_is_not_logged(name: str) -> None:
    assert "ada" not in shown(record_of(name, "Forbidden: %s", "/privacy/genai/status/ada"))


def test_foreign_errors_leave_their_type_and_place_and_none_of_their_words() -> None:
    try:
        raise_from_the_inside("ada@people.example")
    except FormatError:
        line = shown(record_of("django.request", "Internal Server Error: %s", "/ada", error=True))
    assert "ada" not in line
    assert "the thing is not well-formed" in line
    assert "KeyError" in line
    assert "raise_from_the_inside" in line
    assert "\n" not in line


def test_other_records_stay_as_they_are() -> None:
    assert shown(record_of("demur.docket", "list %d is out", 7)) == "ERROR demur.docket: list 7 is out"
    assert shown(record_of("uvicorn.error", "Exceeded concurrency limit.")).endswith("Exceeded concurrency limit.")


def test_an_error_that_was_never_raised_can_be_described() -> None:
    assert describe(ValueError("ada")) == "ValueError at an unknown place"
