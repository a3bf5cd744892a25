"""The base of all stores: the session of its unit of work, and the actor."""

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine.context import Context


class Store:
    """The statements of one noun. Never commits; ``db.engine.session`` does."""

    def __init__(self, session: AsyncSession, context: Context) -> None:
        self.session = session
        self.context = context
