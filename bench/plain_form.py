"""The peer of bench/centre.py: a form of two fields in plain Django, which stores one row and says thanks.

It runs under the same server, with the same settings of the database, and does none of what the centre does beside:
no second page, no code, no mail, no log, no list, no languages. It shows what a form costs at all on this machine.

    DEMUR_HOME=/tmp/x .venv/bin/python bench/plain_form.py 8000     started by bench/centre.py
"""

import logging
import sys

import django
from django import forms
from django.conf import settings

from demur.cli.serve import listen, serve_application
from demur.web.settings import DATABASES

_PAGE = """<!doctype html><html lang="en"><title>A form</title><h1>A form</h1>
{% if form %}<form method="post">{% csrf_token %}{{ form.as_p }}<button>Send</button></form>{% else %}Thanks.{% endif %}
</html>"""
_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
_TEMPLATES = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", {"page.html": _PAGE})]},
}

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES=DATABASES,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    MIDDLEWARE=_MIDDLEWARE,
    ROOT_URLCONF=__name__,
    SECRET_KEY="nobody relies on it",  # noqa: S106
    TEMPLATES=[_TEMPLATES],
)
django.setup()

from django.core.handlers.wsgi import WSGIHandler  # noqa: E402  (needs the settings)
from django.db import connection, connections, models  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import redirect, render  # noqa: E402
from django.urls import path  # noqa: E402


class Sent(models.Model):
    """What somebody sent."""

    email = models.CharField(max_length=320)
    handles = models.TextField()
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A table of its own."""

        app_label = "plain_form"

    def __str__(self) -> str:
        """Return the row's number."""
        return str(self.pk)


class SentForm(forms.Form):
    """The form."""

    email = forms.EmailField()
    handles = forms.CharField(widget=forms.Textarea)


def show(request: HttpRequest) -> HttpResponse:
    """Show the form; store what was sent."""
    form = SentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        Sent.objects.create(**form.cleaned_data)
        return redirect("/thanks")
    return render(request, "page.html", {"form": form})


def thanks(request: HttpRequest) -> HttpResponse:
    """Say thanks."""
    return render(request, "page.html")


urlpatterns = [path("", show), path("thanks", thanks)]


def main() -> None:
    """Make the table, and serve until ended."""
    with connection.schema_editor() as editor:
        editor.create_model(Sent)
    connections.close_all()
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # as the centre's own settings have it
    sys.modules["plain_form"] = sys.modules[__name__]
    serve_application(WSGIHandler(), listen("127.0.0.1", int(sys.argv[1])), "http", 1_000_000)


if __name__ == "__main__":
    main()
