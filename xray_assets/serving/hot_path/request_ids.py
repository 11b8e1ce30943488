"""Request ids: UUIDv7 (RFC 9562), so that ids sort by time. Nothing of the request enters them."""

import os

from xray_assets import clock

_ORDER_BITS = 12
_last = 0


def new_request_id() -> str:
    """A UUIDv7 in its usual spelling; strictly increasing within the thread that serves requests.

    48 bits of milliseconds, 12 bits of the fraction of the millisecond (RFC 9562 section 6.2,
    method 3), 62 random bits.
    """
    global _last
    stamp = (clock.now_ns() << _ORDER_BITS) // 1_000_000
    _last = stamp = stamp if stamp > _last else _last + 1
    value = (
        (stamp >> _ORDER_BITS & 0xFFFF_FFFF_FFFF) << 80
        | 0x7 << 76
        | (stamp & 0xFFF) << 64
        | 0b10 << 62
        | int.from_bytes(os.urandom(8), "big") >> 2
    )
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
