"""The rules of the platform: pure functions over frozen dataclasses.

The code uses only the standard library: no I/O, no clock (``now`` is an argument), no framework.
"""
