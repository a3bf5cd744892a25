"""What the documents list is what the code has."""

import re
from pathlib import Path

from api.http.error_texts import TABLE
from api.http.rule_texts import RULES

ROOT = Path(__file__).parents[2]


def test_the_page_of_error_codes_is_the_table() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    codes = [f"| `{code}` | {m.status} | {m.ja} | {m.en} |" for code, m in TABLE.items()]
    assert rows == [*codes, *(f"| `{rule}` | {text.ja} | {text.en} |" for rule, text in RULES.items())]


def test_every_link_of_the_documents_leads_somewhere() -> None:
    broken = []
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_the_readme_names_what_make_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"up", "test", "demo"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)
