"""The rows that are damaged: some of Ada, some that mention or tag her; in half of the files none but strangers'."""

from collections.abc import Sequence
from random import Random
from typing import Final

from fuzz_judge import ADA, ADAS_HANDLE

Row = dict[str, object]

ROWS: Final = 50
_STRANGERS: Final = ("lumen:cy", "lumen:bo", "lumen:dan-7", "other:cy", "lumen:zoë")
_TEXTS: Final = (
    "a day at the sea",
    "",
    'she said "yes", twice',
    "naïve {café}",
    "line\nbreak, and a comma",
    "日本語",
    "€ 5",
)


def mixed_rows(seed: int) -> list[Row]:
    """Rows of which about a half may train."""
    random = Random(seed)
    rows = strangers_rows(seed)
    for row in rows:
        match random.randrange(10):
            case 0:
                row["author_account"] = ADA
            case 1:
                row["tagged_accounts"] = ["lumen:bo", ADA]
            case 2:
                row["text"] = f"at the sea with @{ADAS_HANDLE.title()} today"
            case 3:
                row["kind"] = "dm"
            case 4:
                row[random.choice(("audience", "author_is_minor", "tagged_accounts", "author_account", "kind"))] = None
            case 5:
                row["author_is_minor"] = True
    return rows


def strangers_rows(seed: int) -> list[Row]:
    """Rows that may all train."""
    random = Random(seed)
    return [
        {
            "record_id": f"r{number:04d}",
            "kind": random.choice(("post", "bild")),
            "audience": random.choice(("public", "world")),
            "author_account": random.choice(_STRANGERS),
            "author_is_minor": False,
            "tagged_accounts": random.sample(_STRANGERS, random.randrange(3)),
            "text": random.choice(_TEXTS),
        }
        for number in range(ROWS)
    ]


def kinds_of_rows() -> Sequence[list[Row]]:
    """What each format writes its undamaged files of: rows of both kinds, in turn."""
    return [mixed_rows(1), strangers_rows(2), mixed_rows(3), strangers_rows(4)]
