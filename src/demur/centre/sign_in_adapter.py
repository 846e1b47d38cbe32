"""How the library that leads people to the identity provider and back is used: for the way, not for users.

django-allauth sends the browser with PKCE and a state that belongs to this session, and takes back a code once. What
comes then is checked here. No user and no account of the library is ever stored, the controller's configuration is
its only application, and none of its pages can be reached.
"""

import stat
from base64 import b64encode
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, quote

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language

from demur.centre.claims import join_claims, read_claims
from demur.centre.identity_provider import IdentityProvider, ProviderRefusedError, check_nonce, identity_provider
from demur.centre.json_answer import fetch_json
from demur.centre.meaning import Meaning
from demur.centre.sign_in import SignInNote, find_sign_in, lead_back, remember_signed_in
from demur.controller.controller import SignIn
from demur.docket.controller import get_controller
from demur.docket.secret import new_token

_ID = "controller"
_SCOPES = ("openid", "profile", "email", "address")
_SECRET_FILE = "sign-in.secret"  # noqa: S105  (a file's name)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def address_to_sign_in(request: HttpRequest) -> str:
    """Return where the person's browser is to go, and remember in the session what must come back.

    Raises:
        NoAnswerError: the provider does not answer.
        ProviderRefusedError: what it says of itself cannot be relied on.
    """
    nonce = new_token()
    known = identity_provider(_sign_in().issuer).describe_now().scopes
    response = _Provider(request, _application()).redirect(
        request,
        process=AuthProcess.LOGIN,
        data={"nonce": nonce},
        scope=[scope for scope in _SCOPES if not known or scope in known],
        auth_params={"nonce": nonce, "ui_locales": get_language() or "en"},
    )
    return str(response.headers["Location"])


def take_callback(request: HttpRequest) -> HttpResponse:
    """Answer the browser that comes back from the provider: the person is signed in, or a sentence says why not.

    Raises:
        NoAnswerError: the provider does not answer.
        ProviderRefusedError: what it sent cannot be relied on.
    """
    response: HttpResponse = OAuth2CallbackView.adapter_view(_Adapter(request, _ID))(request)
    return response


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library has no types
    """What the library asks of a site."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> "_Provider":  # noqa: ARG002
        """Return the controller's provider, whatever was asked for."""
        return _Provider(request, _application())

    def on_authentication_error(self, request: HttpRequest, provider: object, **details: Any) -> NoReturn:  # noqa: ARG002
        """Lead back to the start page: somebody refused, or nothing in this session waits for what came."""
        is_cancelled = details.get("error") == AuthError.CANCELLED
        raise ImmediateHttpResponse(lead_back(SignInNote.NOT_DONE if is_cancelled else SignInNote.NOT_SURE))

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        """Keep who signed in for this visit, and leave the library before it would make a user."""
        claims = sociallogin.account.extra_data
        check_nonce(claims, sociallogin.state["data"]["nonce"])
        person = read_claims(claims, get_controller().products)
        remember_signed_in(request, person, _sign_in().issuer)
        there = redirect("centre:form", Meaning.OWN) if person.country else redirect("centre:object")
        raise ImmediateHttpResponse(there)


class _Client(OAuth2Client):  # type: ignore[misc]
    def get_redirect_url(self, authorization_url: str, scope: list[str], extra_params: dict[str, str]) -> str:
        address, _, query = authorization_url.partition("?")  # an endpoint may have parameters of its own
        return str(super().get_redirect_url(address, scope, {**dict(parse_qsl(query)), **extra_params}))


class _Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The exchange of a code for claims, each checked."""

    client_class = _Client
    # get_access_token_data knows these; the library would fetch them, without our limits.
    access_token_url = ""
    basic_auth = False

    @property
    def authorize_url(self) -> str:
        return self._identity_provider().describe().authorization_endpoint

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:  # noqa: ARG002  (the library's signature)
        # Not by the request's Host: the provider must send people to us alone.
        return f"{settings.DEMUR_BASE_URL}{reverse('centre:sign_in_callback')}"

    def get_access_token_data(
        self, request: HttpRequest, app: SocialApp, client: _Client, pkce_code_verifier: str | None = None
    ) -> dict[str, Any]:
        description = self._identity_provider().describe()
        form = {
            "grant_type": "authorization_code",
            "code": request.GET["code"],
            "redirect_uri": client.callback_url,
            "client_id": app.client_id,
            "code_verifier": pkce_code_verifier or "",
        }
        authorization = ""
        if app.secret and "client_secret_post" in description.client_authentications:
            form["client_secret"] = app.secret
        elif app.secret:
            pair = f"{quote(app.client_id, safe='')}:{quote(app.secret, safe='')}"  # RFC 6749, section 2.3.1
            authorization = f"Basic {b64encode(pair.encode()).decode()}"
        return fetch_json(description.token_endpoint, form=form, authorization=authorization)

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        if not isinstance(data.get("access_token"), str) or str(data.get("token_type")).lower() != "bearer":
            raise ProviderRefusedError("the identity provider gave no bearer token")
        return SocialToken(token=data["access_token"])

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:  # noqa: ARG002
        provider = self._identity_provider()
        id_token = provider.verify_id_token(kwargs["response"].get("id_token"), app.client_id)
        claims = join_claims(id_token, provider.fetch_claims(token.token, id_token["sub"]))
        account = SocialAccount(provider=_ID, uid=id_token["sub"], extra_data=claims)
        return SocialLogin(provider=self.get_provider(), account=account)

    def _identity_provider(self) -> IdentityProvider:
        return identity_provider(_sign_in().issuer)


class _Provider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = _Adapter


def _sign_in() -> SignIn:
    sign_in = find_sign_in()
    if sign_in is None:
        raise Http404
    return sign_in


def _application() -> SocialApp:
    sign_in = _sign_in()
    return SocialApp(
        provider="openid_connect",
        provider_id=_ID,
        name=_ID,
        client_id=sign_in.client_id,
        secret=_client_secret(),
        settings={"server_url": sign_in.issuer, "oauth_pkce_enabled": True},
    )


def _client_secret() -> str:
    """Return what the provider gave this client to show; empty for a public client, which PKCE protects alone."""
    path = Path(settings.DEMUR_HOME) / "keys" / _SECRET_FILE
    try:
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise ProviderRefusedError(
                f"others could read keys/{_SECRET_FILE}", hint="ask for a new one, then chmod 600"
            )
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
