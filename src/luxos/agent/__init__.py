"""The loop: listen, understand, plan, reason, act, reflect, respond."""
