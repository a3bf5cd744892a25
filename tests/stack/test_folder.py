"""What a data folder holds, and who holds it."""

import stat
from pathlib import Path

import pytest

from stack.folder import DataFolder, FolderInUse, ProcessMark, Remembered


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    folder = DataFolder.at(tmp_path / "data")
    folder.create()
    return folder


def test_memory_gives_back_what_was_stored(folder: DataFolder) -> None:
    state = Remembered({"api": 4000}, {"api": ProcessMark(12, 34.5)}, {"api": "http://x"}, seeded=True)
    folder.remember(state)
    assert folder.remembered() == state


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"ports": 3}', '{"ports": {"api": "x"}}'])
def test_spoilt_file_counts_as_nothing(folder: DataFolder, text: str) -> None:
    (folder.root / "stack.json").write_text(text)
    assert folder.remembered() == Remembered()


def test_folder_lock_has_one_holder(folder: DataFolder) -> None:
    assert folder.holder() is None
    with folder.locked():
        assert folder.holder() is not None
        with pytest.raises(FolderInUse, match=r"already runs on .*data \(process \d+\)"), folder.locked():
            pass
    assert folder.holder() is None


def test_stale_lock_file_is_harmless(folder: DataFolder) -> None:
    (folder.root / "stack.lock").write_text("999999999\n")
    assert folder.holder() is None
    with folder.locked():
        assert folder.holder() is not None


def test_settings_file_is_for_its_owner(folder: DataFolder) -> None:
    folder.write_environment({"OMOTENASHI_A": 'x "y" z'})
    assert stat.S_IMODE(folder.environment_file.stat().st_mode) == 0o600
    assert folder.environment_file.read_text() == 'OMOTENASHI_A="x \\"y\\" z"\n'
