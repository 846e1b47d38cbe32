"""A sign-in for the made-up platform: an OpenID Connect provider on the loopback interface, with made-up people only.

It asks for no password, since nobody in the sample exists; it says so. It remembers in a cookie who is signed in, so
that the next application that asks is answered without a page (single sign-on).

/                                   who is signed in; sign out
/.well-known/openid-configuration   what it is and where it does what
/jwks.json                          the public key of its ID tokens
/authorize                          where an application sends people: the page on which they sign in
/token, /userinfo                   where an application asks
/sign-out                           forget who is signed in
"""

import logging
import signal
import threading
from pathlib import Path
from typing import Any

from authlib.oauth2 import OAuth2Error
from flask import Flask, Response, redirect, render_template, request, session
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server as make_http_server
from werkzeug.wrappers import Response as AnyResponse

from demur.sample.identity_keys import load_cookie_secret, load_signing_key
from demur.sample.identity_server import SCOPES, make_server
from demur.sample.loopback import HOST, LOOPBACK_HOST, listen
from demur.sample.members import Member, Members

_COOKIE = "sample_identity"  # browsers do not tell ports of a host apart, so no other program's cookie may be called so
_MOST_BODY_BYTES = 10_000
_CONTENT_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_ACCOUNT = "account"


class IdentityProvider:
    """The pages of one provider, over one sample."""

    def __init__(self, home: Path, issuer: str) -> None:
        self._issuer = issuer
        self._members = Members(home / "sample")
        self._suggested = self._members.suggest_members()
        self._key: RSAKey = load_signing_key(home / "identity")
        self.app = self._make_app(load_cookie_secret(home / "identity"))
        self._server = make_server(self.app, self._members, self._key, issuer)

    def _make_app(self, secret: str) -> Flask:
        app = Flask(__name__)
        app.secret_key = secret
        app.config.update(
            SESSION_COOKIE_NAME=_COOKIE, SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=_MOST_BODY_BYTES
        )
        app.before_request(_refuse_strangers)
        app.after_request(_add_headers)
        app.add_url_rule("/", view_func=self._home)
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._discovery)
        app.add_url_rule("/jwks.json", view_func=self._keys)
        app.add_url_rule("/authorize", view_func=self._authorize, methods=["GET", "POST"])
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        app.add_url_rule("/userinfo", view_func=self._userinfo)
        app.add_url_rule("/sign-out", view_func=self._sign_out, methods=["POST"])
        return app

    def _home(self) -> str:
        return render_template("identity_home.html", member=self._signed_in())

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self._issuer,
            "authorization_endpoint": f"{self._issuer}/authorize",
            "token_endpoint": f"{self._issuer}/token",
            "userinfo_endpoint": f"{self._issuer}/userinfo",
            "jwks_uri": f"{self._issuer}/jwks.json",
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _keys(self) -> dict[str, Any]:
        return dict(KeySet([self._key]).as_dict(private=False))

    def _authorize(self) -> AnyResponse | tuple[str, int] | str:
        """Answer an application that asks who somebody is; ask the person first, if nobody is signed in."""
        try:
            grant = self._server.get_consent_grant(end_user=self._signed_in())
        except OAuth2Error as error:
            if error.redirect_uri:
                return _typed(self._server.handle_error_response(None, error))
            return render_template("identity_refused.html", reason=error.description), 400
        if request.method == "POST" and "refuse" in request.form:
            return _typed(self._server.create_authorization_response(grant=grant))
        found = self._meant() if request.method == "POST" else None
        if found is not None:
            member = found[0] if len(found) == 1 else None
        else:
            member = self._signed_in() if grant.prompt is None else None
        if member is None:
            return render_template("identity_sign_in.html", suggested=found or self._suggested, found=found)
        session[_ACCOUNT] = member.account
        return _typed(self._server.create_authorization_response(grant_user=member, grant=grant))

    def _token(self) -> AnyResponse:
        return _typed(self._server.create_token_response())

    def _userinfo(self) -> AnyResponse:
        return _typed(self._server.create_endpoint_response("userinfo"))

    def _sign_out(self) -> AnyResponse:
        session.clear()
        return redirect("/")

    def _signed_in(self) -> Member | None:
        return self._members.find_member(session[_ACCOUNT]) if _ACCOUNT in session else None

    def _meant(self) -> list[Member]:
        """Return whom the sign-in page's form means: the person of a button, or all whose account has the handle."""
        if _ACCOUNT not in request.form:
            return self._members.find_members(request.form.get("handle", ""))
        member = self._members.find_member(request.form[_ACCOUNT])
        return [member] if member else []


def serve_identity(home: Path, port: int) -> None:
    """Serve a provider over the sample of a home folder until SIGTERM or SIGINT; call it from the main thread.

    Raises:
        PortTakenError: another program listens on the port.
        SampleFolderError: there is no sample, or the keys cannot be kept.
    """
    listening = listen(port)
    provider = IdentityProvider(home, f"http://{HOST}:{listening.getsockname()[1]}")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # or it would tell of every request
    server = make_http_server(HOST, 0, provider.app, threaded=True, fd=listening.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


def _typed(response: AnyResponse) -> AnyResponse:
    """Return a response of the library, which has no types."""
    return response


def _refuse_strangers() -> Response | None:
    """Refuse a name that leads here but is not ours, and forms of other sites."""
    origin = request.headers.get("Origin")
    is_own = origin is None or origin == f"{request.scheme}://{request.host}"
    if LOOPBACK_HOST.match(request.host) and is_own:
        return None
    return Response("not for you", 403)


def _add_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _CONTENT_POLICY
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response
