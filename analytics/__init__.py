"""Aggregates with Polars: read from Postgres (`extract`, `calendars`), compute (`metrics`), write back (`load`).

`days` puts the four together. Nothing here knows Temporal or HTTP.
"""
