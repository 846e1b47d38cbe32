"""The append-only log, and the keys that sign: entries, tiles, checkpoints, receipts."""
