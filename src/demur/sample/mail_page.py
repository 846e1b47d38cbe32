"""The page on which caught mails are read: plain HTML without scripts, everything in a mail treated as hostile.

/                       all mails, newest first
/mail/<n>               one mail: who, to whom, subject, text, attachments
/mail/<n>/raw           the mail as it came, as a download
/mail/<n>/attachment/<k>  the k-th attachment (from 0), as a download
/style.css              the one style sheet
"""

import re
import socket
from email.message import EmailMessage
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from demur.sample.errors import MailUnknownError
from demur.sample.mail_store import MailStore

_MAIL = re.compile(r"/mail/([1-9][0-9]{0,8})(?:/(raw)|/attachment/([0-9]{1,3}))?\Z")
_LOOPBACK_HOST = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]+)?\Z")
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; padding: 1rem; }
a:focus-visible { outline: 3px solid; outline-offset: 2px; }
dt { font-weight: bold; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


class MailPage(ThreadingHTTPServer):
    """Serves the page of one store on a socket that already listens."""

    daemon_threads = True

    def __init__(self, store: MailStore, listening: socket.socket) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.store = store


class _Handler(BaseHTTPRequestHandler):
    server: MailPage
    server_version = "mail-catcher"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:  # noqa: N802  (the name that http.server asks for)
        # A page of another site could reach us by a name that it made point to 127.0.0.1.
        if not _LOOPBACK_HOST.match(self.headers.get("Host", "")):
            self._answer_page(HTTPStatus.FORBIDDEN, "Only from this machine", "<p>Open it as 127.0.0.1.</p>")
            return
        try:
            self._answer_path(self.path.partition("?")[0])
        except MailUnknownError:
            self._answer_page(HTTPStatus.NOT_FOUND, "No such mail", _BACK)

    do_HEAD = do_GET  # noqa: N815

    def _answer_path(self, path: str) -> None:
        mail = _MAIL.match(path)
        if path == "/":
            self._answer_page(HTTPStatus.OK, "Caught mails", _list_of_mails(self.server.store))
        elif path == "/style.css":
            self._answer(HTTPStatus.OK, _STYLE.encode(), "text/css; charset=utf-8")
        elif mail is None:
            self._answer_page(HTTPStatus.NOT_FOUND, "No such page", _BACK)
        elif mail[2]:
            self._answer_download(self.server.store.load_raw(int(mail[1])), f"{mail[1]}.eml")
        elif mail[3]:
            self._answer_attachment(int(mail[1]), int(mail[3]))
        else:
            number = int(mail[1])
            self._answer_page(HTTPStatus.OK, f"Mail {number}", _one_mail(number, self.server.store.load(number)))

    def _answer_attachment(self, number: int, place: int) -> None:
        attachments = _attachments(self.server.store.load(number))
        if place >= len(attachments):
            raise MailUnknownError(f"mail {number} has no attachment {place}")
        name, content = attachments[place]
        self._answer_download(content, name)

    def _answer_page(self, status: HTTPStatus, title: str, body: str) -> None:
        page = _PAGE.format(title=escape(title), body=body)
        self._answer(status, page.encode("utf-8", "replace"), "text/html; charset=utf-8")

    def _answer_download(self, content: bytes, name: str) -> None:
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
        self._answer(HTTPStatus.OK, content, "application/octet-stream", disposition)

    def _answer(self, status: HTTPStatus, content: bytes, content_type: str, disposition: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        if disposition:
            self.send_header("Content-Disposition", disposition)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing: request lines would fill the terminal of `demur run`."""


_BACK = '<p><a href="/">All mails</a></p>'
_REFRESH = '<p><a href="/">Look for new mails</a></p>'


def _list_of_mails(store: MailStore) -> str:
    rows = []
    for number in reversed(store.numbers()):
        mail = store.load(number)
        subject = escape(_header(mail, "Subject") or "(no subject)")
        rows.append(
            f'<tr><td>{number}</td><td><a href="/mail/{number}">{subject}</a></td>'
            f"<td>{escape(_header(mail, 'To'))}</td><td>{escape(_header(mail, 'Date'))}</td></tr>"
        )
    if not rows:
        return f"<p>None yet.</p>{_REFRESH}"
    head = "<tr><th>Number</th><th>Subject</th><th>To</th><th>Date</th></tr>"
    return f"{_REFRESH}<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _one_mail(number: int, mail: EmailMessage) -> str:
    headers = "".join(
        f"<dt>{name}</dt><dd>{escape(_header(mail, name))}</dd>" for name in ("From", "To", "Subject", "Date")
    )
    links = "".join(
        f'<li><a href="/mail/{number}/attachment/{place}">{escape(name)}</a> ({len(content)} bytes)</li>'
        for place, (name, content) in enumerate(_attachments(mail))
    )
    attachments = f"<h2>Attachments</h2><ul>{links}</ul>" if links else ""
    raw = f'<p><a href="/mail/{number}/raw">The mail as it came</a></p>'
    return f"<dl>{headers}</dl><h2>Text</h2><pre>{escape(_text(mail))}</pre>{attachments}{raw}{_BACK}"


def _header(mail: EmailMessage, name: str) -> str:
    return str(mail.get(name, ""))


def _text(mail: EmailMessage) -> str:
    """Return the plain text; of a mail that has none but HTML, its source."""
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    content = body.get_content()
    return content if isinstance(content, str) else str(content)


def _attachments(mail: EmailMessage) -> list[tuple[str, bytes]]:
    found = []
    for place, part in enumerate(mail.iter_attachments()):
        content = part.get_payload(decode=True)
        found.append((part.get_filename() or f"attachment-{place}", content if isinstance(content, bytes) else b""))
    return found
