"""The gate: record batches and a suppression list in, kept rows and withheld rows with reasons out."""
