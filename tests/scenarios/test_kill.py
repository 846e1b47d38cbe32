"""The plug is pulled: kill -9 of the centre, the worker and the gate, at twenty random instants each.

What a person was told must be true afterwards: a confirmed objection is there, logged once, listed, mailed. The
instants are drawn anew in each run; the seed is in the output of a failing test.
"""

import os
import random
import re
import select
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from http.client import HTTPException
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demur.cli.demo import object_as, wait_for_list
from demur.cli.processes import Installation
from demur.cli.run import newest_list_number
from demur.cli.visitor import Page, Visitor, find_code, mail_text, read_mails, wait_for_mail
from demur.core.gate_manifest import verify_manifest
from demur.core.receipt import parse_receipt, verify_receipt
from demur.ledger.keys import KeyRole, find_verifier_key, load_verifier_keys
from demur.ledger.log import verify_log

pytestmark = pytest.mark.long
KILLS = 20
BETWEEN_PEOPLE_SECONDS = 1.0  # all come from one address, and more of them would be taken for a flood


@dataclass
class Crowd:
    """People who object one after another while processes die; it remembers what each was told.

    Like people, they try again when a page does not come, and go on from the last page that they saw.
    """

    installation: Installation
    confirmed: dict[str, str] = field(default_factory=dict)  # e-mail -> address of the status page
    interrupted: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def object_until_stopped(self) -> None:
        while not self.stop.is_set():
            email = f"person{len(self.confirmed)}@people.example"
            self.confirmed[email] = self.object_patiently(email)
            self.stop.wait(BETWEEN_PEOPLE_SECONDS)

    def object_patiently(self, email: str) -> str:
        """Lodge and confirm; return the address of the status page, from the screen or from the mail."""
        visitor, mails = Visitor(self.installation.ports.base_url), self.installation.home / "mail"
        form = self.insist(lambda: visitor.open("/privacy/genai/object/own"))
        filled = {"country": "PT", "email": email, "handles": email.partition("@")[0]}
        code_page = self.insist(lambda: visitor.submit(form, filled))
        code = find_code(wait_for_mail(mails, email, code_page.url.rsplit("/", 1)[-1]))
        done = self.insist(lambda: visitor.submit(code_page, {"code": code}))
        if "/status/" in done.url:
            return done.url
        link = re.search(r"http://\S+/status/\S+", mail_text(wait_for_mail(mails, email, "/status/")))
        assert link is not None, "the answer was lost, and no mail has the link"
        return link[0]

    def insist(self, step: Callable[[], Page]) -> Page:
        """Repeat a step until a page comes; what came must not be an error."""
        while True:
            try:
                page = step()
            except (OSError, HTTPException):
                self.interrupted += 1
                threading.Event().wait(0.05)
                continue
            assert page.status == 200, page.text
            return page


