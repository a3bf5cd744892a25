"""What the documents list is what the code has."""

import re
from collections import Counter
from pathlib import Path

from tests.architecture import error_page

ROOT = Path(__file__).parents[2]


def test_page_of_error_codes_is_what_the_areas_declare() -> None:
    now = error_page.PAGE.read_text(encoding="utf-8")
    assert now == error_page.page(now), "run python -m tests.architecture.error_page"


def test_links_of_the_documents_lead_somewhere() -> None:
    broken = []
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_decisions_have_numbers_of_their_own() -> None:
    """Two people who write one at the same time take the same number."""
    pages = sorted(page.name for page in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = Counter(name.partition("-")[0] for name in pages)
    assert len(pages) > 30
    assert [name for name in pages if numbers[name.partition("-")[0]] > 1] == []


def test_readme_names_what_make_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"up", "test", "demo"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


#: A file of this project in a document: it is in one of these folders, or one of these names.
_PATH = re.compile(
    r"`((?:activities|analytics|api|db|docs|domain|providers|runtime|stack|tests|workers|workflows)/[\w./*<>-]+)`"
)


#: Names of schedules that look like paths.
_SCHEDULES = frozenset({"analytics/daily"})


def test_paths_in_the_documents_exist() -> None:
    missing = []
    checked = 0
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for named in _PATH.findall(page.read_text(encoding="utf-8")):
            checked += 1
            if named in _SCHEDULES:
                continue
            pattern = re.sub(r"<\w+>", "*", named.rstrip("/."))
            if not any(ROOT.glob(pattern)):
                missing.append(f"{page.name}: {named}")
    assert checked > 50
    assert missing == []


def test_tours_of_the_readme_name_files_of_every_room() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for tour in ("## Follow one booking", "## Follow one refund"):
        text = readme.split(tour)[1].split("\n## ")[0]
        rooms = {target.split("/")[0] for target in re.findall(r"\]\(([^)#]+)\)", text)}
        assert {"api", "db", "domain", "workers", "workflows", "activities"} <= rooms, tour
