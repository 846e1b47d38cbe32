"""The pages of the centre: about the training, the objection, the code, and the private status page."""
