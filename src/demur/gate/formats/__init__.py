"""What the gate reads and writes: one module for each format, and `registry`, which knows them all."""
