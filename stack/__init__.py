"""The whole platform on one machine: real servers from wheels, their supervisor, and the ``omotenashi`` command."""
