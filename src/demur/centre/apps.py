"""The privacy centre as a Django app, for its templates and translations; it has no tables."""

from django.apps import AppConfig


class CentreConfig(AppConfig):
    """The app of the public pages."""

    name = "demur.centre"
    label = "centre"
