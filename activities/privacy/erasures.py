"""The steps of the erasure of a person's data. Each may run twice; the second run changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from temporalio import activity

from db.customers.archives import archive_key
from db.engine.session import Database, Scope
from db.messages.notices import AccountEmail
from db.privacy.exports import object_key
from domain.messages.kinds import AccountEmailKind
from domain.platform.files import FileStatus
from providers.storage.interface import Storage


@dataclass(frozen=True)
class ErasureStepInput:
    """A row of ``erasures`` and its user. ``even_if_unsent``: do not wait any longer for the last e-mail."""

    erasure_id: UUID
    user_id: UUID
    even_if_unsent: bool = False


class ErasureActivities:
    """``now`` gives aware UTC time."""

    def __init__(self, database: Database, storage: Storage, now: Callable[[], datetime]) -> None:
        self._database = database
        self._storage = storage
        self._now = now

    @activity.defn(name="erasures.remove_exports")
    async def remove_exports(self, erasure: ErasureStepInput) -> int:
        """Delete the files of all data exports of the person; returns the number of exports."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            found = await work.privacy.exports.list_ids_of(erasure.user_id)
        for export_id in found:
            await self._storage.delete(object_key(export_id))
        async with self._database.unit_of_work(Scope.platform()) as work:
            for export_id in found:
                await work.privacy.exports.end(export_id, FileStatus.EXPIRED)
        return len(found)

    @activity.defn(name="erasures.anonymise")
    async def anonymise(self, erasure: ErasureStepInput) -> bool:
        """Anonymise the person in every table, and delete the archives of businesses that have the person in them.
        False when the first was done before."""
        now = self._now()
        async with self._database.unit_of_work(Scope.platform()) as work:
            ended = await work.customers.archives.end_those_with(erasure.user_id, now)
        await self._delete_archives(ended)
        async with self._database.unit_of_work(Scope.platform()) as work:
            # Again, for one that was asked for meanwhile. Afterwards the address does not lead to the person any more.
            ended = await work.customers.archives.end_those_with(erasure.user_id, now)
            done = await work.privacy.erasures.anonymise(erasure.erasure_id, now)
        await self._delete_archives(ended)
        return done

    async def _delete_archives(self, archive_ids: Sequence[UUID]) -> None:
        for archive_id in archive_ids:
            await self._storage.delete(archive_key(archive_id))

    @activity.defn(name="erasures.finish")
    async def finish(self, erasure: ErasureStepInput) -> bool:
        """Delete what can still identify the person, write the proof and queue the last e-mail. False when that was
        done before."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            done = await work.privacy.erasures.finish(erasure.erasure_id, self._now())
            if done is None:
                return False
            facts = {"erasure_id": erasure.erasure_id}
            key = f"erasure_done:{erasure.erasure_id}"
            await work.messages.notices.queue_account_email(
                AccountEmail(AccountEmailKind.ERASURE_DONE, None, key, facts, language=done.language)
            )
            return True

    @activity.defn(name="erasures.forget_address")
    async def forget_address(self, erasure: ErasureStepInput) -> bool:
        """Remove the address once the last e-mail has been sent; returns whether it is removed."""
        async with self._database.unit_of_work(Scope.platform()) as work:
            return await work.privacy.erasures.forget_address(erasure.erasure_id, even_if_unsent=erasure.even_if_unsent)
