"""Object stores and other file systems that fsspec knows, as the place of an input or an output."""
