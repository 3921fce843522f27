"""LuxOS: a self-hosted operating system for software agents that speaks Polish first."""

__version__ = "0.1.0"
