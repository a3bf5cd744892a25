"""What every store has: the session of its unit of work and who is acting."""

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine.context import Context


class Store:
    """Statements of one noun. Never commits; ``db.engine.session`` does."""

    def __init__(self, session: AsyncSession, context: Context) -> None:
        self.session = session
        self.context = context
