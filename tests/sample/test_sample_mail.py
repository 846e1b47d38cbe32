"""The mail catcher, over real SMTP and HTTP: what it answered with 250 is on the disk, and no mail harms a reader."""

import http.client
import signal
import smtplib
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.sample.caught_mail import read_mail
from demur.sample.errors import FolderTakenError, MailUnknownError, PortTakenError
from demur.sample.mail_store import MailStore
from demur.sample.mailbox import Mailbox

SERVE = """
import logging, pathlib, sys
from demur.sample.mailbox import serve_mailbox
logging.getLogger("demur").addHandler(logging.StreamHandler())
logging.getLogger("demur").setLevel(logging.INFO)
serve_mailbox(pathlib.Path(sys.argv[1]), 0, 0)
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail", 0, 0) as running:
        yield running


def mail(subject: str = "Your code", text: str = "123456\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "privacy@lumen.example", "ada@people.example", subject
    message.set_content(text)
    return message


def send(port: int, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        assert client.send_message(message) == {}


def get(
    mailbox: Mailbox, path: str, *, host: str = "127.0.0.1", method: str = "GET"
) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", mailbox.page_port, timeout=10)
    try:
        connection.request(method, path, headers={"Host": host})
        response = connection.getresponse()
        return response, response.read().decode("utf-8", "surrogateescape")
    finally:
        connection.close()


def test_mail_that_was_sent_is_listed_newest_first_and_shown(mailbox: Mailbox) -> None:
    send(mailbox.smtp_port, mail("First", "Olá, o código é 111111\n"))
    send(mailbox.smtp_port, mail("Second"))
    _, listing = get(mailbox, "/")
    assert listing.index("Second") < listing.index("First")
    _, shown = get(mailbox, "/mail/1")
    for words in ("privacy@lumen.example", "ada@people.example", "First", "Olá, o código é 111111"):
        assert words in shown


def test_attachments_are_downloads_of_the_same_bytes(mailbox: Mailbox) -> None:
    message, receipt, binary = mail(), b'{"receipt": 1}', bytes(range(256))
    message.add_attachment(receipt, maintype="application", subtype="json", filename="receipt.json")
    message.add_attachment(binary, maintype="application", subtype="octet-stream", filename='é"\n<x>.bin')
    send(mailbox.smtp_port, message)
    response, content = get(mailbox, "/mail/1/attachment/0")
    assert content.encode() == receipt
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''receipt.json"
    assert response.headers["Content-Type"] == "application/octet-stream"
    response, content = get(mailbox, "/mail/1/attachment/1")
    assert content.encode("utf-8", "surrogateescape") == binary
    assert "\n" not in response.headers["Content-Disposition"]
    assert get(mailbox, "/mail/1/attachment/2")[0].status == 404


def test_hostile_mail_is_shown_as_text_and_nothing_of_it_is_markup(mailbox: Mailbox) -> None:
    raw = (
        b'From: <script>alert(1)</script>@people.example\r\nTo: "><img src=x>\r\n'
        b"Subject: =?utf-8?q?=3Cscript=3Ealert(2)=3C/script=3E?=\r\nDate: <b>today</b>\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        b"<script>alert(3)</script>\r\n--b\r\n"
        b'Content-Disposition: attachment; filename="<script>alert(4)</script>"\r\n\r\nx\r\n--b--\r\n'
    )
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=10) as client:
        client.sendmail("a@people.example", ["b@people.example"], raw)
    for path in ("/", "/mail/1"):
        response, page = get(mailbox, path)
        assert "<script" not in page
        assert "<img" not in page
        assert "<b>" not in page
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "&lt;script&gt;alert(3)" in page
    assert get(mailbox, "/mail/1/raw")[1].encode() == raw


def test_mail_with_raw_8_bit_bytes_and_an_unknown_charset_is_kept_and_shown(mailbox: Mailbox) -> None:
    raw = b"Subject: caf\xe9\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nna\xefve \xc3\xa9\r\n"
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=10) as client:
        client.sendmail("a@people.example", ["b@people.example"], raw)
    assert mailbox.store.load_raw(1) == raw
    response, page = get(mailbox, "/mail/1")
    assert response.status == 200
    assert "ve é" in page


@pytest.mark.parametrize(
    "subject", ["=?utf-8?b?YWJj====abcd?=", "=?utf-8?b?abcde?=", "=?nonsense?q?abc?=", "=?\x00?q?abc?="]
)
def test_encoded_words_that_do_not_decode_are_shown_as_far_as_they_go(subject: str) -> None:
    assert read_mail(f"Subject: {subject}\n\n".encode()).subject


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read_as_a_mail(raw: bytes) -> None:
    read_mail(raw).text.encode()


@given(
    st.sampled_from(["From", "Subject", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding"]),
    st.sampled_from(
        [b"", b"text/plain; charset=", b"attachment; filename*=", b"=?utf-8?b?", b"multipart/mixed; boundary="]
    ),
    st.binary(max_size=60),
    st.binary(max_size=60),
)
def test_any_header_can_be_read(name: str, begin: bytes, rest: bytes, body: bytes) -> None:
    seen = read_mail(name.encode() + b": " + begin + rest.replace(b"\n", b" ") + b"\n\n" + body)
    for text in (seen.sender, seen.subject, seen.text, *(attachment.name for attachment in seen.attachments)):
        text.encode()


def test_numbers_go_on_after_a_restart_and_old_mails_stay(tmp_path: Path) -> None:
    for number in (1, 2):
        with Mailbox(tmp_path, 0, 0) as running:
            send(running.smtp_port, mail(f"Mail {number}"))
            assert running.store.numbers() == list(range(1, number + 1))
            assert "Mail 1" in get(running, "/")[1]


def test_files_that_are_no_mails_are_passed_over(tmp_path: Path) -> None:
    for name in ("3.eml", ".4.eml.tmp", "05.eml", "notes.txt", "0.eml"):
        (tmp_path / name).touch()
    store = MailStore(tmp_path)
    assert store.numbers() == [3]
    assert store.save(b"next") == 4
    with pytest.raises(MailUnknownError):
        store.load_raw(5)


def test_only_loopback_is_listened_on_and_other_host_names_are_refused(mailbox: Mailbox) -> None:
    send(mailbox.smtp_port, mail())
    assert get(mailbox, "/", host=f"localhost:{mailbox.page_port}")[0].status == 200
    for host in ("evil.example", "127.0.0.1.evil.example", ""):
        response, page = get(mailbox, "/mail/1", host=host)
        assert response.status == 403
        assert "123456" not in page
    for port in (mailbox.smtp_port, mailbox.page_port):
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", port))


@pytest.mark.parametrize("path", ["/mail/0", "/mail/7", "/mail/1/attachment/x", "/../etc/passwd", "/mail/../1"])
def test_paths_that_are_nothing_are_not_found(mailbox: Mailbox, path: str) -> None:
    assert get(mailbox, path)[0].status == 404


def test_page_needs_no_script_and_brings_its_own_style(mailbox: Mailbox) -> None:
    _, page = get(mailbox, "/?again")
    assert "None yet." in page
    assert '<a href="/">Look for new mails</a>' in page
    assert "style=" not in page
    response, style = get(mailbox, "/style.css")
    assert response.headers["Content-Type"].startswith("text/css")
    assert "body" in style
    assert get(mailbox, "/", method="HEAD")[1] == ""
    assert get(mailbox, "/", method="POST")[0].status == 501


def test_taken_port_is_one_clear_error_and_holds_no_other_port(mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(PortTakenError, match=f"port {mailbox.smtp_port} .* another program has it"):
        Mailbox(tmp_path / "other", mailbox.smtp_port, 0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(PortTakenError):
        Mailbox(tmp_path / "other", port, mailbox.page_port)
    with Mailbox(tmp_path / "other", port, 0) as running:
        assert running.smtp_port == port


def test_disk_that_takes_no_mail_is_answered_with_a_failure_that_may_pass(tmp_path: Path) -> None:
    with Mailbox(tmp_path / "mail", 0, 0) as running:
        (tmp_path / "mail").rmdir()
        with pytest.raises(smtplib.SMTPDataError) as caught:
            send(running.smtp_port, mail())
        assert caught.value.smtp_code == 452
        (tmp_path / "mail").mkdir()
        send(running.smtp_port, mail())
        assert running.store.numbers() == [1]


class Catcher:
    """A catcher in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", SERVE, str(folder)], stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        ready = self.process.stderr.readline()
        self.port = int(ready.split("127.0.0.1:")[1].split()[0])

    def end(self, number: int) -> int:
        with self.process:
            self.process.send_signal(number)
            return self.process.wait(10)


