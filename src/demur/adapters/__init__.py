"""The gate inside other libraries' pipelines: one module for each, a few lines over the kernel."""
