"""Who may lodge an objection or try a code now: limits that a class of thirty behind one address does not notice.

A lodging is never refused for want of a proof of work alone: without one a smaller share is left, and what each
mailbox can get of it is limited besides (demur.docket.allowance). A signed-in person has a share of their own, so
that nobody behind the same address can use it up.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from demur.docket.asker import Asker
from demur.docket.errors import FloodError
from demur.docket.models import Case
from demur.docket.share import Share, find_wait, take_share

_STEP = timedelta(minutes=1)
UNNOTICED = Share(50, _STEP)
"""After so many lodgings of one network at once the form carries a challenge: thirty people do not come near it."""

UNPROVEN = Share(75, _STEP)
UNPROVEN_WHILE_BUSY = Share(25, _STEP)
PROVEN = Share(300, _STEP)
PERSON = Share(12, timedelta(minutes=5))
WRONG_TRIES = Share(120, timedelta(seconds=30))
"""Wrong codes of one network: a class that mistypes four times each; a guess hits once in a million."""

DRAFTS = Share(100, timedelta(minutes=1))
PHOTOS = Share(150, timedelta(minutes=2))
"""What may be kept for one network before anything is confirmed: a class, with some photos each."""

SIGN_INS = Share(100, timedelta(seconds=20))
"""Ways to the identity provider, from one network: each leaves a session here for an hour, and asks the provider."""

BUSY_LODGINGS = 600
"""More than so many within a minute, from everybody together, are what an attack looks like."""

_BUSY_WITHIN = timedelta(minutes=1)
_LOOK_AGAIN = timedelta(seconds=5)


def admit_lodging(asker: Asker, now: datetime) -> None:
    """Count a lodging, inside the caller's transaction.

    Raises:
        FloodError: too many came from the same network or person.
    """
    if asker.person:
        _take(f"lodgings of person {asker.person}", PERSON, now)
    elif asker.network:
        _take(f"lodgings from {asker.network}", _share(asker, now), now)


def admit_correction(asker: Asker, now: datetime) -> None:
    """Count a corrected address as a lodging that came with a proof, since its case was admitted before.

    Raises:
        FloodError: too many came from the same network or person.
    """
    if asker.person:
        _take(f"lodgings of person {asker.person}", PERSON, now)
    elif asker.network:
        _take(f"lodgings from {asker.network}", PROVEN, now)


def admit_draft(asker: Asker, now: datetime, *, photos: int = 0) -> None:
    """Count a draft that is to be kept, or photos that are to be added to one.

    Raises:
        FloodError: enough is kept for the same network or person.
    """
    whose = asker.person or asker.network
    if not whose:
        return
    if not photos:
        _take(f"drafts from {whose}", DRAFTS, now)
    for _ in range(photos):
        _take(f"photos from {whose}", PHOTOS, now)


def admit_sign_in(asker: Asker, now: datetime) -> None:
    """Count a way to the identity provider that begins.

    Raises:
        FloodError: too many began from the same network.
    """
    if asker.network:
        _take(f"sign-ins from {asker.network}", SIGN_INS, now)


def needs_proof(asker: Asker, now: datetime) -> bool:
    """Tell whether a lodging should come with a proof of work: the network, or everybody together, sends many."""
    if asker.person or not asker.network:
        return False
    return busy_times.are_now(now) or find_wait(f"lodgings from {asker.network}", UNNOTICED, now) is not None


def admit_try(asker: Asker, now: datetime) -> None:
    """Refuse a code from a network, or a person, that typed too many wrong ones, in whatever cases. Counts nothing.

    Raises:
        FloodError: says when it may try again.
    """
    next_at = find_wait(_tries(asker), WRONG_TRIES, now) if asker.person or asker.network else None
    if next_at is not None:
        raise FloodError(next_at)


def count_wrong_try(asker: Asker, now: datetime) -> None:
    """Count a wrong code."""
    if asker.person or asker.network:
        take_share(_tries(asker), WRONG_TRIES, now)


def _tries(asker: Asker) -> str:
    return f"tries of person {asker.person}" if asker.person else f"tries from {asker.network}"


def _share(asker: Asker, now: datetime) -> Share:
    if asker.has_proof:
        return PROVEN
    return UNPROVEN_WHILE_BUSY if busy_times.are_now(now) else UNPROVEN


def _take(subject: str, share: Share, now: datetime) -> None:
    next_at = take_share(subject, share, now)
    if next_at is not None:
        raise FloodError(next_at)


@dataclass
class BusyTimes:
    """Whether many lodgings arrive, looked up every few seconds by each process."""

    looked_at: datetime | None = None
    are: bool = False

    def are_now(self, now: datetime) -> bool:
        """Tell whether more than BUSY_LODGINGS arrived within a minute."""
        if self.looked_at is None or not timedelta() <= now - self.looked_at < _LOOK_AGAIN:
            # By the primary key: the age of the case that is so many before the newest.
            instants = Case.objects.order_by("-pk").values_list("lodged_at", flat=True)
            oldest = instants[BUSY_LODGINGS : BUSY_LODGINGS + 1]
            self.are = any(now - instant < _BUSY_WITHIN for instant in oldest)
            self.looked_at = now
        return self.are


busy_times = BusyTimes()
