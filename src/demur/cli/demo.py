"""`demur demo`: the whole story in the terminal, on real parts: HTTP, SMTP, the worker, the gate, the log."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demur.cli.processes import Installation, Ports, StartError
from demur.cli.run import newest_list_number, prepare_home, run_gate_over_sample
from demur.cli.visitor import VisitError, Visitor, find_code, wait_for_mail
from demur.core.gate_manifest import GateManifest, verify_manifest

PEOPLE, ROWS = 500, 20_000
_BAR_WIDTH = 24
_LIST_SECONDS = 60
_POLL_SECONDS = 0.1


def demo() -> None:
    """Play the whole story: object, confirm, publish, gate, verify; in under a minute.

    Runs in a temporary folder and on free ports: a running installation is not touched.
    """
    # A made-up person has no place in the database of a real installation, nor its mails in the demonstration's.
    os.environ.pop("DEMUR_DATABASE_URL", None)
    console = Console(highlight=False)
    began = time.monotonic()
    with _temporary_installation(console) as installation:
        _story(installation, console)
    console.print(f"\nThat was the whole chain, in {time.monotonic() - began:.0f} seconds.")


def object_as(installation: Installation, email: str, handle: str, effect: str = "") -> str:
    """Lodge and confirm an objection as a person does, over HTTP and SMTP; return the status page's address."""
    visitor = Visitor(installation.ports.base_url)
    start = visitor.open("/privacy/genai/object")
    form = visitor.submit(start, {"country": "PT"}, press="own")
    code_page = visitor.submit(form, {"email": email, "handles": handle, "effect": effect})
    mail = wait_for_mail(installation.home / "mail", email, "code")
    status = visitor.submit(code_page, {"code": find_code(mail)})
    if "/status/" not in status.url:
        raise VisitError("the code was not accepted")
    return status.url


def wait_for_list(installation: Installation, above: int) -> int:
    """Wait until a list with a greater number is out; return its number."""
    give_up_at = time.monotonic() + _LIST_SECONDS
    while time.monotonic() < give_up_at:
        number = newest_list_number(installation.home)
        if number > above:
            return number
        time.sleep(_POLL_SECONDS)
    raise StartError("no new suppression list came out within a minute", hint=f"see {installation.home}/worker.log")


def load_manifest(installation: Installation, out: Path) -> GateManifest:
    """Return a run's manifest, verified."""
    from demur.ledger.keys import KeyRole, find_verifier_key, load_verifier_keys

    keys = load_verifier_keys(installation.home / "keys" / "public.keys")
    return verify_manifest((out / "manifest.note").read_bytes(), find_verifier_key(keys, KeyRole.GATE))


def _story(installation: Installation, console: Console) -> None:
    from demur.sample.truth import find_examples

    home = installation.home
    example = find_examples(home / "sample", 1)[0]
    first = wait_for_list(installation, 0)
    _say(console, "The gate runs over the sample lake before anybody objects")
    before = load_manifest(installation, run_gate_over_sample(installation, first, quiet=True))
    console.print(f"   {before.kept_rows:,} of {before.kept_rows + before.withheld_rows:,} rows may train.")

    _say(console, f"A person objects: opens the form, gives the account @{example.handle}, reads the code in the mail")
    status_url = object_as(installation, "ada@people.example", example.handle, "I never meant my holidays for a model.")
    console.print("   The mail travelled by SMTP; the code was accepted; the private status page is open.")

    _say(console, "The worker publishes the next suppression list: signed, sealed, numbered")
    number = wait_for_list(installation, first)
    console.print(f"   List {number} is out.")

    _say(console, "The gate runs again")
    after = load_manifest(installation, run_gate_over_sample(installation, number, quiet=True))
    _draw(console, before, after)

    _say(console, "The receipt came by mail. It is checked offline, with the controller's public keys")
    receipt = _receipt_from_mail(installation, status_url)
    _verify(installation, console, receipt)

    _say(console, "One character of a copy is changed, and it is checked again")
    copy = receipt.with_name("tampered.json")
    raw = receipt.read_bytes()
    copy.write_bytes(raw.replace(b'"country": "PT"', b'"country": "PL"'))
    _verify(installation, console, copy)


def _receipt_from_mail(installation: Installation, status_url: str) -> Path:
    mail = wait_for_mail(installation.home / "mail", "ada@people.example", status_url.rsplit("/", 1)[-1])
    receipt = next((part.get_content() for part in mail.iter_attachments()), None)
    if not isinstance(receipt, bytes):
        raise VisitError("the confirmation mail has no receipt")
    path = installation.home / "receipt.json"
    path.write_bytes(receipt)
    return path


def _verify(installation: Installation, console: Console, file: Path) -> None:
    done = installation.demur("verify", file.name, "--keys", "keys/public.keys")
    for line in (done.stdout + done.stderr).strip().splitlines():
        console.print(f"   {line}", markup=False)
    console.print(f"   exit code {done.returncode}", style="green" if done.returncode == 0 else "red")


def _draw(console: Console, before: GateManifest, after: GateManifest) -> None:
    table = Table("rows", "before", "after", "", box=None, padding=(0, 2))
    most = max(before.kept_rows, *after.withheld_by_reason.values(), 1)
    rows = [("kept", before.kept_rows, after.kept_rows)]
    reasons = [reason for reason, number in after.withheld_by_reason.items() if number]
    rows += [(reason, before.withheld_by_reason.get(reason, 0), after.withheld_by_reason[reason]) for reason in reasons]
    for name, old, new in rows:
        bar = "█" * max(round(_BAR_WIDTH * new / most), 1 if new else 0)
        change = f" {new - old:+,}" if new != old else ""
        table.add_row(name, f"{old:,}", f"{new:,}{change}", bar)
    console.print(table)


def _say(console: Console, words: str) -> None:
    console.print(f"\n[bold]→ {words}[/bold]")


@contextmanager
def _temporary_installation(console: Console) -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix=f"demur-demo-{secrets.token_hex(2)}-"))
    try:
        home = prepare_home(folder / "home", console, people=PEOPLE, rows=ROWS)
        installation = Installation(home, Ports.free())
        installation.start_all()
        try:
            yield installation
        finally:
            installation.stop_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
