"""The desk: the controller's staff see what is open, by when it is due, and decide."""
