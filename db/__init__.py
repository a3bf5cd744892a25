"""Postgres: tables, the unit of work, and every SQL statement of the platform."""
