"""The process that reads uploaded files sees no secret of its parent, opens no file and reaches no host."""

import os
import subprocess
import sys

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
for what in (socket.socket, lambda: open("/etc/passwd"), lambda: open(f"/proc/{os.getppid()}/environ"), os.pipe):
    try:
        what()
    except OSError:
        continue
    sys.exit("it could")
if os.geteuid() == 0:
    sys.exit("it is root")
os.write(1, b"done")
"""

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
