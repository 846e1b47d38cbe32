"""The people of bench/centre.py, and the mail server that gives them their codes: one process, started by it.

Everybody says what they mean and where they live, fills in the form, waits for the mail, types the code, and looks at
the status page; then somebody new takes their place. Like people, they try again when a page does not come.

    python bench/centre_people.py '{"base": ..., "port": ..., ...}'     fields of `Plan`; prints a report as JSON,
and goes on taking mail until its standard input ends.
"""

import asyncio
import json
import random
import sys
import time
from array import array
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TextIO, TypeVar

from browser import Browser, Latencies, UnexpectedPageError
from smtp_sink import Mailboxes, start_sink

START = "/privacy/genai/object"
CODE = "/privacy/genai/code/"
STATUS = "/privacy/genai/status/"
_LANGUAGES = ("en", "de-AT,de;q=0.9,en;q=0.5", "pt-BR,pt;q=0.9", "fr-FR,fr", "en-IE,en;q=0.8", "es-ES,es", "it-IT,it")
_COUNTRIES = ("AT", "BR", "DE", "ES", "FR", "IE", "IT", "NL", "PT", "US")
_MAIL_SECONDS = 60.0
_AGAIN_SECONDS = 0.1
_PERCENT = 100
T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """What the people do.

    Attributes:
        base: scheme, host and port of the site, as pages name it.
        port: of the site.
        smtp_port: where the mail server listens.
        people: how many at a time.
        total: after so many the last ones finish.
        seconds: after so long the last ones finish.
        handles: a file with a handle on each line; each person takes the next.
        told: a file that gets a line for everybody who was told that their objection is confirmed.
        story: "objection", or "plain" for the peer (bench/plain_form.py).
    """

    base: str
    port: int
    smtp_port: int
    people: int
    total: int
    seconds: float
    handles: str
    told: str
    story: str = "objection"


@dataclass
class Crowd:
    """Everybody, and what they saw."""

    plan: Plan
    handles: list[str]
    told: TextIO
    mailboxes: Mailboxes = field(default_factory=Mailboxes)
    latencies: Latencies = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    done: int = 0

    async def run(self) -> None:
        """Let everybody through, and print the report."""
        sink = await start_sink(self.mailboxes, self.plan.smtp_port)
        began = time.monotonic()
        numbers = count()
        await asyncio.gather(*(self._one_after_another(numbers, began) for _ in range(self.plan.people)))
        print(json.dumps(self._report(time.monotonic() - began)), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        sink.close()

    async def _one_after_another(self, numbers: Iterator[int], began: float) -> None:
        story = self._object if self.plan.story == "objection" else self._fill_plain_form
        while (number := next(numbers)) < self.plan.total and time.monotonic() < began + self.plan.seconds:
            email = f"person{number}.{random.getrandbits(32):08x}@people.example"
            self.told.write(await story(email, self.handles[number % len(self.handles)], number) + "\n")
            self.told.flush()
            self.done += 1

    def _report(self, wall_seconds: float) -> dict[str, Any]:
        return {
            "confirmed": self.done,
            "wall_seconds": wall_seconds,
            "mails": self.mailboxes.mails,
            "smtp_sessions": self.mailboxes.sessions,
            "faults": dict(self.faults),
            "latencies": {kind: _summary(sorted(seconds)) for kind, seconds in self.latencies.items()},
        }

    async def _object(self, email: str, handle: str, number: int) -> str:
        browser = self._browser(number)
        country = {"country": _COUNTRIES[number % len(_COUNTRIES)]}
        start = await self._insist(lambda: browser.get("start", START))
        to_form = await self._insist(lambda: browser.post("start", START, start, {**country, "meaning": "own"}))
        form = await self._insist(lambda: browser.get("form", to_form))
        fields = {**country, "email": email, "handles": handle, "effect": ""}
        to_code = await self._insist(lambda: browser.post("form", to_form, form, fields))
        token = to_code.removeprefix(CODE)
        code_page = await self._insist(lambda: browser.get("code", to_code))
        waited_from = time.perf_counter()
        code = await self.mailboxes.wait_for_code(token, _MAIL_SECONDS)
        self._note("(code mail)", time.perf_counter() - waited_from)
        try:
            status = await self._insist(lambda: browser.post("code", to_code, code_page, {"code": code}))
        except UnexpectedPageError:
            # The answer of a first try was lost: the page says that the code was typed, and the mail has the link.
            status = await self._status_from_mail(email)
        await self._insist(lambda: browser.get("status", status))
        browser.close()
        return f"{email} {status}"

    async def _fill_plain_form(self, email: str, handle: str, number: int) -> str:
        browser = self._browser(number)
        page = await self._insist(lambda: browser.get("form", "/"))
        thanks = await self._insist(lambda: browser.post("form", "/", page, {"email": email, "handles": handle}))
        await self._insist(lambda: browser.get("thanks", thanks))
        browser.close()
        return email

    def _browser(self, number: int) -> Browser:
        high, low = divmod(number, 250)
        source = f"127.{1 + high // 250 % 250}.{high % 250}.{1 + low}"
        return Browser(self.plan.base, self.plan.port, source, _LANGUAGES[number % len(_LANGUAGES)], self.latencies)

    async def _insist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Repeat a step until a page comes."""
        while True:
            try:
                return await step()
            except UnexpectedPageError as error:
                if not error.is_fault_of_server:
                    raise
                self.faults["page that says that something is broken"] += 1
            except (OSError, asyncio.IncompleteReadError) as error:
                self.faults[type(error).__name__] += 1
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _status_from_mail(self, email: str) -> str:
        give_up_at = time.monotonic() + _MAIL_SECONDS
        while email not in self.mailboxes.links:
            if time.monotonic() > give_up_at:
                raise TimeoutError("the answer to the code was lost, and no mail has the link")
            await asyncio.sleep(_AGAIN_SECONDS)
        return STATUS + self.mailboxes.links[email]

    def _note(self, kind: str, seconds: float) -> None:
        self.latencies.setdefault(kind, array("d")).append(seconds)


def _summary(ordered: list[float]) -> dict[str, float]:
    def at(percent: float) -> float:
        return ordered[min(int(len(ordered) * percent / _PERCENT), len(ordered) - 1)] * 1000

    return {"count": len(ordered), "p50_ms": at(50), "p99_ms": at(99), "max_ms": ordered[-1] * 1000}


def main() -> None:
    """Play the plan."""
    plan = Plan(**json.loads(sys.argv[1]))
    with Path(plan.told).open("a") as told:
        asyncio.run(Crowd(plan, Path(plan.handles).read_text().split(), told).run())


if __name__ == "__main__":
    main()
