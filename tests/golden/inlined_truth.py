"""An inlined method asks for the truth of what may be anything: the machine code tells it where no Python code would run."""


class Door:
    def __init__(self, lock):
        self.lock = lock

    def state(self):
        if self.lock:
            return "locked"
        return "open"


def inlined_truth(door):
    return door.state()


CALLS = [(Door(None),), (Door([1]),), (Door(True),), (Door(object),), (Door(""),)]
