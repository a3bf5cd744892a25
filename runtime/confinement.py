"""Rights that a process gives up, so that code beside it or in it cannot read secrets.

Linux only; elsewhere the limits of files hold and the rest does nothing.
"""

import ctypes
import os
import pwd
import resource
import sys

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def hide_memory() -> None:
    """No process of the same user can read this one's environment and memory in ``/proc`` any more, and it leaves no
    core file (``prctl(2)``, PR_SET_DUMPABLE). For every process that holds secrets: where all run as one user on one
    machine, a decoder of uploaded files that was taken over could read the memory of each (``process_vm_readv(2)``
    needs no open file)."""
    _prctl(_PR_SET_DUMPABLE, 0)


def drop_privileges() -> None:
    """For a process that is about to decode an uploaded file, after it has imported and read what it needs: another
    user where it was root, no new rights, not one more open file and not one more process or thread. So it opens no
    socket either: there is no network for it. Standard output stays. A process that it starts would outlive it.
    """
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
