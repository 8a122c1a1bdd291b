"""Loads the native half of pyston_lite when a process is no longer a short one."""

def load() -> None:
    """Load the native module and enable it now, if that has been put off."""
