"""Django's settings. Everything that differs between installations is an environment variable, listed here.

DEMUR_HOME               folder of keys, database, log, lists and the controller's configuration (default: var)
DEMUR_BASE_URL           how the public reaches the centre (default: http://127.0.0.1:8000)
DEMUR_DATABASE_URL       postgresql://user:password@host:port/name, or postgresql://user@/name?host=/folder/of/socket;
                         without it SQLite in DEMUR_HOME
DEMUR_SMTP               host:port of the mail server (default: 127.0.0.1:8025)
DEMUR_TRUSTED_PROXIES    how many proxies of yours a request passes, each of which adds the address that it sees to the
                         header X-Forwarded-For (default: 0, and the header is not read)
DEMUR_ACCOUNT_DIRECTORY  dotted path of a function without arguments that returns the account directory
DEMUR_SIGN_IN_ISSUER     address of the identity provider, instead of the one in the controller's configuration
"""

import os
import secrets
from pathlib import Path

from demur.web.environment import read_base_url, read_database, read_issuer, read_smtp, read_trusted_proxies

HOME = Path(os.environ.get("DEMUR_HOME") or "var").resolve()
_base = read_base_url("http://127.0.0.1:8000")
BASE_URL = _base.geturl()
DEMUR_HOME = HOME
DEMUR_BASE_URL = BASE_URL
DEMUR_ACCOUNT_DIRECTORY = os.environ.get("DEMUR_ACCOUNT_DIRECTORY", "demur.core.account.NullAccountDirectory")
DEMUR_SIGN_IN_ISSUER = read_issuer()
DEMUR_LIST_LIFETIME_HOURS = 24
DEMUR_TRUSTED_PROXIES = read_trusted_proxies()

_secret_file = HOME / "keys" / "django.secret"
# Without keys the process gets a key of its own: pages work, and nothing that it signs is accepted anywhere else.
SECRET_KEY = _secret_file.read_text().strip() if _secret_file.exists() else secrets.token_hex(32)

DEBUG = False
_host = f"[{_base.hostname}]" if ":" in (_base.hostname or "") else str(_base.hostname)
ALLOWED_HOSTS = [_host, "localhost"] if _host == "127.0.0.1" else [_host]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
_https = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    # The tables of users and of their accounts elsewhere belong to the sign-in's library, and stay empty.
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "django_countries",
    "demur.docket",
    "demur.centre",
]
MIDDLEWARE = [
    "demur.web.middleware.PrivateByDefaultMiddleware",  # outermost: refusals of the others carry its headers too
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "demur.web.language.LanguageChoiceMiddleware",
    "demur.web.language.OfferedLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "demur.web.middleware.BodyLimitMiddleware",  # before the next, which reads forms
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "demur.web.urls"
WSGI_APPLICATION = "demur.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "demur.centre.context.controller",
            ],
        },
    },
]


def _database() -> dict[str, object]:
    return read_database() or {
        "ENGINE": "demur.docket.sqlite",
        "NAME": HOME / "docket.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            # FULL: what was acknowledged survives a power cut, not only a crash.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
        },
        "CONN_MAX_AGE": None,  # opening the file anew for each page takes longer than most pages do
        "TEST": {"NAME": HOME / "test-docket.sqlite3"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = read_smtp("127.0.0.1:8025")
EMAIL_TIMEOUT = 20

LANGUAGE_CODE = "en"
# Each by its own name, since whoever looks for it may read no other.
LANGUAGES = [
    ("en", "English"),
    ("pt-br", "Português (Brasil)"),
    ("es", "Español"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("it", "Italiano"),
]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
FORMAT_MODULE_PATH = ["demur.web.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SECURE_CONTENT_TYPE_NOSNIFF = True
# Nothing leaves this origin. Not "no-referrer": browsers then send `Origin: null` with forms, which CSRF must refuse.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 180 * 24 * 3600
LANGUAGE_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True
# Not "Strict": opening the mail's link would replace the cookie and break the form that is open in another tab.
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None  # until the browser is closed: a year would make it a way to recognise people
CSRF_FAILURE_VIEW = "demur.web.error_pages.csrf_failure"
CSRF_COOKIE_SECURE = _https
# Only who signs in has a session; it lasts an hour, or until the browser is closed.
SESSION_COOKIE_NAME = "__Host-session" if _https else "session"  # with the prefix no other host can plant one
SESSION_COOKIE_AGE = 3_600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"  # not "Strict": people come back from the identity provider, another site
SESSION_COOKIE_SECURE = _https
SOCIALACCOUNT_ADAPTER = "demur.centre.sign_in_adapter.SocialAccountAdapter"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
DATA_UPLOAD_MAX_MEMORY_SIZE = 200_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 60
DATA_UPLOAD_MAX_NUMBER_FILES = 25
FILE_UPLOAD_TEMP_DIR = HOME / "uploads"  # as private as the rest; emptied at every start (demur.web.wsgi)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"private": {"()": "demur.web.private_log.PrivateFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["private"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Django gives these handlers of its own, which would print addresses; ours is enough.
        "django": {"handlers": [], "propagate": True},
        # A page that was not found is not the operator's business; a page that broke is.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        # It would tell of everything that is not HTTP, thousands of times while somebody tries.
        "uvicorn.error": {"level": "ERROR"},
        "demur": {"level": "INFO"},
    },
}
