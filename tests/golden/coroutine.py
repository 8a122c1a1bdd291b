"""A coroutine that awaits another one."""


class Ready:
    def __await__(self):
        return iter(())


async def coroutine(n):
    if n:
        return 1 + (await coroutine(n - 1) or 0)
    await Ready()


def run(coro):
    try:
        coro.send(None)
    except StopIteration:
        pass


for _ in range(30):
    run(coroutine(3))

CALLS = [(0,)]
