"""The texts of messages: one template per kind, language and audience, and one layout for all of them.

The first line of a template is the subject; blank lines separate paragraphs. The plain text and the HTML are both made
from these paragraphs, so that they always say the same. The HTML layout escapes every value.
"""
