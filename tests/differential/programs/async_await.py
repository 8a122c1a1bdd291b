"""Coroutines, tasks, async for, async with, async generators, cancellation, exceptions across await."""
import asyncio

class Res:
    def __init__(self, log): self.log = log
    async def __aenter__(self): self.log.append("in"); await asyncio.sleep(0); return self
    async def __aexit__(self, *a): self.log.append(("out", a[0] and a[0].__name__)); return True

async def agen(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i

async def leaf(i):
    if i % 4 == 3: raise ValueError(i)
    await asyncio.sleep(0)
    return i * 2

async def work(n):
    log = []
    async with Res(log) as r:
        total = 0
        async for i in agen(n):
            try:
                total += await leaf(i)
            except ValueError as e:
                log.append(str(e))
        log.append(total)
        raise KeyError("leaving")
    return log, [i async for i in agen(4) if i], {k: v async for k, v in pairs()}

async def pairs():
    yield "a", 1
    yield "b", 2

async def main():
    for _ in range(20):
        r = await work(6)
    print(r)
    print(await asyncio.gather(*(leaf(i) for i in range(6)), return_exceptions=True))
    t = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    t.cancel()
    try:
        await t
    except asyncio.CancelledError:
        print("cancelled")
    g = agen(5)
    print(await g.__anext__(), await g.asend(None))
    await g.aclose()
    try:
        await g.__anext__()
    except StopAsyncIteration:
        print("ended")
    try:
        await 5
    except TypeError as e:
        print(e)

asyncio.run(main())