def test_killed_catcher_has_every_mail_that_it_answered_with_250(tmp_path: Path) -> None:
    for round_number in range(3):
        catcher = Catcher(tmp_path)
        for number in range(4):
            send(catcher.port, mail(f"Round {round_number} mail {number}"))
        assert catcher.end(signal.SIGKILL) == -signal.SIGKILL
    store = MailStore(tmp_path)
    subjects = [read_mail(store.load_raw(number)).subject for number in store.numbers()]
    assert subjects == [f"Round {round_number} mail {number}" for round_number in range(3) for number in range(4)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_catcher_ends_cleanly_when_asked(tmp_path: Path, number: int) -> None:
    catcher = Catcher(tmp_path)
    send(catcher.port, mail())
    assert catcher.end(number) == 0


def test_folder_of_mails_has_one_catcher_so_that_none_overwrites_what_another_acknowledged(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    send(mailbox.smtp_port, mail("First"))
    with pytest.raises(FolderTakenError, match="another mail catcher"):
        Mailbox(tmp_path / "mail", 0, 0)


def test_folder_is_free_again_after_a_catcher_that_ended_or_found_no_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PortTakenError):
        Mailbox(tmp_path / "mail", 0, taken.getsockname()[1])
    for _ in "ab":
        with Mailbox(tmp_path / "mail", 0, 0):
            pass


def test_mails_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "mail"
    with Mailbox(folder, 0, 0) as mailbox:
        send(mailbox.smtp_port, mail())
    for path in (folder.parent, folder, folder / "1.eml"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name
