"""Damage that is about JSON Lines: a line that says one thing to one reader and another to the next."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

Record = dict[str, object]
Change = Callable[[list[bytes], int, Random], bytes]

_FIELDS: Final = ("record_id", "kind", "audience", "author_account", "author_is_minor", "tagged_accounts", "text")
_WRONG_VALUES: Final[Sequence[bytes]] = (
    b"null",
    b"true",
    b"false",
    b"0",
    b"-1.5e3",
    b"1e999",
    b"NaN",
    b"12345678901234567890123",
    b'""',
    b'"lumen:ada"',
    b'"lumen:cy"',
    b'"lumen:\\u0061da"',
    b'"lumen:ada\\u0000"',
    b'"\\ud800"',
    b'"\xff\xfe"',
    b'"post"',
    b'"dm"',
    b'"public"',
    b"[]",
    b"[null]",
    b'["lumen:ada"]',
    b'["lumen:ada",3]',
    b'[["lumen:ada"]]',
    b'{"":1}',
    b"{}",
    b"'post'",
    b"undefined",
    b"2026-11-23",
)
_SPACES: Final[Sequence[bytes]] = (
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\x0b",
    b"\x0c",
    b"\x00",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
)


def damage_lines(raw: bytes, random: Random) -> bytes:
    """Return JSON Lines of which one to three were changed."""
    lines = raw.splitlines(keepends=True)
    for _ in range(random.choice((1, 1, 2, 3))):
        place = random.randrange(len(lines))
        lines[place] = random.choice(_CHANGES)(lines, place, random)
    return b"".join(lines)


def _double_key(lines: list[bytes], place: int, random: Random) -> bytes:
    """Say a field twice, plainly or with the key written in another way, before or behind the rest."""
    key = _spell(random.choice(_FIELDS), random)
    pair = key + b":" + random.choice(_WRONG_VALUES)
    body = lines[place].strip()
    if random.randrange(2):
        return b"{" + pair + b"," + body[1:] + b"\n"
    return body[:-1] + b"," + pair + b"}\n"


def _spell(field: str, random: Random) -> bytes:
    at = random.randrange(len(field))
    return random.choice(
        (
            json.dumps(field),
            f'"{field[:at]}\\u{ord(field[at]):04x}{field[at + 1 :]}"',
            json.dumps(field.upper()),
            json.dumps(field.title()),
            json.dumps(field + "\0"),
            json.dumps(" " + field),
            f"'{field}'",
            field,
        )
    ).encode()


def _other_value(lines: list[bytes], place: int, random: Random) -> bytes:
    marker = "\0marker"
    record = _record(lines[place])
    if record is None:
        return lines[place]
    record[random.choice(_FIELDS)] = marker
    return json.dumps(record).encode().replace(json.dumps(marker).encode(), random.choice(_WRONG_VALUES)) + b"\n"


def _lose_field(lines: list[bytes], place: int, random: Random) -> bytes:
    record = _record(lines[place])
    if record is None:
        return lines[place]
    record.pop(random.choice(_FIELDS), None)
    return json.dumps(record).encode() + b"\n"


def _shuffle_fields(lines: list[bytes], place: int, random: Random) -> bytes:
    record = _record(lines[place])
    if record is None:
        return lines[place]
    pairs = list(record.items())
    random.shuffle(pairs)
    text = json.dumps(dict(pairs), ensure_ascii=bool(random.randrange(2)), indent=random.choice((None, None, 1)))
    return text.encode(errors="surrogatepass") + b"\n"


def _wrap(lines: list[bytes], place: int, random: Random) -> bytes:
    body = lines[place].strip()
    deep = random.choice((1, 5, 2000, 200_000))
    return random.choice(
        (
            b"[" + body + b"]\n",
            b'{"more":' + body + b"}\n",
            body[:-1] + b',"more":' + body + b"}\n",
            body[:-1] + b',"more":' + b"[" * deep + b"]" * deep + b"}\n",
            body[:-1] + b',"more":' + b'{"a":' * deep + b"1" + b"}" * deep + b"}\n",
            body + body + b"\n",
            body + b"," + body + b"\n",
            body + b"//" + body + b"\n",
            body + b"/*" + body + b"*/\n",
            body + b"\r" + lines[0],
            body.replace(b",", b",\n", 1) + b"\n",
            body.replace(b"{", b"{\n", 1) + b"\n",
            body[:-1] + b"}}\n",
            body[:-1] + b",}\n",
            body[1:] + b"\n",
        )
    )


def _join_lines(lines: list[bytes], place: int, random: Random) -> bytes:
    """Put two records on one line, or one record on two."""
    other = random.choice(lines)
    body = lines[place].strip()
    at = random.randrange(len(body)) if body else 0
    return random.choice(
        (body + random.choice(_SPACES) + other, body[:at] + b"\n" + body[at:] + b"\n", body[:at] + other)
    )


def _add_space(lines: list[bytes], place: int, random: Random) -> bytes:
    line = lines[place]
    at = random.choice((0, max(len(line) - 1, 0), random.randrange(len(line) + 1)))
    return line[:at] + random.choice(_SPACES) + line[at:]


def _break_quote(lines: list[bytes], place: int, random: Random) -> bytes:
    line = lines[place]
    marks = [at for at, byte in enumerate(line) if byte in b'"{}[]:,']
    if not marks:
        return line
    at = random.choice(marks)
    return line[:at] + random.choice((b"", b'"', b"\\", b'\\"', b"'", b"{", b"}", b",", b":")) + line[at + 1 :]


def _record(line: bytes) -> Record | None:
    """Return a line's record; None if an earlier change left none."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


_CHANGES: Final[Sequence[Change]] = (
    _double_key,
    _double_key,
    _other_value,
    _other_value,
    _lose_field,
    _shuffle_fields,
    _wrap,
    _join_lines,
    _add_space,
    _break_quote,
)
