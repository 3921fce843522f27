"""What systemd hears of the kernel, where it began it: `Type=notify` and `WatchdogSec=`."""

import os
import time

from luxos.kernel.core.notices import notify


class Systemd:
    """The other end of `NOTIFY_SOCKET`, if there is one. Nothing here waits for it."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self._every = float(os.environ.get("WATCHDOG_USEC", "inf")) / 2_000_000
        self._ready, self._next = False, 0.0

    def tell(self, settled: bool) -> None:
        """That we live, and once that all is up; a standby that took over says which process is the kernel now."""
        if settled and not self._ready:
            self._ready = self._say(f"MAINPID={os.getpid()}\nREADY=1")
        if (now := time.monotonic()) >= self._next:
            self._next = now + self._every
            self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """That we end because we were told to."""
        self._say("STOPPING=1")

    def _say(self, words: str) -> bool:
        return bool(self._address) and notify(words, self._address, patience=0)
