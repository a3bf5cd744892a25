"""Notes about a customer: their kinds, and which of them are about health or belief."""

from enum import StrEnum


class NoteKind(StrEnum):
    """What a note is about."""

    ALLERGY = "allergy"
    PREFERENCE = "preference"
    RESTRICTION = "restriction"
    SPECIAL_NEED = "special_need"
    GENERAL = "general"


#: Kinds that may say something of a person's health or belief: 要配慮個人情報 of the Act on the Protection of Personal
#: Information (Article 2 (3)), special categories of data of the GDPR (Article 9). Their texts are stored encrypted,
#: fewer people may read them, and every reading is recorded.
HEALTH = frozenset({NoteKind.ALLERGY, NoteKind.RESTRICTION, NoteKind.SPECIAL_NEED})
