"""A person's own tool for platforms that do not run Demur."""
