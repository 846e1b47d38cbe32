"""The page on which caught mails are read: plain HTML without scripts, everything in a mail treated as hostile.

/                         all mails, newest first
/mail/<n>                 one mail: from whom, to whom, subject, text, attachments
/mail/<n>/raw             the mail as it came, as a download
/mail/<n>/attachment/<k>  the k-th attachment, from 0, as a download
/style.css                the one style sheet
"""

import re
import socket
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from demur.sample.caught_mail import CaughtMail, read_mail
from demur.sample.errors import MailUnknownError
from demur.sample.loopback import LOOPBACK_HOST
from demur.sample.mail_store import MailStore

_MAIL = re.compile(r"/mail/([1-9][0-9]{0,8})(?:/(raw)|/attachment/([0-9]{1,3}))?\Z")
_CONTENT_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_IDLE_SECONDS = 30

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
_BACK = '<p><a href="/">All mails</a></p>'
_REFRESH = '<p><a href="/">Look for new mails</a></p>'


class MailPage(ThreadingHTTPServer):
    """Serves the page of one store on a socket that listens already."""

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
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        if not LOOPBACK_HOST.match(self.headers.get("Host", "")):
            self._answer_page(HTTPStatus.FORBIDDEN, "Only from this machine", "<p>Open it as 127.0.0.1.</p>")
            return
        try:
            self._answer_path(self.path.partition("?")[0])
        except MailUnknownError:
            self._answer_page(HTTPStatus.NOT_FOUND, "No such mail", _BACK)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer_path(self, path: str) -> None:
        mail = _MAIL.match(path)
        if path == "/":
            self._answer_page(HTTPStatus.OK, "Caught mails", _list_of_mails(self.server.store))
        elif path == "/style.css":
            self._answer(_STYLE.encode(), "text/css; charset=utf-8")
        elif mail is None:
            self._answer_page(HTTPStatus.NOT_FOUND, "No such page", _BACK)
        else:
            self._answer_mail(int(mail[1]), is_raw=mail[2] is not None, place=mail[3])

    def _answer_mail(self, number: int, *, is_raw: bool, place: str | None) -> None:
        raw = self.server.store.load_raw(number)
        if is_raw:
            self._answer_download(raw, f"{number}.eml")
            return
        mail = read_mail(raw)
        if place is None:
            self._answer_page(HTTPStatus.OK, f"Mail {number}", _one_mail(number, mail))
        elif int(place) < len(mail.attachments):
            attachment = mail.attachments[int(place)]
            self._answer_download(attachment.content, attachment.name)
        else:
            self._answer_page(HTTPStatus.NOT_FOUND, "No such attachment", _BACK)

    def _answer_page(self, status: HTTPStatus, title: str, body: str) -> None:
        self._answer(_PAGE.format(title=title, body=body).encode(), "text/html; charset=utf-8", status=status)

    def _answer_download(self, content: bytes, name: str) -> None:
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        self._answer(content, "application/octet-stream", disposition=disposition)

    def _answer(
        self, content: bytes, content_type: str, *, status: HTTPStatus = HTTPStatus.OK, disposition: str = "inline"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Disposition", disposition)
        self.send_header("Content-Security-Policy", _CONTENT_POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing: request lines would fill the terminal of `demur run`."""


def _list_of_mails(store: MailStore) -> str:
    numbers = store.numbers()
    if not numbers:
        return f"<p>None yet.</p>{_REFRESH}"
    rows = "".join(_row(number, read_mail(store.load_raw(number))) for number in reversed(numbers))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("No.", "Subject", "To", "Date"))
    return f"{_REFRESH}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(number: int, mail: CaughtMail) -> str:
    link = f'<a href="/mail/{number}">{escape(mail.subject or "(no subject)")}</a>'
    cells = (str(number), link, escape(mail.recipients), escape(mail.date))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _one_mail(number: int, mail: CaughtMail) -> str:
    headers = (("From", mail.sender), ("To", mail.recipients), ("Subject", mail.subject), ("Date", mail.date))
    shown = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in headers)
    links = "".join(
        f'<li><a href="/mail/{number}/attachment/{place}">{escape(attachment.name)}</a> '
        f"({len(attachment.content)} bytes)</li>"
        for place, attachment in enumerate(mail.attachments)
    )
    attachments = f"<h2>Attachments</h2><ul>{links}</ul>" if links else ""
    raw = f'<p><a href="/mail/{number}/raw">The mail as it came</a></p>'
    return f"<dl>{shown}</dl><h2>Text</h2><pre>{escape(mail.text)}</pre>{attachments}{raw}{_BACK}"
