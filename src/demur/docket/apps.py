"""The docket as a Django app."""

from django.apps import AppConfig


class DocketConfig(AppConfig):
    """The app that owns all tables."""

    name = "demur.docket"
    label = "docket"
