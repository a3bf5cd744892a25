"""The archive with everything that a business owns: how its cells are made safe."""

import json

#: What a spreadsheet reads as the beginning of a formula, full-width forms included. OWASP, CSV Injection, and ASVS
#: 5.0, 1.2.10: such a cell gets an apostrophe in front. (The ASVS was read at asvs.emil.hemdal.se/1.2.10.)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> object:
    """A value as a cell of a CSV file. Texts that a spreadsheet would read as a formula get an apostrophe; numbers stay
    numbers, and lists and objects become JSON."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text
