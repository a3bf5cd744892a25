"""Deterministic orchestration: workflows decide which step comes next. Postgres stores the state."""
