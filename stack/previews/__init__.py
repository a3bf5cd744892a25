"""Every message with example data, as pages to look at while texts are written."""
