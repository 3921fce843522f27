"""What the kernel does, one idea in each file."""
