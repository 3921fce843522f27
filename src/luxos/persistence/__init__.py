"""The database of LuxOS: the embedded PostgreSQL or another one, its two tables, its views, and all SQL."""
