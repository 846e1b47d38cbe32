"""Settings, addresses and the server: the only place that joins centre and desk."""
