"""Servers and clients on one event loop over loopback: streams, datagrams, aiohttp with middleware and websockets, queues, timeouts,
cancellation, exceptions in tasks, context variables and a thread pool."""

import asyncio
import contextvars
import hashlib
import json

import aiohttp
from aiohttp import web

NAME = contextvars.ContextVar("NAME", default="none")


async def lines(reader, writer):
    total = 0
    while line := await reader.readline():
        total += len(line)
        writer.write(b"%d:%s" % (total, line.upper()))
        await writer.drain()
    writer.close()


async def stream_client(port, k):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    digest = hashlib.sha256()
    for i in range(60):
        writer.write(b"client %d line %d\n" % (k, i))
        digest.update(await reader.readline())
    writer.close()
    return digest.hexdigest()[:12]


async def streams():
    server = await asyncio.start_server(lines, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        return await asyncio.gather(*(stream_client(port, k) for k in range(8)))


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data[::-1], address)


class Client(asyncio.DatagramProtocol):
    def __init__(self):
        self.answers = asyncio.Queue()

    def datagram_received(self, data, address):
        self.answers.put_nowait(data)


async def datagrams():
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(Echo, ("127.0.0.1", 0))
    transport, client = await loop.create_datagram_endpoint(Client, remote_addr=server.get_extra_info("sockname"))
    found = []
    for i in range(60):
        transport.sendto(b"datagram %d" % i)
        found.append(await asyncio.wait_for(client.answers.get(), 20))
    transport.close()
    server.close()
    return found[-1], len(set(found))


@web.middleware
async def counting(request, handler):
    request.app["count"]["n"] += 1
    try:
        return await handler(request)
    except KeyError as error:
        return web.json_response({"missing": error.args[0]}, status=404)


async def compute(request):
    n = int(request.match_info["n"])
    return web.json_response({"n": n, "squares": [i * i for i in range(n)], "name": request.query["name"]})


async def socket(request):
    connection = web.WebSocketResponse()
    await connection.prepare(request)
    async for message in connection:
        await connection.send_str(json.dumps({"got": message.data, "length": len(message.data)}))
    return connection


async def http():
    app = web.Application(middlewares=[counting])
    app["count"] = {"n": 0}
    app.add_routes([web.get("/compute/{n}", compute), web.get("/socket", socket)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    async with aiohttp.ClientSession() as session:

        async def get(i):
            async with session.get(f"{base}/compute/{i}", params={"name": f"n{i}"} if i % 7 else {}) as response:
                return response.status, await response.json()

        answers = await asyncio.gather(*(get(i) for i in range(60)))
        async with session.ws_connect(f"{base}/socket") as connection:
            for i in range(40):
                await connection.send_str("x" * i)
                last = (await connection.receive()).data
    await runner.cleanup()
    return (
        sum(len(answer.get("squares", ())) for _, answer in answers),
        sum(s == 404 for s, _ in answers),
        last,
        app["count"]["n"],
    )


async def ticks(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i


async def worker(queue, results):
    while True:
        item = await queue.get()
        try:
            if item % 11 == 5:
                raise ValueError(item)
            NAME.set(f"item{item}")
            results.append((item, NAME.get()))
        except ValueError as error:
            results.append((item, repr(error)))
        finally:
            queue.task_done()


async def tasks():
    queue, results = asyncio.Queue(8), []
    workers = [asyncio.create_task(worker(queue, results)) for _ in range(4)]
    async for i in ticks(80):
        await queue.put(i)
    await queue.join()
    for task in workers:
        task.cancel()
    ended = await asyncio.gather(*workers, return_exceptions=True)
    late = []
    for i in range(30):
        try:
            await asyncio.wait_for(asyncio.sleep(10 if i % 10 == 0 else 0), 0.0001 if i % 10 == 0 else 20)
        except TimeoutError:
            late.append(i)
    try:
        async with asyncio.TaskGroup() as group:
            for i in range(5):
                group.create_task(failing(i))
    except* ValueError as errors:
        late.append(len(errors.exceptions))
    threads = await asyncio.gather(*(asyncio.to_thread(sum, range(i * 100)) for i in range(20)))
    return sorted(results)[-3:], len(results), [type(e).__name__ for e in ended], late, sum(threads), NAME.get()


async def failing(i):
    await asyncio.sleep(0)
    if i == 3:
        raise ValueError(i)
    await asyncio.sleep(20)


async def main():
    for turn in range(12):
        for function in (streams, datagrams, http, tasks):
            print(f"case {function.__name__}/{turn}: {await function()!r}", flush=True)


asyncio.run(main())
