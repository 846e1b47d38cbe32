"""Damage that is about CSV: records that one reader splits here and the next one there."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

Change = Callable[[bytes, Random], bytes]

_MARKS: Final[Sequence[bytes]] = (
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r",
    b"\r\n",
    b"\\",
    b"'",
    b";",
    b"\t",
    b"\0",
    b"\xef\xbb\xbf",
    b"#",
    b" ",
)
_FIELDS: Final[Sequence[bytes]] = (
    b"",
    b'""',
    b"lumen:ada",
    b'"lumen:ada"',
    b" lumen:ada",
    b"lumen:cy",
    b"dm",
    b"post",
    b"public",
    b"true",
    b"false",
    b"False",
    b"0",
    b"no",
    b"NULL",
    b"nan",
    b"[]",
    b'"[""lumen:ada""]"',
    b'["lumen:ada"]',
    b'"[""lumen:ada"",""lumen:ada""]"',
    b'"[null]"',
    b'"x\ny"',
    b'"x""y"',
    b"=1+1",
)


def damage_records(raw: bytes, random: Random) -> bytes:
    """Return CSV in which one to three places were changed."""
    for _ in range(random.choice((1, 1, 2, 3))):
        raw = random.choice(_CHANGES)(raw, random)
    return raw


def _other_field(raw: bytes, random: Random) -> bytes:
    lines = raw.split(b"\n")
    place = random.randrange(len(lines))
    fields = lines[place].split(b",")
    fields[random.randrange(len(fields))] = random.choice(_FIELDS)
    lines[place] = b",".join(fields)
    return b"\n".join(lines)


def _other_fields(raw: bytes, random: Random) -> bytes:
    """Give a record a field more or less, or two of them one another's places."""
    lines = raw.split(b"\n")
    place = random.randrange(len(lines))
    fields = lines[place].split(b",")
    at, other = (random.randrange(len(fields)) for _ in range(2))
    match random.randrange(3):
        case 0:
            fields.insert(at, random.choice(_FIELDS))
        case 1:
            del fields[at]
        case 2:
            fields[at], fields[other] = fields[other], fields[at]
    lines[place] = b",".join(fields)
    return b"\n".join(lines)


def _mark(raw: bytes, random: Random) -> bytes:
    at = random.choice((0, len(raw), random.randrange(len(raw) + 1)))
    return raw[:at] + random.choice(_MARKS) + raw[at + random.randrange(2) :]


def _other_quotes(raw: bytes, random: Random) -> bytes:
    places = [at for at, byte in enumerate(raw) if byte in b'",\n']
    if not places:
        return raw
    at = random.choice(places)
    return raw[:at] + random.choice((b'"', b'""', b"", b'",', b',"', b'"\n')) + raw[at + 1 :]


def _other_line_ends(raw: bytes, random: Random) -> bytes:
    return raw.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b"\n\r")), random.choice((1, 3, -1)))


def _move_line(raw: bytes, random: Random) -> bytes:
    lines = raw.split(b"\n")
    line = lines.pop(random.randrange(len(lines)))
    lines.insert(random.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _other_header(raw: bytes, random: Random) -> bytes:
    header, end, rest = raw.partition(b"\n")
    names = header.split(b",")
    at, other = (random.randrange(len(names)) for _ in range(2))
    match random.randrange(4):
        case 0:
            names[at], names[other] = names[other], names[at]
        case 1:
            names[at] = names[other]
        case 2:
            names[at] = b'"' + names[at] + b'"'
        case 3:
            names[at] = random.choice((names[at].upper(), b" " + names[at], names[at] + b" ", b""))
    return b",".join(names) + end + rest


_CHANGES: Final[Sequence[Change]] = (
    _other_field,
    _other_field,
    _other_fields,
    _mark,
    _other_quotes,
    _other_line_ends,
    _move_line,
    _other_header,
)
