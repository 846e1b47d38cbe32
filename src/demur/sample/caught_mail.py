"""Mails as the mail page shows them. A mail is whatever somebody sent: it is read as far as it goes, never refused."""

import email
import email.header
import email.policy
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.message import Message


@dataclass(frozen=True)
class Attachment:
    """A file in a mail; its name is the sender's, and may hold anything."""

    name: str
    content: bytes


@dataclass(frozen=True)
class CaughtMail:
    """What a reader sees of a mail; headers that it does not have are empty.

    Attributes:
        sender: its From.
        recipients: its To.
        subject: its Subject.
        date: its Date, as written.
        text: the plain text; of a mail that has only HTML, its source.
        attachments: all other parts.
    """

    sender: str
    recipients: str
    subject: str
    date: str
    text: str
    attachments: tuple[Attachment, ...]


def read_mail(raw: bytes) -> CaughtMail:
    """Return what can be read of any bytes; what cannot be decoded is replaced by U+FFFD, and nothing is refused."""
    # The older policy: the newer one interprets headers, and refuses or fails at some that people do send.
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    parts = [part for part in message.walk() if not part.is_multipart()]
    body = _find_body(parts)
    return CaughtMail(
        sender=_header(message, "From"),
        recipients=_header(message, "To"),
        subject=_header(message, "Subject"),
        date=_header(message, "Date"),
        text=_decode(_content(body), body.get_content_charset()) if body else "",
        attachments=tuple(
            Attachment(_clean(part.get_filename() or f"attachment-{place}"), _content(part))
            for place, part in enumerate(part for part in parts if part is not body)
        ),
    )


def _find_body(parts: list[Message]) -> Message | None:
    texts = [part for part in parts if part.get_content_disposition() != "attachment"]
    for wanted in ("text/plain", "text/html"):
        for part in texts:
            if part.get_content_type() == wanted:
                return part
    return None


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _header(message: Message, name: str) -> str:
    value = str(message.get(name, ""))
    try:
        words = email.header.decode_header(value)
    except HeaderParseError:
        return _clean(value)
    return _clean("".join(word if isinstance(word, str) else _decode(word, charset) for word, charset in words))


def _decode(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):  # a charset that nobody knows, or that is none
        return content.decode("utf-8", "replace")


def _clean(text: str) -> str:
    """Return text that can be encoded: bytes that Python kept in it as surrogates are replaced."""
    return text.encode("utf-8", "replace").decode()
