"""What the kernel remembers."""
