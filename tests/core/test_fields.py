import pytest

from demur.core.errors import FormatError
from demur.core.fields import Fields, parse_base64

WHOLE = {"text": "a", "count": 3, "at": "2026-11-23T10:00:00Z", "hex": "00ff", "list": ["a", 1], "object": {"a": 1}}


def test_every_kind_of_field_is_read_once_and_nothing_is_left() -> None:
    fields = Fields({**WHOLE, "texts": ["a", "b"]}, "the thing")
    assert fields.text("text") == "a"
    assert fields.count("count") == 3
    assert fields.instant("at").isoformat() == "2026-11-23T10:00:00+00:00"
    assert fields.hex_bytes("hex", 2) == b"\x00\xff"
    assert fields.items("list") == ["a", 1]
    assert fields.texts("texts") == ["a", "b"]
    assert fields.object("object") == {"a": 1}
    fields.end()
    with pytest.raises(FormatError, match='the thing has no field "text"'):
        fields.text("text")


def test_a_field_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(FormatError, match='the thing has an unknown field "b"'):
        Fields({"c": 1, "b": 2}, "the thing").end()


@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_what_is_not_an_object_has_no_fields(value: object) -> None:
    with pytest.raises(FormatError, match="the thing is not an object"):
        Fields(value, "the thing")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("read", "value"),
    [("text", 1), ("text", None), ("count", "1"), ("count", True), ("count", None), ("items", {}), ("object", [])],
)
def test_a_field_of_another_type_is_refused(read: str, value: object) -> None:
    with pytest.raises(FormatError, match='field "f" is not of type'):
        getattr(Fields({"f": value}, "the thing"), read)("f")  # type: ignore[dict-item]


def test_a_count_below_zero_is_refused() -> None:
    with pytest.raises(FormatError, match="below zero"):
        Fields({"f": -1}, "the thing").count("f")


def test_a_list_of_texts_holds_only_texts() -> None:
    with pytest.raises(FormatError, match="not text"):
        Fields({"f": ["a", 1]}, "the thing").texts("f")


@pytest.mark.parametrize("text", ["00F0", "0", "00", "0000ff", "00 0", "0x00", "00f0\n", "zzzz"])
def test_hexadecimal_has_one_spelling(text: str) -> None:
    with pytest.raises(FormatError, match="2 bytes of hexadecimal"):
        Fields({"f": text}, "the thing").hex_bytes("f", 2)


@pytest.mark.parametrize("text", ["AAE", "AAF=", "AAE==", "AAE=\n", "AA-=", "ä", "A", 5, None])
def test_base64_has_one_spelling(text: str) -> None:
    assert parse_base64("AAE=", 2) == parse_base64("AAE=") == b"\x00\x01"
    with pytest.raises(FormatError):
        parse_base64(text)


def test_base64_of_another_length_is_refused() -> None:
    with pytest.raises(FormatError, match="not 3 bytes long"):
        parse_base64("AAE=", 3)
