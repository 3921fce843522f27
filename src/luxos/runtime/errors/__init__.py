"""What can go wrong in the runtime; what is a folder's own matter stands in its own `errors.py`."""
