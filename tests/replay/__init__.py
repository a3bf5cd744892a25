"""Histories of every workflow and outcome, replayed against the code of today.

They are written by ``python -m tests.replay.record`` when an outcome is new. A history that is there is not written
again: it stands for runs that are open somewhere, and a change that cannot replay it would stop them.
"""
