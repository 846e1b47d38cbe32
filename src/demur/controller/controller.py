"""The controller as a value; docs/spec/controller.md explains each field."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from demur.controller.campaign import Campaign
from demur.controller.catalogue import Catalogue, Collected, make_catalogue
from demur.controller.local_text import LocalText
from demur.controller.product import Product


class ReasonsPolicy(StrEnum):
    """Whether a person must say how the processing affects them."""

    OPTIONAL = "optional"
    AS_THE_LAW_ASKS = "as-the-law-asks"


@dataclass(frozen=True)
class Policy:
    """How the controller looks at objections, where the law leaves it a choice.

    Attributes:
        reasons: whether they are asked for.
        answer_days: within how many days it answers where no law sets a date.
        where_no_law: what it does for people whose country's law grants no right to object.
    """

    reasons: ReasonsPolicy
    answer_days: int
    where_no_law: LocalText


@dataclass(frozen=True)
class SignIn:
    """The platform's OpenID Connect provider.

    Attributes:
        issuer: its address; the discovery document lies under it.
        client_id: what it calls this privacy centre. The client's secret is never in the file.
    """

    issuer: str
    client_id: str


@dataclass(frozen=True)
class Controller:
    """The controller, its products, its catalogue and its campaigns.

    Attributes:
        name: host name; signing keys and the log are named after it.
        country: ISO 3166-1 alpha-2; its authority is the lead authority.
        time_zone: the legal clock counts days there.
        languages: codes; the first is the default.
        compare_faces: whether people may ask, with their explicit consent, that their face is looked for.
        campaigns: in the order in which they start; at least one.
        sign_in: None if people cannot sign in.
    """

    name: str
    legal_name: str
    postal_address: tuple[str, ...]
    country: str
    time_zone: ZoneInfo
    contact_email: str
    data_protection_officer: str
    languages: tuple[str, ...]
    appeal_days: int
    compare_faces: bool
    policy: Policy
    sign_in: SignIn | None
    campaigns: tuple[Campaign, ...]
    products: tuple[Product, ...]
    collected: tuple[Collected, ...]

    @property
    def log_origin(self) -> str:
        """The log's own name, which is also its key's."""
        return f"{self.name}/log"

    @property
    def catalogue(self) -> Catalogue:
        """What may train at all, for the gate."""
        return make_catalogue(self.collected)

    @property
    def campaign(self) -> Campaign:
        """The campaign that counts at this moment."""
        return self.campaign_at(datetime.now(UTC))

    def campaign_at(self, now: datetime) -> Campaign:
        """Return the next campaign to start, since a person can still come before it; else the latest that started."""
        return next((one for one in self.campaigns if not one.has_started(now)), self.campaigns[-1])

    def day_of(self, instant: datetime) -> date:
        """Return the day on which an instant lies where the controller is: the legal clock counts these."""
        return instant.astimezone(self.time_zone).date()

    def find_product(self, product_id: str) -> Product | None:
        """Return a product by its id; None if there is no such."""
        return next((product for product in self.products if product.id == product_id), None)
