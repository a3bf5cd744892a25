"""The process that reads uploaded files sees no secret of its parent, opens no file and reaches no host."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "secret-of-the-parent"

#: A parent that holds a secret, and its child, both of the same ordinary user: it tries to read the parent's secret.
PARENT = """
import ctypes, os, pwd, sys
from runtime.confinement import hide_memory
if os.geteuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as it is after every start of a program
if sys.argv[1] == "hidden":
    hide_memory()
if os.fork() == 0:
    try:
        print(open(f"/proc/{os.getppid()}/environ").read(), flush=True)
    except PermissionError:
        print("refused", flush=True)
    os._exit(0)
os.wait()
"""
CONFINED = """
import os, socket, sys
from runtime.confinement import drop_privileges
drop_privileges()
others = (lambda: open("/etc/passwd"), lambda: open(f"/proc/{os.getppid()}/environ"), os.pipe)
for what in (socket.socket, os.fork, *others):
    try:
        what()
    except OSError:
        continue
    sys.exit("it could")
if os.geteuid() == 0:
    sys.exit("it is root")
os.write(1, b"done")
"""

#: A part of the stack that reads its settings: it prints whether its memory can be read.
PART = """
import ctypes, sys
from pathlib import Path
from stack.cli_settings import settings_of
before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
settings_of(Path(sys.argv[1]), "part", "operator")
print(before, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
"""
ROOT = Path(__file__).parents[2]
#: Where settings are read: by every command, by `doctor`, which ends at once, and by `up` for the stack's own parts.
READS_SETTINGS = {"stack/cli_settings.py", "stack/cli.py", "stack/platform.py"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and prctl are Linux")


def child_reads_parent(how: str) -> str:
    """What the child gets; ``hidden``: from a parent as a worker is."""
    done = subprocess.run(
        [sys.executable, "-c", PARENT, how],
        capture_output=True,
        text=True,
        check=False,
        env={"OMOTENASHI_SECRET": SECRET, "PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_child_reads_the_environment_of_an_ordinary_parent() -> None:
    """The control: the question can be answered with yes."""
    assert SECRET in child_reads_parent("open")


def test_child_cannot_read_the_environment_of_a_worker() -> None:
    assert child_reads_parent("hidden").strip() == "refused"


def test_confined_process_opens_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", CONFINED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("done", 0), done.stderr


def test_settings_of_hides_the_memory_of_the_process_that_reads_them(tmp_path: Path) -> None:
    """All parts of one machine may run as one user: none of them is readable, not only the parent of a decoder."""
    done = subprocess.run(
        [sys.executable, "-c", PART, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"OMOTENASHI_ENVIRONMENT": "test", "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )
    assert (done.stdout.split(), done.returncode) == (["1", "0"], 0), done.stderr


def test_settings_are_read_in_no_other_place() -> None:
    """A process that reads its secrets elsewhere would not hide them."""
    rooms = ("domain", "runtime", "db", "providers", "analytics", "activities", "workflows", "workers", "api", "stack")
    found = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Settings"
    }
    assert found == READS_SETTINGS


def test_up_hides_the_memory_of_the_supervisor() -> None:
    """It holds what it gives to its children, and is the parent of the decoder's parent."""
    source = ast.parse((ROOT / "stack/cli.py").read_text())
    [up] = [node for node in source.body if isinstance(node, ast.FunctionDef) and node.name == "up"]
    called = [getattr(node.func, "id", "") for node in ast.walk(up) if isinstance(node, ast.Call)]
    assert "hide_memory" in called
