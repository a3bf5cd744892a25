"""Postgres and nothing else: tables, the unit of work, and every statement the platform sends."""
