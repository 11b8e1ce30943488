"""How often somebody may try a password: per account and per peer, with a growing pause.

A fixed number of slots, found by a keyed hash: memory is bounded, and no flood of names or peers
pushes an attempt out of it. Counts end with the process.
"""

import hashlib
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable

from xray_assets.web.refusals import TooManyRequests

SLOTS = 8192
OF_AN_ACCOUNT, OF_A_PEER = 5, 20
"""Attempts without a pause; a ward may share one address."""
LONGEST_PAUSE = 60.0
"""Seconds. No longer: whoever knows a name could lock its owner out with wrong passwords."""
FORGOTTEN_AFTER = 15 * 60.0


class Attempts:
    """Counts sign-ins that have not succeeded. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock, self._key = clock, threading.Lock(), secrets.token_bytes(16)
        self._slots = [(0, 0.0)] * SLOTS
        """Attempts, and when the last one was."""

    def begin(self, name: str, peer: str) -> None:
        """Count an attempt, before its password is looked at. Raises TooManyRequests during a
        pause, which counts nothing.
        """
        with self._lock:
            now, slots = self._clock(), self._of(name, peer)
            counted = {slot: self._count(slot, now) for slot in slots}
            for slot, free in slots.items():
                count, last = counted[slot], self._slots[slot][1]
                if count >= free and now < last + min(LONGEST_PAUSE, 2.0 ** (count - free)):
                    raise TooManyRequests(
                        "too many attempts to sign in: wait a minute", reason="sign_in"
                    )
            for slot, count in counted.items():
                self._slots[slot] = count + 1, now

    def succeeded(self, name: str, peer: str) -> None:
        """Forget the name's attempts, and of the peer's this one alone: it may own one account."""
        with self._lock:
            named, peers = self._of(name, peer)
            self._slots[named] = 0, 0.0
            count, last = self._slots[peers]
            self._slots[peers] = max(0, count - 1), last

    def _count(self, slot: int, now: float) -> int:
        count, last = self._slots[slot]
        return count if now < last + FORGOTTEN_AFTER else 0

    def _of(self, name: str, peer: str) -> dict[int, int]:
        """The slots of a name and of a peer, each with its attempts without a pause."""
        half = SLOTS // 2
        return {
            self._slot(name) % half: OF_AN_ACCOUNT,
            half + self._slot(_network(peer)) % half: OF_A_PEER,
        }

    def _slot(self, text: str) -> int:
        digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=self._key)
        return int.from_bytes(digest.digest())


def _network(peer: str) -> str:
    """Of IPv6, the network: one machine has as many addresses in it as it likes."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer
    if address.version == 4:
        return peer
    return str(ipaddress.ip_network((address, 64), strict=False))
