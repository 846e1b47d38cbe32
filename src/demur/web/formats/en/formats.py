"""Formats of English: the day before the month, and hours from 0 to 23, which nobody takes for something else."""

DATE_FORMAT = "j F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y, H:i"
