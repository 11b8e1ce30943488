"""Takes connections from a listening socket that several workers share, one at a time.

An event loop's own server takes every waiting connection when it wakes, so that of clients that
connect together nearly all end up at one worker. Here a worker takes one, and one that has
connections already lets the others go first for a moment.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

_AFTER_YOU_SECONDS = 0.001
"""How long a worker with connections leaves a new one to the others: the shortest timer of the
loop, and longer than an idle worker takes to wake.
"""

_PAUSE_SECONDS = 0.2
_OUT_OF_RESOURCES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Acceptor:
    """Accepts on a listening socket that does not block, until it is closed.

    after_you: true while new connections should be left to other workers for a moment.
    """

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        after_you: Callable[[], bool],
    ) -> None:
        self._listener = listener
        self._after_you = after_you
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._closed = False
        self._listen()

    async def close(self) -> None:
        """Stop accepting; what the kernel has already accepted for us is still taken.

        Closing a listening socket resets the connections in its queue. Other processes that share
        the socket keep it open.
        """
        self._closed = True
        self._loop.remove_reader(self._listener)
        for connection in _accepted(self._listener):
            self._open(connection)
        self._listener.close()
        if self._opening:
            await asyncio.wait(self._opening)

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listener, self._readable)

    def _readable(self) -> None:
        if self._after_you():
            self._loop.remove_reader(self._listener)
            self._loop.call_later(_AFTER_YOU_SECONDS, self._late)
        else:
            self._accept()

    def _late(self) -> None:
        self._listen()
        if not self._closed:
            self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was first, or the client is gone
        except OSError as error:
            if error.errno not in _OUT_OF_RESOURCES:
                raise
            self._loop.remove_reader(self._listener)  # it stays readable: do not spin on it
            self._loop.call_later(_PAUSE_SECONDS, self._listen)
            return
        self._open(connection)

    def _open(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        task = self._loop.create_task(
            self._loop.connect_accepted_socket(self._make_protocol, connection)
        )
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    with suppress(BlockingIOError):
        while True:
            yield listener.accept()[0]
