"""Evolution: a source proposed for a soul, tried behind walls, and kept only where it is right and better."""
