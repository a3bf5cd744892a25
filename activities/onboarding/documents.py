"""Files of documents that are not needed any more."""

from collections.abc import Iterable, Mapping
from functools import partial

from activities.media.media import FindUnreferenced
from db.engine.session import Database, Scope
from domain.media.files import DOCUMENTS_IN, DOCUMENTS_KEPT


def unreferenced_documents(database: Database) -> Mapping[str, FindUnreferenced]:
    """For the sweep of files, by prefix of their keys: those of withdrawn documents, and unused uploads of
    documents."""
    find = partial(_find, database)
    return {DOCUMENTS_IN: find, DOCUMENTS_KEPT: find}


async def _find(database: Database, keys: list[str]) -> Iterable[str]:
    async with database.unit_of_work(Scope.platform()) as work:
        return set(keys) - await work.onboarding.lists.needed_keys(keys)
