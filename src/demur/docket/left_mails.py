"""Which mails have left, known at once: a line of a file for each, until the database has the note of all of them.

A note in the database takes a moment, and other writers' turns; a line is written in the same instant. A process that
is killed has written it or not. Where a power cut takes the file, its mails are sent again, each as the same mail.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

_FILE = "mails.left"
_LINE = re.compile(r"^([0-9]+) ([0-9]+)\n", re.MULTILINE)


def note_left(mail_id: int, at: datetime) -> None:
    """Note that a mail left; the second counts."""
    with _path().open("a") as file:
        file.write(f"{mail_id} {int(at.timestamp())}\n")


def read_left() -> Mapping[int, datetime]:
    """Return the mails that were noted, and when they left; a line that was cut off is none."""
    try:
        text = _path().read_text()
    except FileNotFoundError:
        return {}
    return {int(mail_id): datetime.fromtimestamp(int(at), UTC) for mail_id, at in _LINE.findall(text)}


def forget_left() -> None:
    """Remove the notes, once the database has them."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(settings.DEMUR_HOME) / _FILE
