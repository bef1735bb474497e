"""The outbox: what is still to be told, in one message at a time, until a channel has taken it."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from core.model.notices import Notice
from core.notify.message import Message
from core.notify.notifier import Notifier
from core.store import Database, notices

FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=15)  # before what no channel took is tried again


class Outbox:
    """Tells notices: grouped, repeated while they last, tried again while no channel takes them."""

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        *,
        group: timedelta,
        again: timedelta,
        message: Callable[[Sequence[Notice]], Message],
    ) -> None:
        """`group`: two messages lie at least so far apart; `again`: what lasts is told anew after so long."""
        self._database = database
        self._notifier = notifier
        self._group = group
        self._again = again
        self._message = message

    def deliver(self) -> bool:
        """Send what is due, if anything is; False while something waits that no channel took.

        The message is sent before its delivery is stored: when the process dies between, it is sent twice, never lost.
        """
        with self._database.transaction(actor="system:notify") as tx:
            notices.remind(tx, after=self._again)
            due = notices.to_tell(tx)
            last = notices.last_delivered(tx)
            stuck = notices.is_stuck(tx)
            now = tx.now
        if not due or (last is not None and abs(now - last) < self._group):
            return not stuck
        tries = self._notifier.send(self._message(due))
        pause = min(FIRST * 2 ** min(max(notice.tries for notice in due), 10), LONGEST)
        with self._database.transaction(actor="system:notify") as tx:
            notices.record(tx, due, tries=tries, again_in=pause)
        return any(one.taken for one in tries)
