"""Messages that did not arrive, for operators."""
