"""What runs behind the walls, as a package `inside` of its own: it imports nothing of LuxOS and trusts nobody."""
