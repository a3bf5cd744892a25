"""Words that were replaced stay out of names, docstrings, comments, documents, sentences and tests.

`docs/glossary.md` has the words that are the product's own. For everything else the field has a term already.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

from tests.support.cases import for_each

ROOT = Path(__file__).parents[2]

#: A word or phrase in lower case, and what is written instead. A name is split at capitals and underscores.
INSTEAD = {
    "after silence": "after_no_answer",
    "anew": "again",
    "ask for help": "raise_alert",
    "asker": "caller",
    "astray": "lost, or what is wrong with it",
    "authorisation": "authorization, as Stripe and PAY.JP write it",
    "authorised": "authorized",
    "belongings": "records and bookings",
    "cache away": "CacheUnavailable",
    "cashier": "payment_task",
    "clockwork": "ScheduleSpec",
    "clothes": "IPv4-mapped",
    "courier": "outbox dispatcher",
    "doings": "actions",
    "duties": "WorkerSpec",
    "duty": "step",
    "errand": "task",
    "for nought": "without effect",
    "give back or": "refund, void",
    "good until": "valid until",
    "hang on": "belong to",
    "hangs on": "belongs to",
    "help came": "clear_alert",
    "incoming": "request info",
    "keep answers": "cache_responses",
    "kept answer": "cached answer",
    "last letter": "last e-mail",
    "judge booking": "check_booking",
    "lean on": "depend on",
    "leans on": "depends on",
    "lets in": "approves, admits",
    "letter of": "account e-mail",
    "linger": "wait",
    "matters once": "a second run changes nothing",
    "myself": "authenticated caller",
    "never left": "was not sent",
    "news": "event, webhook event, delivery event",
    "nobody foresaw": "unexpected",
    "notice promised": "notice.queued",
    "obey": "execute_command",
    "over others' shoulders": "reads other people's actions",
    "paper": "document",
    "promise letter": "queue_account_email",
    "promise many": "queue_many",
    "promised before": "queued before",
    "retake": "reinstate",
    "somebody's way": "another booking needs its time",
    "speaks for": "belongs to",
    "stranger": "another caller, an anonymous caller",
    "shop": "business, salon (in tests: `StaffedSalon` of `tests/api/salon.py`)",
    "standing": "role, place, workload, totals, current state: the one that it is",
    "taken back": "reverted, withdrawn",
    "tell": "publish, confirm, record, signal, notify: the one that it is",
    "the house": "the project",
    "the very same": "the same",
    "told": "notified, published, recorded: the one that it is",
    "unforeseen": "fail_workflow_task",
    "verification letter": "verification e-mail",
    "wherefore": "why",
    "whoever": "a caller who, a person who, everyone who",
    "wish": "request",
}

#: A word where it means something else: a flag of another program, a character, a quotation.
ELSEWHERE: dict[str, set[str]] = {
    "news": {"domain/businesses/slug.py", "stack/servers/temporal.py"},
    "shop": {"domain/businesses/slug.py", "domain/identity/names.py"},
    "taken back": {"tests/api/http/test_error_sentences.py"},
    "tell": {
        "activities/templates/en/customer/booking_held.j2",
        "activities/templates/en/customer/payment_refunded.j2",
        "analytics/extract.py",
    },
}

_SUFFIXES = (".py", ".md", ".j2", ".sql", ".yml")
_NAMES = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")


@cache
def texts() -> dict[str, str]:
    """Every text of the project in lower case, its names split into words."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {
        name: re.sub(r"\s+", " ", _NAMES.sub(" ", (ROOT / name).read_text(encoding="utf-8"))).lower()
        for name in listed.stdout.splitlines()
        if name.endswith(_SUFFIXES) and (ROOT / name).is_file() and name != "tests/architecture/test_words.py"
    }


def places(word: str) -> dict[str, list[str]]:
    """The files with the word, by room."""
    pattern = re.compile(rf"\b{word}s?\b")
    found: dict[str, list[str]] = {}
    for name, text in texts().items():
        if word in text and name not in ELSEWHERE.get(word, ()) and pattern.search(text):
            room = name.split("/")[0] if "/" in name else "docs"
            found.setdefault(room, []).append(name)
    return found


@for_each("word", INSTEAD)
def test_word_is_gone(word: str) -> None:
    assert places(word) == {}, f"instead of {word!r}: {INSTEAD[word]}"


def test_words_are_searched_in_names_and_sentences() -> None:
    assert len(texts()) > 600
    assert _NAMES.sub(" ", "tell_if ProviderNews").lower() == "tell if provider news"
