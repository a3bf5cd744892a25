"""Every message is what its file says: a change of a text is seen as a reader sees it."""

from tests.activities.templates.snapshots import FOLDER, snapshots
from tests.support.cases import for_each

WRITTEN = snapshots()


@for_each("name", sorted(WRITTEN))
def test_message_is_as_it_was_read(name: str) -> None:
    assert WRITTEN[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_snapshots_belong_to_messages_that_exist() -> None:
    kept = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.txt")}
    assert kept == set(WRITTEN)
