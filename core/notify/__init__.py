"""One owner of all mail and messages: channels in order, and what is told, grouped, repeated and tried again."""

from core.notify.message import Channel, Link, Message, NotDelivered
from core.notify.notifier import Notifier
from core.notify.outbox import Outbox

__all__ = ["Channel", "Link", "Message", "NotDelivered", "Notifier", "Outbox"]
