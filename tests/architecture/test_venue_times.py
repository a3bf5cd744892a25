"""Times in the offset of a venue have one form: models write them, and texts come from one function."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OWN_FORM = re.compile(r"\.astimezone\([^)]*\)\s*\.isoformat\(")
#: Not of a venue: written in UTC, or for people with the venue's own words around them.
ALLOWED = {"api/http/errors.py", "api/v1/bookings/timeline/handlers.py"}


def test_times_of_venues_are_written_by_one_function() -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in ("api", "db", "domain", "activities")
        for path in (ROOT / room).rglob("*.py")
        if _OWN_FORM.search(path.read_text())
    }
    assert found == ALLOWED
    assert _OWN_FORM.search("at.astimezone(zone).isoformat()")
