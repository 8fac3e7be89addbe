"""Writes calls into a ledger, as a kernel does: `ledger_writer.py PLACE NAME CALLS`.

It says that it is ready and waits for a line; then it writes a dot to stdout for each call that is committed, of which
every fifth ends, and fails where a row could not be written.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from skytells_nb.api.record import Call, Charge
from skytells_nb.costs.ledger import Ledger, Recorder

ENDED = 5
"""One of how many calls ends."""


def main(place: str, name: str, calls: str) -> None:
    """Write so many calls, one after another."""
    ledger = Ledger(place)
    recorder = Recorder(ledger)
    ledger.store.execute("SELECT 1")
    os.write(1, b"r")
    sys.stdin.readline()
    for n in range(int(calls)):
        begun = Call(f"{n:08}-{name}", "chat", "POST /x", "m", datetime.now(UTC), "f" * 64)
        recorder.before(begun)
        if n % ENDED == 0:
            recorder.after(replace(begun, status="succeeded", charge=Charge(Decimal("0.01"), source="priced")))
        if ledger.unwritten:
            sys.exit(f"{len(ledger.unwritten)} rows were not written")
        os.write(1, b".")


if __name__ == "__main__":
    main(*sys.argv[1:])
