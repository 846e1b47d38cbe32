"""What a person sends with the form, and what they get back."""

import re
import unicodedata
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, normalise_email, normalise_handle
from demur.core.objection import Capacity
from demur.docket.errors import LodgingRefusedError

MAX_EFFECT_CHARS = 10_000
MAX_NAME_CHARS = 200
MAX_HANDLES = 20
MAX_LINKS = 20
MAX_LINK_CHARS = 2_000
_COUNTRY_CHARS = 2
_MAX_LANGUAGE_CHARS = 12
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*\Z", re.IGNORECASE)


@dataclass(frozen=True)
class VerifiedAccount:
    """An account that the controller's identity provider stated to be the person's.

    Attributes:
        account: `namespace:stable-id`.
        shown: its handle or name as the person knows it.
    """

    account: str
    shown: str


@dataclass(frozen=True)
class Lodging:
    """The form as it was sent.

    Attributes:
        country: of residence, ISO 3166-1 alpha-2.
        email: where the code goes.
        handles: handles or profile links as typed; at most MAX_HANDLES.
        effect: how the processing affects the person; may be empty.
        language: of pages and mails, BCP 47.
        capacity: in which the person objects.
        name: of the person whom the data are about, as typed; may be empty.
        representative_name: of the guardian or agent who writes; empty if the person writes.
        links: to posts by others, as typed; at most MAX_LINKS.
        verified_accounts: stated by the identity provider, never typed.
        draft_token: of the draft whose photos belong to the objection; empty if there is none.
        sending: what names this sending of the form and nobody can guess: what comes with the same once more, by a
            second press of the button, is the same objection. Empty if each is one of its own.
    """

    country: str
    email: str
    handles: tuple[str, ...]
    effect: str
    language: str
    capacity: Capacity
    name: str
    representative_name: str = ""
    links: tuple[str, ...] = ()
    verified_accounts: tuple[VerifiedAccount, ...] = ()
    draft_token: str = ""
    sending: str = ""


@dataclass(frozen=True)
class CleanLodging:
    """A lodging whose fields were checked: `email` is normalised, `handles` are (as typed, normalised), each once."""

    country: str
    email: str
    handles: tuple[tuple[str, str], ...]
    effect: str
    language: str
    capacity: Capacity
    name: str
    representative_name: str
    links: tuple[str, ...]
    verified_accounts: tuple[VerifiedAccount, ...]
    draft_token: str


@dataclass(frozen=True)
class LodgedCase:
    """What the form's sender gets: `continue_token` is the secret part of the code page's address, shown only now."""

    continue_token: str


@dataclass(frozen=True)
class ConfirmedCase:
    """What the code's sender gets: `status_token` is the secret part of the status page's address."""

    reference: str
    status_token: str


def clean_lodging(lodging: Lodging) -> CleanLodging:
    """Check and normalise every field.

    Raises:
        LodgingRefusedError: names the field and says what is wrong with it, without repeating what was typed.
    """
    country = lodging.country.upper()
    if len(country) != _COUNTRY_CHARS or not country.isascii() or not country.isalpha():
        raise LodgingRefusedError("country", "choose the country in which you live")
    language = lodging.language
    if not 0 < len(language) <= _MAX_LANGUAGE_CHARS or not language.replace("-", "").isalnum():
        raise LodgingRefusedError("language", "this language is not known")
    return CleanLodging(
        country=country,
        email=clean_email(lodging.email),
        handles=clean_handles(lodging.handles),
        effect=clean_text(lodging.effect, "effect", MAX_EFFECT_CHARS),
        language=language,
        capacity=lodging.capacity,
        name=_one_line(clean_text(lodging.name, "name", MAX_NAME_CHARS)),
        representative_name=_one_line(clean_text(lodging.representative_name, "representative_name", MAX_NAME_CHARS)),
        links=clean_links(lodging.links),
        verified_accounts=lodging.verified_accounts,
        draft_token=lodging.draft_token,
    )


def clean_text(text: str, field: str, most_chars: int) -> str:
    """Return a text in NFC without control characters other than line ends and tabs.

    Raises:
        LodgingRefusedError: longer than `most_chars`.
    """
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    # Cs: a lone surrogate cannot be stored; Cc: a terminal or a mail reader could obey it.
    clean = "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"})
    if len(clean) > most_chars:
        raise LodgingRefusedError(field, f"this is longer than {most_chars} characters")
    return clean


def clean_links(typed: tuple[str, ...]) -> tuple[str, ...]:
    """Return links to posts, each once, without what is no web address.

    Raises:
        LodgingRefusedError: too many, too long, or not a web address.
    """
    if len(typed) > MAX_LINKS:
        raise LodgingRefusedError("links", f"give at most {MAX_LINKS} links; the others can follow")
    found: dict[str, None] = {}
    for text in typed:
        link = _one_line(clean_text(text, "links", MAX_LINK_CHARS))
        if not link:
            continue
        if not _WEB_ADDRESS.match(link):
            raise LodgingRefusedError("links", "give the web address of the post, beginning with https://")
        found.setdefault(link)
    return tuple(found)


def clean_email(typed: str) -> str:
    """Return an address as it is compared everywhere.

    Raises:
        LodgingRefusedError: not one to which mail can be sent.
    """
    try:
        email = normalise_email(typed)
        # Also refuses a local part beyond ASCII, which needs a mail server with SMTPUTF8: better said at once.
        validate_email(email)
    except (FormatError, ValidationError) as error:
        raise LodgingRefusedError("email", "this is not an e-mail address that mail can be sent to") from error
    return email


def clean_handles(typed: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return (as typed, normalised) for handles and profile links, each account once.

    Raises:
        LodgingRefusedError: too many, or one that is neither.
    """
    if len(typed) > MAX_HANDLES:
        raise LodgingRefusedError("handles", f"give at most {MAX_HANDLES} accounts; the others can follow")
    found: dict[str, str] = {}
    for text in typed:
        shown = _one_line(clean_text(text, "handles", MAX_VALUE_CHARS))
        if not shown:
            continue
        try:
            handle = normalise_handle(shown)
        except FormatError as error:
            raise LodgingRefusedError("handles", "give a handle such as @name, or the link to a profile") from error
        found.setdefault(handle, shown)
    return tuple((shown, handle) for handle, shown in found.items())


def _one_line(text: str) -> str:
    return " ".join(text.split())
