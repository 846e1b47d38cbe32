"""The pictures of a dataset: where rows have them, and what child processes find out about them."""
