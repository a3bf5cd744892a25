"""Every sentence of the pages in Japanese and English, by its key; the modules beside this one declare them."""

from collections.abc import Mapping
from typing import Any

from api.http.request_info import Language
from api.http.texts.text import Text, joined
from api.pages.texts import (
    account,
    account_links,
    admin,
    attention,
    booking,
    calendar,
    console,
    disputes,
    failures,
    fields,
    manage,
    messages,
    records,
    setup,
    shared,
)

WORDS: Mapping[str, Text] = joined(
    (
        shared.WORDS,
        booking.WORDS,
        manage.WORDS,
        messages.WORDS,
        console.WORDS,
        failures.WORDS,
        calendar.WORDS,
        fields.WORDS,
        records.WORDS,
        disputes.WORDS,
        setup.WORDS,
        account.WORDS,
        account_links.WORDS,
        admin.WORDS,
        attention.WORDS,
    )
)


def word(key: str, language: Language, values: Mapping[str, Any]) -> str:
    """The sentence with its values filled in. Raises ``KeyError`` for an unknown key or a value that is missing."""
    text = WORDS[key]
    return (text.ja if language is Language.JA else text.en).format(**values)
