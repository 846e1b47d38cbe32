"""The gate on many machines: one input file is one task of Ray or Spark, and the output is the embedded engine's."""
