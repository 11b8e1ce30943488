"""axe-core 4.14.1 by Deque Systems, as npm has it: package/axe.min.js of axe-core-4.14.1.tgz.

MPL-2.0 (LICENSE; what it bundles: LICENSE-3RD-PARTY.txt). For tests alone; nothing of it is served.
"""

from pathlib import Path

SOURCE = Path(__file__).with_name("axe.min.js")
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
