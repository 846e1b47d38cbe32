"""English as most of its readers outside the United States write it."""
