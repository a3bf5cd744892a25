"""Signatures and tokens that are nearly right."""


def with_other_end(text: str) -> str:
    """The same text with another last character but two, so that base64's unused last bits do not hide the change."""
    at = len(text) - 3
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
