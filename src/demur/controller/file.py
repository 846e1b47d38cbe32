"""Reading the controller's file, docs/spec/controller.md."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from demur.controller.catalogue import Catalogue
from demur.controller.controller import Controller, Policy, ReasonsPolicy, SignIn
from demur.controller.errors import ControllerFileError
from demur.controller.fields import Fields, Notes
from demur.controller.items import read_campaigns, read_collected, read_products
from demur.controller.local_text import SUPPORTED_LANGUAGES
from demur.core.errors import FormatError
from demur.core.host_name import HOST_NAME
from demur.core.identifier import normalise_email
from demur.core.objection import APPEAL_PERIOD

_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z")
_ISSUER: Final = re.compile(
    r"(?:https://[^\s?#]+|http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]+)?(?:/[^\s?#]*)?)\Z"
)
_NO_FACE_TOOLS: Final = (
    'is true, but what finds faces is not installed; run pip install "demur[faces]", or take the field out'
)
_MOST_DAYS: Final = 3_650
"""A date ten years on can still be reckoned with."""


def load_controller(path: Path) -> Controller:
    """Return the controller of a file; its logos are read too.

    Raises:
        ControllerFileError: a line for each thing that is wrong, with the number of its line and its field; also if
            faces are to be compared and what finds them is not installed here.
    """
    return _load(path, needs_face_tools=True)


def load_catalogue(path: Path) -> Catalogue:
    """Return what may train after a controller's file, for a gate: it need not be able to look for faces.

    Raises:
        ControllerFileError: a line for each thing that is wrong with the whole file.
    """
    return _load(path, needs_face_tools=False).catalogue


def _load(path: Path, *, needs_face_tools: bool) -> Controller:
    notes = Notes(path.name)
    fields = Fields(_compose(path), "", notes)
    switch = fields.node_of("compare_faces")
    controller = _read(fields, path.resolve().parent)
    if controller.compare_faces and needs_face_tools and find_spec("onnxruntime") is None:
        fields.note("compare_faces", _NO_FACE_TOOLS, switch)
    sentences = notes.sentences()
    if sentences:
        raise ControllerFileError("\n".join(sentences), hint="docs/spec/controller.md explains every field")
    return controller


def _compose(path: Path) -> yaml.Node:
    try:
        root = yaml.compose(path.read_bytes(), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ControllerFileError(f'the file "{path.name}" cannot be read') from error
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ControllerFileError(f"{path.name}{line}: this is not YAML") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ControllerFileError(f"{path.name}: this is not YAML, or not UTF-8 text") from error
    if root is None:
        raise ControllerFileError(f"{path.name}: the file is empty")
    return root


def _read(fields: Fields, folder: Path) -> Controller:
    fields.notes.languages = languages = _read_languages(fields)
    zone = _read_time_zone(fields)
    products = read_products(fields, folder)
    controller = Controller(
        name=fields.text("name", HOST_NAME, "is not a host name in lower case, such as lumen.example"),
        legal_name=fields.text("legal_name"),
        postal_address=fields.texts("postal_address"),
        country=fields.text("country", _COUNTRY, "is not a country's two capital letters, such as IE"),
        time_zone=zone,
        contact_email=_read_email(fields, "contact_email"),
        data_protection_officer=_read_email(fields, "data_protection_officer"),
        languages=languages,
        appeal_days=fields.number("appeal_days", APPEAL_PERIOD.days, _MOST_DAYS),
        compare_faces="compare_faces" in fields and fields.truth("compare_faces"),
        policy=_read_policy(fields),
        sign_in=_read_sign_in(fields),
        campaigns=read_campaigns(fields, zone),
        products=products,
        collected=read_collected(fields, products),
    )
    fields.end()
    return controller


def _read_languages(fields: Fields) -> tuple[str, ...]:
    node = fields.node_of("languages")
    languages = fields.texts("languages")
    if unknown := [code for code in languages if code and code not in SUPPORTED_LANGUAGES]:
        known = ", ".join(SUPPORTED_LANGUAGES)
        fields.note("languages", f"has {', '.join(unknown)}; Demur speaks {known}", node)
    if len(set(languages)) < len(languages):
        fields.note("languages", "names a language twice", node)
    return languages


def _read_time_zone(fields: Fields) -> ZoneInfo:
    node, name = fields.node_of("time_zone"), fields.text("time_zone")
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wanted = "names no time zone that this machine knows; write it like Europe/Dublin"
        fields.note("time_zone", f"{wanted}, and if it is right install the system package tzdata", node)
        return ZoneInfo("UTC")


def _read_email(fields: Fields, name: str) -> str:
    node, address = fields.node_of(name), fields.text(name)
    try:
        normalise_email(address or "nobody@example.org")
    except FormatError:
        fields.note(name, "is not an e-mail address", node)
    return address


def _read_policy(fields: Fields) -> Policy:
    own = fields.table("policy")
    policy = Policy(
        reasons=own.choice("reasons", ReasonsPolicy),
        answer_days=own.number("answer_days", 1, _MOST_DAYS),
        where_no_law=own.local_text("where_no_law"),
    )
    own.end()
    return policy


def _read_sign_in(fields: Fields) -> SignIn | None:
    if "sign_in" not in fields:
        return None
    own = fields.table("sign_in")
    sign_in = SignIn(
        issuer=own.text("issuer", _ISSUER, "is not an address that begins with https://"),
        client_id=own.text("client_id"),
    )
    own.end()
    return sign_in
