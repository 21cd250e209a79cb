#!/usr/bin/env python3
"""What one writes by hand against a paged API: httpx, requests side by side, a limit. The peer of bench/run's loads.

    httpx_api.py URL RATE PAGE OUT.jsonl
"""
import asyncio
import sys

import httpx
import orjson

IN_FLIGHT = 8


class Rate:
    """A request each 1/rate seconds."""

    def __init__(self, rate):
        self.every, self.next_at, self.lock = 1 / rate, 0.0, asyncio.Lock()

    async def wait(self):
        async with self.lock:
            now = asyncio.get_running_loop().time()
            self.next_at = max(now, self.next_at + self.every)
            pause = self.next_at - now
        await asyncio.sleep(pause)


async def page(client, rate, places, offset, size):
    async with places:
        while True:
            await rate.wait()
            answer = await client.get("/offset/games", params={"offset": offset, "limit": size})
            if answer.status_code != 429:
                answer.raise_for_status()
                return answer.json()
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))


async def main():
    url, rate, size, out = sys.argv[1], Rate(float(sys.argv[2])), int(sys.argv[3]), sys.argv[4]
    places = asyncio.Semaphore(IN_FLIGHT)
    with open(out, "wb") as file:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            first = await page(client, rate, places, 0, size)
            asked = [page(client, rate, places, offset, size) for offset in range(size, first["total"], size)]
            for answer in [first, *await asyncio.gather(*asked)]:
                for row in answer["data"]:
                    file.write(orjson.dumps(row) + b"\n")


asyncio.run(main())
