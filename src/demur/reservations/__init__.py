"""What a file, a page or a site says about training: read by each standard's own rules, then any "no" wins."""
