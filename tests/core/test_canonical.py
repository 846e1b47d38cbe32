from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.core.canonical import (
    MAX_INTEGER,
    canonical_json,
    instant_text,
    parse_instant,
    parse_readable_json,
    readable_json,
)
from demur.core.errors import FormatError

texts = st.text(st.characters(blacklist_categories=("Cs",)))
keys = st.text(st.characters(max_codepoint=127))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


def test_text_is_escaped_as_in_the_example_of_rfc_8785() -> None:
    text = '\u20ac$\u000f\nA\'B"\\\\"/'
    assert canonical_json({"string": text}) == '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()


def test_keys_are_sorted_and_nothing_is_between_the_signs() -> None:
    value = {"b": [1, -2, {"z": None, "a": True}], "": "", "B": False, "1": ()}
    assert canonical_json(value) == b'{"":"","1":[],"B":false,"b":[1,-2,{"a":true,"z":null}]}'


@given(st.dictionaries(keys, values))
def test_readable_json_is_read_back_as_it_was(value: dict) -> None:
    assert parse_readable_json(readable_json(value)) == value


@given(st.dictionaries(keys, values))
def test_order_of_insertion_leaves_no_trace(value: dict) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)
    assert readable_json(turned) == readable_json(value)


@pytest.mark.parametrize(
    "value",
    [1.5, float("nan"), b"bytes", {1: "a"}, {"ä": 1}, {"a": {1, 2}}, MappingProxyType({}), range(2), object()],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_say_in_one_way_is_refused(value: object) -> None:
    with pytest.raises(FormatError):
        canonical_json([value])  # type: ignore[list-item]


@pytest.mark.parametrize("number", [MAX_INTEGER + 1, -MAX_INTEGER - 1, 10**5000], ids=["over", "under", "far over"])
def test_an_integer_that_other_readers_would_round_is_refused(number: int) -> None:
    with pytest.raises(FormatError, match="53 bits"):
        canonical_json(number)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(FormatError, match="half a character"):
        readable_json("\ud83d")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null\n",
        "[]\n",
        "{}",
        "{} \n",
        ' {"a": 1}',
        '{"a":1}',
        '{\n  "a": 1,\n  "a": 1\n}\n',
        '{\n  "b": 1,\n  "a": 1\n}\n',
        '{\n  "a": "\\u00e4"\n}\n',
        '{\n  "a": 1.0\n}\n',
        '{\n  "a": 1e2\n}\n',
        '{\n  "a": NaN\n}\n',
        '{\n  "a": -0\n}\n',
        '{\n  "a": 9007199254740993\n}\n',
        '{\n  "a": ' + "9" * 5000 + "\n}\n",
        '{\n  "a": ' + "[" * 100_000 + "\n}\n",
        '{\n  "a": "\\ud83d"\n}\n',
    ],
    ids=range(18),
)
def test_json_in_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_readable_json(text)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_an_instant_is_read_back_to_the_second(instant: datetime) -> None:
    read = parse_instant(instant_text(instant))
    assert timedelta(0) <= instant - read < timedelta(seconds=1)
    assert read.tzinfo is UTC


def test_an_instant_is_written_in_utc() -> None:
    summer = timezone(timedelta(hours=2))
    assert instant_text(datetime(2026, 6, 26, 1, 30, 59, 999_999, tzinfo=summer)) == "2026-06-25T23:30:59Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(FormatError, match="without a time zone"):
        instant_text(datetime(2026, 6, 26))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-06-26",
        "2026-06-26T10:00:00",
        "2026-06-26T10:00:00+00:00",
        "2026-6-26T10:00:00Z",
        "2026-06-26T1:00:00Z",
        "2026-02-30T10:00:00Z",
        "2026-06-26T10:00:60Z",
        "2026-06-26T10:00:00Z ",
        "٢٠٢٦-06-26T10:00:00Z",
        None,
        5,
    ],
)
def test_an_instant_in_any_other_form_is_refused(text: str | None) -> None:
    with pytest.raises(FormatError, match="an instant is not written as"):
        parse_instant(text)
