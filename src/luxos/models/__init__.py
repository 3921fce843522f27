"""Language models, where there is one. What one says is text that nobody vouches for: read, and never believed."""
