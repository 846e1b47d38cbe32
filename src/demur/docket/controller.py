"""The controller: who answers for the processing, what is collected, and from when it is used for training.

Read from `<home>/controller.yaml`, which the controller writes. Example, then rules:

    name: lumen.example                 # host name; signing keys and the log are named after it
    legal_name: Lumen Platforms Limited
    postal_address: [1 Quay Street, Dublin, Ireland]
    country: IE                         # ISO 3166-1 alpha-2; its authority is the lead authority
    time_zone: Europe/Dublin            # the legal clock counts days there
    contact_email: privacy@lumen.example
    data_protection_officer: dpo@lumen.example
    training_starts_on: 2026-12-15
    appeal_days: 30                     # at least the 30 of demur.core.objection
    products:
      - {id: lumen, name: Lumen, description: a photo-sharing app, menu_path: [Profile, Menu, About]}
    collected:
      - id: posts
        name: Posts
        description: What you post, with its date.
        kinds: [post]                   # as in the training data
        products: [lumen]
        audiences: [public]
        kept_for: as long as the account exists
        used_for_training: true

Every field is required and no other is known, so that a misspelt one is noticed at the start and not by a person.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from django.conf import settings

from demur.core.objection import APPEAL_PERIOD
from demur.docket.errors import ControllerFileError
from demur.ledger.keys import HOST_NAME

_T = TypeVar("_T")
CONTROLLER_FILE = "controller.yaml"
_MOST_APPEAL_DAYS = 3_650  # a date ten years on can still be reckoned with


@dataclass(frozen=True)
class Product:
    """A product of the controller: `menu_path` is where in its app the privacy centre is found."""

    id: str
    name: str
    description: str
    menu_path: tuple[str, ...]


@dataclass(frozen=True)
class Collected:
    """A kind of data that is collected.

    Attributes:
        id: stable, for anchors.
        name: as people read it.
        description: one or two sentences.
        kinds: as the training data name them (post, photo, comment, prompt, message).
        products: ids of the products that collect it.
        audiences: which audiences' data are meant (public, friends, private).
        kept_for: how long, in words.
        used_for_training: whether it is.
    """

    id: str
    name: str
    description: str
    kinds: tuple[str, ...]
    products: tuple[str, ...]
    audiences: tuple[str, ...]
    kept_for: str
    used_for_training: bool


@dataclass(frozen=True)
class Controller:
    """The controller and its catalogue of collected data; see the head of this module."""

    name: str
    legal_name: str
    postal_address: tuple[str, ...]
    country: str
    time_zone: ZoneInfo
    contact_email: str
    data_protection_officer: str
    training_starts_on: date
    appeal_days: int
    products: tuple[Product, ...]
    collected: tuple[Collected, ...]

    @property
    def log_origin(self) -> str:
        """The log's own name, which is also its key's."""
        return f"{self.name}/log"


def load_controller(path: Path) -> Controller:
    """Return the controller of a file.

    Raises:
        ControllerFileError: names the field that is missing, unknown or of another type.
    """
    try:
        raw = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise ControllerFileError(f'the file "{path.name}" cannot be read') from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ControllerFileError(f'the file "{path.name}" is not YAML') from error
    fields = _Fields(raw, path.name)
    controller = Controller(
        name=fields.take("name", str),
        legal_name=fields.take("legal_name", str),
        postal_address=fields.texts("postal_address"),
        country=fields.take("country", str),
        time_zone=_time_zone(fields.take("time_zone", str)),
        contact_email=fields.take("contact_email", str),
        data_protection_officer=fields.take("data_protection_officer", str),
        training_starts_on=fields.take("training_starts_on", date),
        appeal_days=fields.take("appeal_days", int),
        products=tuple(_product(item, number) for number, item in enumerate(fields.take("products", list), 1)),
        collected=tuple(_collected(item, number) for number, item in enumerate(fields.take("collected", list), 1)),
    )
    fields.end()
    _check(controller)
    return controller


def get_controller() -> Controller:
    """Return the controller of this installation, from DEMUR_HOME. Reads the file again only when it changed."""
    path = Path(settings.DEMUR_HOME) / CONTROLLER_FILE
    try:
        return _cached(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ControllerFileError(
            f'there is no "{CONTROLLER_FILE}" in the home folder',
            hint='run "demur init" first',
        ) from error


@cache
def _cached(path: Path, _changed_ns: int) -> Controller:
    return load_controller(path)


class _Fields:
    """The fields of one mapping of the file, each read once."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise ControllerFileError(f"{where}: wanted fields with values")
        self._left = dict(values)
        self._where = where

    def take(self, name: str, wanted: type[_T]) -> _T:
        if name not in self._left:
            raise ControllerFileError(f'{self._where}: the field "{name}" is missing')
        value = self._left.pop(name)
        if type(value) is not wanted:
            raise ControllerFileError(f'{self._where}: the field "{name}" is not of type {wanted.__name__}')
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        values = self.take(name, list)
        if not values or not all(isinstance(value, str) for value in values):
            raise ControllerFileError(f'{self._where}: the field "{name}" is not a list of texts')
        return tuple(values)

    def end(self) -> None:
        if self._left:
            raise ControllerFileError(f"{self._where}: unknown fields: {', '.join(sorted(map(str, self._left)))}")


def _product(raw: Any, number: int) -> Product:
    fields = _Fields(raw, f"product {number}")
    product = Product(
        fields.take("id", str),
        fields.take("name", str),
        fields.take("description", str),
        fields.texts("menu_path"),
    )
    fields.end()
    return product


def _collected(raw: Any, number: int) -> Collected:
    fields = _Fields(raw, f"collected {number}")
    collected = Collected(
        id=fields.take("id", str),
        name=fields.take("name", str),
        description=fields.take("description", str),
        kinds=fields.texts("kinds"),
        products=fields.texts("products"),
        audiences=fields.texts("audiences"),
        kept_for=fields.take("kept_for", str),
        used_for_training=fields.take("used_for_training", bool),
    )
    fields.end()
    return collected


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ControllerFileError(
            'the field "time_zone" names no time zone that this machine knows',
            hint="write it like Europe/Dublin; if it is right, install the system package tzdata",
        ) from error


def _check(controller: Controller) -> None:
    if controller.appeal_days < APPEAL_PERIOD.days:
        raise ControllerFileError(f'the field "appeal_days" is less than {APPEAL_PERIOD.days}')
    if controller.appeal_days > _MOST_APPEAL_DAYS:
        raise ControllerFileError(f'the field "appeal_days" is more than {_MOST_APPEAL_DAYS}')
    if not HOST_NAME.match(controller.name):
        raise ControllerFileError('the field "name" is not a host name in lower case, such as lumen.example')
    if any(sign in field for field in (controller.legal_name, controller.contact_email) for sign in "\r\n"):
        raise ControllerFileError("a name or an address is longer than one line")
    known = {product.id for product in controller.products}
    unknown = {name for item in controller.collected for name in item.products} - known
    if unknown:
        raise ControllerFileError(f"collected data name unknown products: {', '.join(sorted(unknown))}")
