"""The one way in which anything runs: the dispatcher, its wrappers, runs and steps, and the sandbox."""
