import math
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.core.errors import FormatError
from demur.core.identifier import (
    MAX_VALUE_CHARS,
    check_account,
    face_embedding,
    face_value,
    normalise_email,
    normalise_handle,
    photo_hashes,
    photo_value,
)


@pytest.mark.parametrize(
    "text",
    [
        "ada.m",
        "@ada.m",
        "  @Ada.M ",
        "\uff21\uff24\uff21\uff0e\uff4d",
        "https://lumen.example/ada.m",
        "https://lumen.example/@Ada.M/",
        "http://lumen.example/profile/ada.m",
        "https://lumen.example/u/ada.m?tab=photos",
        "HTTPS://LUMEN.EXAMPLE/ada.m#top",
    ],
)
def test_every_way_to_type_a_handle_gives_the_same_one(text: str) -> None:
    assert normalise_handle(text) == "ada.m"


@pytest.mark.parametrize("text", ["", "@", "@@ada", "ada m", "a@b", "a:b", "https://lumen.example/", "a/b", "x" * 321])
def test_what_is_no_handle_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        normalise_handle(text)
    assert str(caught.value) == "this is not a handle or a link to a profile"


@given(st.text())
def test_a_handle_that_was_normalised_stays_as_it_is(text: str) -> None:
    try:
        handle = normalise_handle(text)
    except FormatError:
        return
    assert normalise_handle(handle) == handle


@pytest.mark.parametrize("text", ["Ada@Example.ORG", " ada@example.org ", "\uff41\uff44\uff41@example.org"])
def test_every_way_to_type_an_address_gives_the_same_one(text: str) -> None:
    assert normalise_email(text) == "ada@example.org"


@pytest.mark.parametrize(
    "text",
    ["", "ada", "ada@", "@example.org", "ada@example", "a b@example.org", "ada@@example.org", "<ada@example.org>",
     "ada@example.org, bo@example.org", "ada@example.org.", "a" * 310 + "@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        normalise_email(text)
    assert str(caught.value) == "this is not an e-mail address"


def test_the_longest_address_is_accepted() -> None:
    address = "a" * (MAX_VALUE_CHARS - len("@example.org")) + "@example.org"
    assert normalise_email(address) == address


@given(st.emails())
def test_an_address_that_was_normalised_stays_as_it_is(text: str) -> None:
    try:
        address = normalise_email(text)
    except FormatError:
        return
    assert normalise_email(address) == address


def test_an_account_is_a_namespace_and_a_stable_id() -> None:
    assert check_account("lumen:p0000042") == "lumen:p0000042"


@pytest.mark.parametrize(
    "text", ["", "p42", "lumen:", ":p42", "Lumen:p42", "lumen:p 42", "lumen:a:b", "lumen:p42\n", "l:" + "x" * 320]
)
def test_what_is_no_account_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="namespace:stable-id"):
        check_account(text)


@pytest.mark.parametrize(
    "ending", ["\u200b", "\0", "\x08", "\ufeff", "\u202e", "\u2060", "\x7f", "\ue000", "\uff41", "e\u0301"]
)
def test_an_account_with_a_second_spelling_of_itself_is_refused(ending: str) -> None:
    """It would look like one that is on the list, and be another."""
    with pytest.raises(FormatError, match="namespace:stable-id"):
        check_account(f"lumen:p42{ending}")
    assert check_account("lumen:p42\u00e9\u4e2d") == "lumen:p42\u00e9\u4e2d"


ONE, OTHER = b"a" * 32, b"b" * 32


def test_a_photo_has_one_value_whatever_the_order_of_its_hashes() -> None:
    assert photo_value([OTHER, ONE, OTHER]) == photo_value([ONE, OTHER])
    assert photo_hashes(photo_value([OTHER, ONE])) == ONE + OTHER


@pytest.mark.parametrize("hashes", [[], [b"a" * 31], [ONE, b""], [number.to_bytes(32) for number in range(1_025)]])
def test_what_is_no_set_of_hashes_is_refused(hashes: list[bytes]) -> None:
    with pytest.raises(FormatError, match="hashes of 32 bytes"):
        photo_value(hashes)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "9f02c4d1",
        b64encode(OTHER + ONE).decode(),
        b64encode(ONE + ONE).decode(),
        photo_value([ONE]) + "\n",
        photo_value([ONE]).rstrip("="),
        photo_value([ONE]).replace("=", "%"),
        "\u00e9" * 44,
    ],
)
def test_a_value_of_a_photo_that_has_a_second_spelling_is_refused(value: str) -> None:
    with pytest.raises(FormatError):
        photo_hashes(value)


FACE = [0.1 * (number % 7 - 3) for number in range(128)]


def test_a_face_has_a_value_of_172_characters_that_gives_its_numbers_back() -> None:
    value = face_value(FACE)
    assert len(value) == 172
    assert face_embedding(value) == pytest.approx(FACE, abs=1 / 400)
    assert face_value(face_embedding(value)) == value


def test_every_number_is_the_nearest_of_127_steps_to_either_side() -> None:
    given = [0.0, 0.0024, 0.0026, -0.0026, 0.635, 0.7, -0.635, -9e9, *[0.0] * 120]
    assert face_embedding(face_value(given))[:8] == (0, 0, 0.005, -0.005, 0.635, 0.635, -0.635, -0.635)


def test_rounding_hardly_moves_a_face() -> None:
    numbers = [math.sin(number) / 8 for number in range(128)]
    assert math.dist(face_embedding(face_value(numbers)), numbers) < 0.02


@pytest.mark.parametrize("numbers", [[], FACE[:-1], [*FACE, 0.0], [math.nan, *FACE[1:]], [math.inf, *FACE[1:]]])
def test_what_is_no_face_is_refused(numbers: list[float]) -> None:
    with pytest.raises(FormatError, match="128 finite numbers"):
        face_value(numbers)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ada",
        face_value(FACE) + "\n",
        face_value(FACE).rstrip("="),
        face_value(FACE).replace("=", "%"),
        face_value(FACE)[:-2] + "B=",
        b64encode(b"\0" * 127).decode(),
        b64encode(b"\0" * 129).decode(),
        b64encode(b"\x80" + b"\0" * 127).decode(),
        "\u00e9" * 172,
    ],
)
def test_a_value_of_a_face_that_has_a_second_spelling_is_refused(value: str) -> None:
    with pytest.raises(FormatError, match=r"value of a face|finite numbers"):
        face_embedding(value)
