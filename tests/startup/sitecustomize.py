"""Enables pyston_lite in the child processes of the tests, before the program starts and with no frame of ours below it.

Stock and accelerated children both run this file and differ in PYSTON_LITE, and in what keeps the collector busy, alone. A child that
should be accelerated and is not ends here, so that no comparison ever passes because nothing was accelerated.

TESTS_ABI names the interpreter under test: a program that embeds another one (gdb) inherits this environment, too.
TESTS_GC_THRESHOLD=N runs the collector at every Nth allocation of a container.
"""

import _xxsubinterpreters as interpreters
import os
import sys

ABI = f"{sys.implementation.cache_tag}{sys.abiflags}"

# Subinterpreters run this file, too, and are never accelerated.
if (
    os.environ.get("PYSTON_LITE") == "1"
    and os.environ.get("TESTS_ABI", ABI) == ABI
    and interpreters.get_current() == interpreters.get_main()
):
    import pyston_lite

    if not pyston_lite.enable():
        sys.stderr.write(f"tests: pyston_lite is not enabled: {pyston_lite.status()['reason']}\n")
        sys.stderr.flush()
        os._exit(97)

    # The report is that of this process; its own children would write theirs over it.
    os.environ.pop("PYSTON_LITE_STATS", None)

    import atexit

    @atexit.register
    def no_compiler_faults() -> None:
        """A fault inside the compiler refuses one function; here it fails the test."""
        faults = {reason for reason in pyston_lite.stats().get("refused", {}) if reason.startswith("internal")}
        if faults:
            sys.stderr.write(f"tests: the compiler failed: {sorted(faults)}\n")
            sys.stderr.flush()
            os._exit(98)

if threshold := os.environ.pop("TESTS_GC_THRESHOLD", None):
    import gc

    gc.set_threshold(int(threshold))
