"""The kernel: starts the components of LuxOS, watches them, brings them back. See docs/kernel.md."""
