"""A first source mapping for a dataset, guessed from names and types of columns, for a person to read and correct.

Nothing is guessed that would let rows through: a role for which no column fits, or more than one, is left empty, and
the gate refuses the mapping until somebody has filled it in.
"""

import json
import re
from typing import Final

import pyarrow as pa

from demur.controller.catalogue import Kind
from demur.gate.mapped_batch import ROLE_TYPES, Role
from demur.gate.mapping import FORM

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    Role.ROW_ID: ("row_id", "record_id", "id", "uuid", "guid", "post_id", "item_id", "file_name", "__key__"),
    Role.KIND: ("kind", "type", "content_type", "record_type", "category"),
    Role.AUDIENCE: ("audience", "visibility", "privacy", "access", "sharing"),
    Role.AUTHOR_ACCOUNT: ("author_account", "author_id", "author", "account_id", "account", "user_id", "owner_id"),
    Role.AUTHOR_IS_MINOR: ("author_is_minor", "is_minor", "underage", "author_is_child"),
    Role.TAGGED_ACCOUNTS: ("tagged_accounts", "tagged", "tags", "tagged_users", "mentions", "mentioned_accounts"),
    Role.TEXT: ("text", "body", "content", "caption", "message", "txt"),
    Role.IMAGE: ("image", "photo", "picture"),
    Role.IMAGE_PLACE: ("image_path", "image_url", "photo_path", "photo_url", "image", "photo", "picture"),
    "created_at": ("created_at", "timestamp", "posted_at", "date"),
    "product": ("product", "app", "platform"),
    "language": ("language", "lang", "locale"),
}
_OPTIONAL: Final = _NAMES.keys() - ROLE_TYPES.keys() | {Role.PRODUCT, Role.TEXT, Role.IMAGE, Role.IMAGE_PLACE}
_READ_BY_RULES: Final = ROLE_TYPES.keys() - {Role.ROW_ID, Role.PRODUCT}
"""Roles of which the wrong one of two columns would let rows through. No catalogue names what is no product."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_YAML_WORDS: Final = {"none", "null", "true", "false", "yes", "no", "on", "off"}


def propose_mapping(schema: pa.Schema) -> str:
    """Return the YAML text of a mapping to start from, with comments that say what to check."""
    lines = ["# Proposed from names and types of columns only. Read every line before you use it.", f"form: {FORM}"]
    for role in _NAMES:
        lines += _lines(schema, role)
    return "\n".join(lines) + "\n"


def _lines(schema: pa.Schema, role: str) -> list[str]:
    fitting = [field.name for field in schema if role not in ROLE_TYPES or ROLE_TYPES[role].fits(field.type)]
    likely = [name for wanted in _NAMES[role] for name in fitting if _folded(name) == _folded(wanted)]
    if role == Role.IMAGE_PLACE or (not likely and role in _OPTIONAL):
        return [_image_place_line(column) for column in likely]
    if not likely or (len(likely) > 1 and role in _READ_BY_RULES):
        return _open_lines(role, likely or fitting)
    column = likely[0]
    if role == Role.KIND:
        same = [f"    {kind}: {kind}" for kind in Kind]
        comment = "  # source value: kind. Correct both sides; a value not listed here is withheld"
        return ["kind:", f"  column: {_quoted(column)}", f"  values:{comment}", *same]
    if role == Role.AUDIENCE:
        comment = "  # the values that everybody may see; all others are withheld"
        return ["audience:", f"  column: {_quoted(column)}", f"  public: [public]{comment}"]
    if role == Role.AUTHOR_ACCOUNT:
        comment = "  # values must be namespace:id; for bare ids write {column: …, namespace: …}"
        return [f"{role}: {_quoted(column)}{comment}"]
    return [f"{role}: {_quoted(column)}"]


def _image_place_line(column: str) -> str:
    """Return a proposal that nobody takes by mistake: which folder the images are in is not in the data."""
    holds = "url" if "url" in column.casefold() else "path"
    where = "where they were fetched to" if holds == "url" else "where they are; left out, beside the file of rows"
    return f"# image: {{column: {_quoted(column)}, holds: {holds}, folder: images}}  # {where}"


def _open_lines(role: str, fitting: list[str]) -> list[str]:
    """Return what stands for a role without one likely column: a gap to fill in."""
    fit = f"could be: {', '.join(_quoted(name) for name in fitting)}" if fitting else "no column has a fitting type"
    if role == Role.TAGGED_ACCOUNTS:
        fit += "; if the dataset says nothing about tagged people, write: none"
    return [f"{role}:  # to fill in: {ROLE_TYPES[role].words}; {fit}"]


def _folded(name: str) -> str:
    """Return a name without case and separators, so that authorId and author_id are one."""
    return re.sub(r"[\W_]", "", name.casefold())


def _quoted(name: str) -> str:
    plain = _PLAIN.match(name) and name.casefold() not in _YAML_WORDS
    # What does not print is escaped: YAML takes some of it for the end of a line.
    return name if plain else json.dumps(name, ensure_ascii=not name.isprintable())