def kill_at_random(installation: Installation, name: str, crowd: Crowd, within_seconds: float) -> None:
    """Kill one process twenty times while the crowd objects, starting it again each time."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    instants = random.Random(seed)
    thread = threading.Thread(target=crowd.object_until_stopped)
    thread.start()
    try:
        for _ in range(KILLS):
            installation.wait_until_ready(name)
            threading.Event().wait(instants.uniform(0, within_seconds))
            installation.running[name].send_signal(signal.SIGKILL)
            installation.running[name].wait()
            assert installation.revive() == [name]
        installation.wait_until_ready(name)
    finally:
        crowd.stop.set()
        thread.join()


def check_everything_told_is_true(installation: Installation, crowd: Crowd) -> None:
    assert len(crowd.confirmed) > 1, "hardly anybody got through: the test shows nothing"
    keys = load_verifier_keys(installation.home / "keys" / "public.keys")
    log_key = find_verifier_key(keys, KeyRole.LOG)
    visitor = Visitor(installation.ports.base_url)
    places = []
    for email, status_url in crowd.confirmed.items():
        wait_for_mail(installation.home / "mail", email, status_url.rsplit("/", 1)[-1])
        assert visitor.open(status_url).status == 200
        receipt = parse_receipt(visitor.open(f"{status_url.rstrip('/')}/receipt").content)
        verify_receipt(receipt, log_key)
        assert receipt.statement["email"] == email
        places.append(receipt.leaf_index)
    assert len(set(places)) == len(places), "two people share an entry of the log"
    verify_log(installation.home / "log", log_key)


def check_no_mail_is_doubled(installation: Installation, crowd: Crowd, *, killed_senders: int) -> None:
    """Each event has one Message-ID; a doubled mail is the same mail, sent again because nobody knew it had left."""
    doubled = 0
    for email in crowd.confirmed:
        mails = [mail for mail in read_mails(installation.home / "mail", email) if "receipt" in mail_text(mail)]
        ids = Counter(str(mail["Message-ID"]) for mail in mails)
        assert len(ids) == 1, "one confirmation was written as two mails"
        doubled += sum(ids.values()) - 1
    assert doubled <= killed_senders


def test_killing_the_centre_loses_nothing_that_was_acknowledged(installation: Installation) -> None:
    crowd = Crowd(installation)
    kill_at_random(installation, "centre", crowd, 2.5)
    assert crowd.interrupted, "nobody noticed a kill: the test shows nothing"
    print(f"{len(crowd.confirmed)} people confirmed, {crowd.interrupted} requests were cut off")
    check_everything_told_is_true(installation, crowd)
    check_no_mail_is_doubled(installation, crowd, killed_senders=0)


def test_killing_the_worker_loses_nothing_and_publishes_whole_lists(installation: Installation) -> None:
    crowd = Crowd(installation)
    kill_at_random(installation, "worker", crowd, 4.0)
    check_everything_told_is_true(installation, crowd)
    check_no_mail_is_doubled(installation, crowd, killed_senders=KILLS)
    last = newest_list_number(installation.home)
    object_as(installation, "last@people.example", "lastperson")
    assert wait_for_list(installation, last) > last
    lists = sorted((installation.home / "lists").glob("0*.list"))
    assert newest_list_number(installation.home) == int(lists[-1].stem)
    shown = subprocess.run(
        [
            sys.executable,
            "-m",
            "demur",
            "verify",
            *map(str, lists),
            "--keys",
            str(installation.home / "keys/public.keys"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr


def test_killing_the_gate_leaves_nothing_that_looks_finished(installation: Installation, tmp_path: Path) -> None:
    home = installation.home
    number = wait_for_list(installation, 0)
    gate = [sys.executable, "-m", "demur", "gate", "run", str(home / "sample/lake")]
    gate += ["--mapping", str(home / "sample/mapping.yaml"), "--list", str(home / f"lists/{number:06d}.list")]
    environment = installation.environment
    whole = tmp_path / "whole"
    subprocess.run([*gate, "--out", str(whole)], env=environment, check=True, capture_output=True)
    gate_key = find_verifier_key(load_verifier_keys(home / "keys/public.keys"), KeyRole.GATE)
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    instants = random.Random(seed)
    out = tmp_path / "out"
    for _ in range(KILLS):
        process = subprocess.Popen(
            [*gate, "--out", str(out)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        threading.Event().wait(instants.uniform(0, 2.0))
        process.kill()
        process.wait()
        if out.exists():  # it was quicker than the kill
            verify_manifest((out / "manifest.note").read_bytes(), gate_key)
            assert files_of(out) == files_of(whole)
            out.rename(tmp_path / f"finished-{process.pid}")
    subprocess.run([*gate, "--out", str(out)], env=environment, check=True, capture_output=True)
    assert files_of(out) == files_of(whole)
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}
    assert not {name for name in left if (tmp_path / name).is_dir()}, "a run that was killed left its folder behind"
    assert kept_ids(out) == kept_ids(whole)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def kept_ids(out: Path) -> list[str]:
    return [
        str(record_id)
        for path in sorted((out / "kept").rglob("*.parquet"))
        for record_id in pq.read_table(path, columns=["record_id"])["record_id"].to_pylist()
    ]


def test_killing_the_whole_installation_leaves_no_orphan(installation: Installation) -> None:
    """The children end when the process that started them is killed: ports are free for the next start."""
    starter = (
        "import sys; from pathlib import Path; from demur.cli.processes import Installation, Ports;"
        "i = Installation(Path(sys.argv[1]), Ports(*map(int, sys.argv[2:])));"
        "i.start_all(); print(*[p.pid for p in i.running.values()], flush=True); sys.stdin.read()"
    )
    installation.stop_all()
    ports = installation.ports
    with subprocess.Popen(
        [sys.executable, "-c", starter, str(installation.home), *map(str, astuple(ports))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    for child in children:
        wait_until_gone(child)
    ports.check_free()


def wait_until_gone(pid: int) -> None:
    """Block until a process that is not our child has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(descriptor) as watched:
        assert select.select([watched], [], [], 30)[0], "the process is still there"
