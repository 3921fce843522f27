"""Beings and their relationships: rows of the two tables as Python objects, and what a being's genotype is."""
