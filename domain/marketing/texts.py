"""The texts of campaigns and automations, in the template language of `domain.messages.texts`. Pure rules."""

from collections.abc import Mapping

from domain.errors import InvalidInput
from domain.messages.texts import OwnText, filled, paragraphs_of, variable_faults

#: What a text may name.
VARIABLES = frozenset({"business", "customer"})
LANGUAGES = ("ja", "en")


def check_texts(texts: Mapping[str, OwnText]) -> None:
    """Raise InvalidInput without a text, and for anything but known variables. All faults are named together."""
    if not texts:
        raise InvalidInput.at("texts", "no_text")
    faults = [
        {"field": f"texts.{language}.{fault['field']}", "rule": fault["rule"]}
        for language, text in texts.items()
        for name, template in (("subject", text.subject), ("body", text.body))
        for fault in variable_faults(name, template, VARIABLES)
    ]
    if faults:
        raise InvalidInput({"fields": faults})


def text_for(texts: Mapping[str, OwnText], language: str) -> tuple[str, OwnText]:
    """The text for a customer who reads ``language``, with its own language: another one where there is none."""
    chosen = language if language in texts else next(one for one in LANGUAGES if one in texts)
    return chosen, texts[chosen]


def written(text: OwnText, business: str, customer: str) -> tuple[str, list[str]]:
    """Subject and paragraphs with their values."""
    values = {"business": business, "customer": customer}
    return filled(text.subject, values), paragraphs_of(text, values, ())
