"""The readable part of a business's address."""

import re
import unicodedata
from collections.abc import Mapping

from domain.errors import InvalidInput

MAX_LENGTH = 60
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58})[a-z0-9]")
_OTHER = re.compile(r"[^a-z0-9]+")


def check_slug(slug: str) -> str:
    """Three to sixty of ``a-z``, ``0-9`` and inner hyphens. Raises ``InvalidInput``."""
    if not _SLUG.fullmatch(slug) or "--" in slug:
        raise InvalidInput.at("slug", "three_to_sixty_of_a_z_0_9_hyphen")
    return slug


def slug_from(name: Mapping[str, str], vertical: str) -> str:
    """A slug from the English name, else from what is ASCII of the Japanese one, else from the kind of business."""
    for language in ("en", "ja"):
        plain = unicodedata.normalize("NFKD", name.get(language, "")).encode("ascii", "ignore").decode().lower()
        slug = _OTHER.sub("-", plain).strip("-")[: MAX_LENGTH - 6].strip("-")
        if len(slug) >= 3:
            return slug
    return vertical
