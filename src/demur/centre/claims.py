"""What an identity provider's claims say of a person, read with care: nothing is guessed, nothing is repaired.

Source: OpenID Connect Core 1.0, section 5.1 (standard claims). An account's claim is the controller's own, named in
its configuration.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django_countries import countries

from demur.centre.identity_provider import ProviderRefusedError
from demur.centre.sign_in import SignedIn
from demur.controller.product import Product
from demur.core.errors import FormatError
from demur.core.identifier import MAX_VALUE_CHARS, check_account, normalise_email
from demur.docket.errors import LodgingRefusedError
from demur.docket.lodging import MAX_NAME_CHARS, VerifiedAccount, clean_text

_EMAIL_CLAIMS = ("email", "email_verified")


def join_claims(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of both; where both speak, those of userinfo, which are the newer ones.

    An address and whether it is verified stay together: one's "verified" must not vouch for the other's address.
    """
    told = dict(id_token)
    if "email" in userinfo:
        told = {name: value for name, value in told.items() if name not in _EMAIL_CLAIMS}
    return {**told, **userinfo}


def read_claims(claims: Mapping[str, Any], products: Iterable[Product]) -> SignedIn:
    """Return what the claims say of a person.

    Raises:
        ProviderRefusedError: an account's id is none; without it the person would believe an account to be covered.
    """
    return SignedIn(
        name=_line(claims.get("name"), MAX_NAME_CHARS),
        email=_verified_email(claims),
        country=_country(claims),
        accounts=tuple(_accounts(claims, products)),
    )


def _accounts(claims: Mapping[str, Any], products: Iterable[Product]) -> Iterator[VerifiedAccount]:
    handle = _line(claims.get("preferred_username"), MAX_VALUE_CHARS)
    for product in products:
        stated = claims.get(product.sign_in_claim) if product.sign_in_claim else None
        if stated is None:
            continue
        # Numbers are common as ids; a bool is one for Python.
        if not isinstance(stated, str | int) or isinstance(stated, bool):
            raise ProviderRefusedError(f'the claim "{product.sign_in_claim}" is no account\'s id')
        try:
            account = check_account(f"{product.namespace}:{stated}")
        except FormatError as error:
            raise ProviderRefusedError(f'the claim "{product.sign_in_claim}" is no account\'s id') from error
        yield VerifiedAccount(account, f"{product.name}: {handle}" if handle else product.name)


def _verified_email(claims: Mapping[str, Any]) -> str:
    """Return the address if the provider says that it is verified; some say it as a text."""
    stated, verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(stated, str) or not (verified is True or verified == "true"):
        return ""
    try:
        email = normalise_email(stated)
        validate_email(email)
    except (FormatError, ValidationError):
        return ""
    return email


def _country(claims: Mapping[str, Any]) -> str:
    """Return the country of residence if it is given as a code; from a name or a language it is not guessed."""
    address = claims.get("address")
    stated = address.get("country") if isinstance(address, dict) else claims.get("country")
    return stated.upper() if isinstance(stated, str) and stated.upper() in dict(countries) else ""


def _line(value: object, most_chars: int) -> str:
    """Return a text as one clean line; empty for what is none, or too long."""
    try:
        return " ".join(clean_text(value, "name", most_chars).split()) if isinstance(value, str) else ""
    except LodgingRefusedError:
        return ""
