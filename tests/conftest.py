"""Fixtures shared by all tests."""

import os
from collections.abc import Iterator

# This process is enabled by the fixture below only, whatever the developer's environment says.
for name in [name for name in os.environ if name.startswith(("PYSTON_LITE", "DISABLE_PYSTON"))]:
    del os.environ[name]

import pyston_lite
import pytest

# High enough that nothing is compiled which a test did not compile itself.
NEVER = 1_000_000_000


@pytest.fixture
def accelerated() -> Iterator[None]:
    """pyston_lite enabled in this process, compiling only what the test compiles. Fails where it cannot be enabled."""
    assert pyston_lite.enable(threshold=NEVER, loop_threshold=NEVER, sync=True), pyston_lite.status()["reason"]
    yield
    pyston_lite.disable()
