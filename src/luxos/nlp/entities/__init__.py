"""Finding what a sentence names: one module for each family of commands."""
