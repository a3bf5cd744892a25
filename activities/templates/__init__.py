"""What the messages say: one small text per kind, language and audience, and one layout around all of them.

The first line of a text is its subject, blank lines part its paragraphs. Both the plain and the HTML form are made
from these paragraphs, so they cannot say different things; the HTML layout escapes everything that it is given.
"""
