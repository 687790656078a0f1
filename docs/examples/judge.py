# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks somebody else about what the server says, with asyncio, before it passes:
imp-remote serve --module ./judge.py ADDRESS

The coroutines run in a loop of their own, in a thread, and answer from there."""

import asyncio
import threading

from gi.repository import Imp

LOOP = asyncio.new_event_loop()
threading.Thread(target=LOOP.run_forever, daemon=True).start()


async def is_harmless(data):
    """Stands for a question to a service."""
    await asyncio.sleep(0.01)
    return b'secret' not in data


class Judge(Imp.Analyzer):
    def __init__(self):
        super().__init__()
        self.position = 0
        self.turn = asyncio.Lock()
        self.pass_bytes(Imp.Direction.FROM_CLIENT, Imp.MAX_OFFSET)

    def do_bytes(self, direction, data, offset, data_type):
        self.position += len(data)
        asyncio.run_coroutine_threadsafe(self.judge(direction, self.position, data), LOOP)

    async def judge(self, direction, end, data):
        try:
            async with self.turn:   # one question after the other
                if await is_harmless(data):
                    self.pass_bytes(direction, end)
                else:
                    self.deny(direction, 'a secret')
        except Exception as error:   # nobody waits for it
            self.fail(f'{type(error).__name__}: {error}')
