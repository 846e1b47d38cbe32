"""What the templates of the centre can do beyond Django's own tags."""
