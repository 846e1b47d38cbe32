"""Formats of Italian: days of one digit without a nought before them."""

DATE_FORMAT = "j F Y"
