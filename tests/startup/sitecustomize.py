"""Enables pyston_lite in the child processes of the tests, before the program starts and with no frame of ours below it.

Stock and accelerated children both run this file and differ in PYSTON_LITE alone. A child that should be accelerated and is
not ends here, so that no comparison ever passes because nothing was accelerated.
"""

import _xxsubinterpreters as interpreters
import os
import sys

# Subinterpreters run this file, too, and are never accelerated.
if os.environ.get("PYSTON_LITE") == "1" and interpreters.get_current() == interpreters.get_main():
    import pyston_lite

    if not pyston_lite.enable():
        sys.stderr.write(f"tests: pyston_lite is not enabled: {pyston_lite.status()['reason']}\n")
        sys.stderr.flush()
        os._exit(97)
