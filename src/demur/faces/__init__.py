"""Faces: whether a photo shows a person who gave a reference photo and agreed to exactly this. Off unless turned on.

An embedding is 128 numbers that are near those of other photos of the same face. It is data of a special category (GDPR
Art. 9): nothing here keeps one, logs one or sends one, and no error holds one. Two faces that are near each other are a
reason to have a person look, never a reason to delete: docs/data-engineer/faces.md says how often such hits are wrong.
"""
