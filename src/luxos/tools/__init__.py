"""What LuxOS can do with its hands: one file a family, each tool a core function that the dispatcher calls."""
