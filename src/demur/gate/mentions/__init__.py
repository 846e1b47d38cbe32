"""Handles, e-mail addresses, phone numbers and names of people on the list, found in texts."""
