"""Lux, the small language that every plan is written in: grammar, checker, compiler, runner and writer."""
