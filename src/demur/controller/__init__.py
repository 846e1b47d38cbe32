"""The controller: who answers for the processing, what is collected and for what, and from when models are trained.

All of it is in one YAML file that the controller writes (docs/spec/controller.md). The privacy centre shows it to
people, and the gate takes from the same file what may train at all, so that the two cannot differ.
"""
