"""Durable tasks: put into queues, carried out by workers, whoever is killed. docs/design.md tells the contract."""
