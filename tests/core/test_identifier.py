import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, check_account, normalise_email, normalise_handle


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
