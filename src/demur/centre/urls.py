"""The addresses of the centre. Nothing in them says who a person is: private pages are behind a random token."""

from django.urls import path, register_converter

from demur.centre.meaning import MeaningConverter
from demur.centre.views import about, adding, address, app, code, objecting, poster, signing_in, start, status
from demur.centre.views.private import TokenConverter

register_converter(TokenConverter, "token")
register_converter(MeaningConverter, "meaning")

app_name = "centre"
urlpatterns = [
    path("", about.home, name="home"),
    path("privacy/genai", about.landing, name="landing"),
    path("privacy/genai/", about.home),
    path("privacy/genai/qr.svg", poster.qr_code, name="qr-code"),
    path("privacy/genai/poster", poster.poster, name="poster"),
    path("object", poster.short_address, name="short-address"),
    path("app/<slug:product>", app.menu, name="app"),
    path("app/<slug:product>/<int:level>", app.menu, name="app-level"),
    path("app/<slug:product>/style.css", app.style, name="app-style"),
    path("app/<slug:product>/logo", app.logo, name="app-logo"),
    path("privacy/genai/object", start.start, name="object"),
    path("privacy/genai/object/forget", start.forget, name="forget"),
    path("privacy/genai/object/<meaning:meaning>", objecting.object_to_training, name="form"),
    path("privacy/sign-in", signing_in.sign_in, name="sign_in"),
    path("privacy/sign-in/callback", signing_in.callback, name="sign_in_callback"),
    path("privacy/sign-out", signing_in.sign_out, name="sign_out"),
    path("privacy/genai/code/<token:token>", code.confirm, name="code"),
    path("privacy/genai/code/<token:token>/resend", code.resend, name="resend"),
    path("privacy/genai/code/<token:token>/address", address.correct, name="address"),
    path("privacy/genai/status/<token:token>", status.show, name="status"),
    path("privacy/genai/status/<token:token>/add", adding.add, name="add"),
    path("privacy/genai/status/<token:token>/receipt", status.receipt, name="receipt"),
    path("privacy/genai/status/<token:token>/withdraw", status.withdraw, name="withdraw"),
    path("privacy/genai/status/<token:token>/face", status.withdraw_faces, name="withdraw-faces"),
    path("privacy/genai/status/<token:token>/appeal", status.appeal, name="appeal"),
    path("privacy/keys", about.keys, name="keys"),
]
