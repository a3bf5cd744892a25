"""The rules of the platform: pure functions over frozen dataclasses.

Only the standard library lives here: no I/O, no clock (``now`` is an argument), no framework.
"""
