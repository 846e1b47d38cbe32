"""The privacy centre: a data subject lodges an objection, follows it and collects the receipt."""
