"""The gate's runs on clusters: the same files, decided about and written by workers of Ray or Spark."""
