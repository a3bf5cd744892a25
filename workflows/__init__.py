"""Deterministic orchestration: what happens next. Postgres is the truth about things."""
