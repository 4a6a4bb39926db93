"""The command that starts the keeper.

The keeper is a tiny process between this one and each agent: it ends everything below it when the
agent ends, and when this process is killed.
"""

from __future__ import annotations

import sys

from . import _native

# Loaded by its path: an isolated interpreter does not look where this package may have been found.
# Taken back: an interpreter that starts in the C locale exports another one to its children.
_KEEPER = """\
import importlib.machinery, importlib.util, os, sys
try:
    with open("/proc/self/environ", "rb") as inherited:
        if not any(one.startswith(b"LC_CTYPE=") for one in inherited.read().split(b"\\0")):
            os.environ.pop("LC_CTYPE", None)
except OSError:
    pass
path = sys.argv[1]
loader = importlib.machinery.ExtensionFileLoader("grump._native", path)
native = importlib.util.module_from_spec(
    importlib.util.spec_from_file_location("grump._native", path, loader=loader)
)
loader.exec_module(native)
sys.exit(native._keeper(sys.argv[2:]))
"""


def command() -> list[str] | None:
    """The program and its arguments; ``None`` where this program has no interpreter to start."""
    if not sys.executable or getattr(sys, "frozen", False):
        return None
    return [sys.executable, "-I", "-S", "-c", _KEEPER, str(_native.__file__)]
