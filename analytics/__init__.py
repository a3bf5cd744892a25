"""Aggregates with Polars: read from Postgres (`extract`, `calendars`), compute (`metrics`), write back (`load`).

`days` calls the four in order. Nothing here depends on Temporal or HTTP.
"""
