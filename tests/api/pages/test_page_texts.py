"""Every sentence of the pages exists in both languages, with the same values, and is used."""

import re
from pathlib import Path

from api.pages.texts.words import WORDS
from tests.support.cases import for_each

SOURCES = [*Path("api/pages").rglob("*.j2"), *Path("api/pages").rglob("*.py")]
TEMPLATES = [path for path in SOURCES if path.suffix == ".j2"]
ALL = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if "texts" not in path.parts)
#: Keys that templates put together from a status.
PUT_TOGETHER = (
    "state_",
    "say_",
    "pays_",
    "step_",
    "waitlist_",
    "card_",
    "terms_",
    "count_",
    "status_",
    "do_",
    "choice_",
    "tab_",
    "view_",
    "by_",
    "scope_",
    "review_",
    "business_",
    "document_",
    "file_",
    "decide_",
    "decided_",
    "audit_",
    "change_",
    "show_",
    "flag_",
    "rollout_",
    "subject_",
    "attention_",
    *("field_", "hint_", "option_", "day_", "unit_", "in_", "records_", "about_", "add_", "none_", "search_"),
    *("remove_", "hub_", "kind_", "role_", "paid_", "refund_", "receipt_", "to_", "channel_", "sending_", "waiting_"),
    *("moved_", "stranded_", "method_", "till_", "removal_", "media_", "rejection_", "figure_", "figures_"),
    *(
        "failure_",
        "queue_",
        "import_",
        "variable_",
        "way_",
        "store_",
        "picture_",
        "missing_",
        "account_",
        "export_",
        "measure_",
        "notice_",
        "tier_",
        "dispute_",
        "link_",
        "ask_",
        "not_public_",
        "customers_by_",
    ),
)
#: ``t("key"`` without ``~`` after it.
ASKED = re.compile(r'\bt\("([a-z0-9_]+)"(?! ~)')
VALUE = re.compile(r"{(\w+)}")


@for_each("key", sorted(WORDS))
def test_words_have_both_languages_with_the_same_values(key: str) -> None:
    text = WORDS[key]
    assert text.ja.strip()
    assert text.en.strip()
    assert set(VALUE.findall(text.ja)) == set(VALUE.findall(text.en))


def test_words_are_used() -> None:
    modes = {"prepay", "deposit", "card_hold", "at_venue", "none", "morning", "noon", "evening"}
    unused = [key for key in WORDS if f'"{key}"' not in ALL and key not in modes and not key.startswith(PUT_TOGETHER)]
    assert unused == [], unused


def test_templates_use_words_that_exist() -> None:
    asked = {key for path in TEMPLATES for key in ASKED.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 50
    assert sorted(asked - WORDS.keys()) == []
