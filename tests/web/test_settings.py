"""What the settings promise, for loopback and for a public address."""

import json
import os
import subprocess
import sys
from pathlib import Path

SHOW = """
import json, django
django.setup()
from django.conf import settings
from django.core import checks
names = ["ALLOWED_HOSTS", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "DEBUG", "SECURE_REFERRER_POLICY"]
names += ["SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY"]
found = {name: getattr(settings, name) for name in names}
found["warnings"] = [issue.id for issue in checks.run_checks(include_deployment_checks=True)]
found["engine"] = settings.DATABASES["default"]["ENGINE"]
found["database"] = {name: settings.DATABASES["default"].get(name) for name in ("HOST", "PORT", "NAME", "OPTIONS")}
print(json.dumps(found, default=str))
"""


def shown(tmp_path: Path, **variables: str) -> dict[str, object]:
    environment = {
        **os.environ,
        "DEMUR_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "demur.web.settings",
        **variables,
    }
    done = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_on_loopback_cookies_travel_without_tls(tmp_path: Path) -> None:
    found = shown(tmp_path, DEMUR_BASE_URL="http://127.0.0.1:8000")
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]
    assert found["CSRF_COOKIE_SECURE"] is found["SESSION_COOKIE_SECURE"] is False
    assert found["SESSION_COOKIE_NAME"] == "session"
    assert found["SECURE_HSTS_SECONDS"] == 0


def test_in_public_only_tls_and_only_the_public_name(tmp_path: Path) -> None:
    found = shown(tmp_path, DEMUR_BASE_URL="https://privacy.lumen.example")
    assert found["ALLOWED_HOSTS"] == ["privacy.lumen.example"]
    assert found["CSRF_COOKIE_SECURE"] is found["SESSION_COOKIE_SECURE"] is found["SESSION_COOKIE_HTTPONLY"] is True
    assert found["SESSION_COOKIE_NAME"] == "__Host-session", "another host of the same domain could plant one"
    assert found["SECURE_HSTS_SECONDS"]


def test_debug_pages_cannot_be_switched_on(tmp_path: Path) -> None:
    assert shown(tmp_path, DEBUG="1", DJANGO_DEBUG="1")["DEBUG"] is False


def test_djangos_deployment_checks_find_only_what_we_chose(tmp_path: Path) -> None:
    chosen = {
        "security.W005",  # HSTS of other hosts below our name is not ours to decide
        "security.W008",  # the proxy redirects to TLS
        "security.W021",  # preloading is the owner of the name's decision
        "files.E001",  # the folder for uploads is made when a server starts
    }
    assert set(shown(tmp_path, DEMUR_BASE_URL="https://privacy.lumen.example")["warnings"]) <= chosen


def test_a_database_is_reached_by_its_socket(tmp_path: Path) -> None:
    url = "postgresql://demur@:5433/docket?host=/run/Post%20gres"
    database = shown(tmp_path, DEMUR_DATABASE_URL=url)["database"]
    assert isinstance(database, dict)
    assert {name: database[name] for name in ("HOST", "PORT", "NAME")} == {
        "HOST": "/run/Post gres",
        "PORT": "5433",
        "NAME": "docket",
    }


def test_what_the_address_says_of_encryption_reaches_the_client(tmp_path: Path) -> None:
    database = shown(tmp_path, DEMUR_DATABASE_URL="postgresql://demur@host/docket?sslmode=verify-full")["database"]
    assert isinstance(database, dict)
    assert database["HOST"] == "host"
    assert database["OPTIONS"]["sslmode"] == "verify-full"


def test_the_reason_why_referrers_are_not_switched_off_everywhere(tmp_path: Path) -> None:
    # With "no-referrer" browsers send `Origin: null` with a form, and every form would be refused.
    assert shown(tmp_path)["SECURE_REFERRER_POLICY"] == "same-origin"
