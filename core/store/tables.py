"""The tables of the store: one set for SQLite and PostgreSQL.

Instants are microseconds since 1970 in UTC, so that both databases compare them alike; JSON is text. What changes
often (state, lease) is kept apart from what is large (payload, results).
"""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from audit.tables import metadata as audit_metadata
from core.store.columns import Exact, Id, Instant, Json, id_column, index_of_some

metadata = MetaData()


def _item() -> Column[int]:
    return Column("item_id", Id, ForeignKey("item.id"), nullable=False, index=True)


about = Table(
    "about",
    metadata,
    Column("name", String, primary_key=True),  # "schema", "installation"
    Column("value", String, nullable=False),
)

run = Table(
    "run",
    metadata,
    id_column(),
    Column("bot", String, nullable=False, index=True),
    Column("version", String, nullable=False),  # bot version and digest of its code; empty until it is begun
    Column("mode", String, nullable=False),  # empty until it is begun
    Column("trigger", String, nullable=False),  # who or what started it
    Column("started_at", Instant, nullable=False),  # or ordered, until it is begun
    Column("frozen_at", Instant),  # intake counted; absent when collecting did not finish
    Column("ended_at", Instant),  # absent while running, or when the run was killed
    Column("worker", String, nullable=False),  # empty while it is ordered and no process has begun it
    Column("offered", Integer, nullable=False, default=0),
    Column("new", Integer, nullable=False, default=0),
    Column("duplicate", Integer, nullable=False, default=0),
    Column("quarantined", Integer, nullable=False, default=0),
    Column("exit_code", Integer),
    Column("balances", Json),
)

quarantine = Table(
    "quarantine",
    metadata,
    id_column(),
    Column("run_id", Id, ForeignKey("run.id"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", Text, nullable=False),
)

item = Table(
    "item",
    metadata,
    id_column(),
    Column("bot", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("state", String, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("due", Instant, nullable=False),  # NO_DATE when it has none, so that it sorts last
    Column("not_before", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("system_errors", Integer, nullable=False, default=0),  # application exceptions in a row
    Column("token", Integer, nullable=False, default=0),
    Column("worker", String),
    Column("lease_until", Instant),
    Column("run_id", Id, ForeignKey("run.id"), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("amount", Exact),
    Column("currency", String),
    Column("outcome", String),  # how the last attempt ended
    Column("code", String),  # why, when it did not end done
    UniqueConstraint("bot", "reference"),
)
index_of_some("item_ready", item, "bot", "priority DESC", "due", "id", where="state = 'pending'")
index_of_some("item_held", item, "lease_until", where="state = 'in_progress'")
Index("item_of_run", item.c.run_id, item.c.state)

item_content = Table(
    "item_content",
    metadata,
    Column("item_id", Id, ForeignKey("item.id"), primary_key=True),
    Column("payload", Json, nullable=False),
    Column("files", Json, nullable=False),  # [{sha256, name, size}]
    Column("waits", Json, nullable=False),  # {code: times put back}
    Column("result", Json),  # what the process function returned
)

attempt = Table(
    "attempt",
    metadata,
    id_column(),
    _item(),
    Column("number", Integer, nullable=False),
    Column("run_id", Id, nullable=False),  # the run that made the attempt
    Column("worker", String, nullable=False),
    Column("version", String, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("outcome", String, nullable=False),
    Column("code", String),
    Column("message", Text),
)

step = Table(
    "step",
    metadata,
    id_column(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("input_digest", String, nullable=False),
    Column("code_digest", String, nullable=False),
    Column("result", Json),
    Column("result_type", String, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", Instant, nullable=False),
)

correction = Table(
    "correction",
    metadata,
    id_column(),
    _item(),
    Column("review_id", Id, nullable=False),
    Column("step", String, nullable=False),
    Column("input_digest", String, nullable=False),
    Column("changes", Json, nullable=False),
    Column("who", String, nullable=False),
    Column("at", Instant, nullable=False),
)

check_outcome = Table(
    "check_outcome",
    metadata,
    id_column(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("pack", String, nullable=False),  # rule pack and its digest
    Column("code", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("record", Json, nullable=False),
    Column("digest", String, nullable=False),
)

waiver = Table(
    "waiver",
    metadata,
    id_column(),
    _item(),
    Column("review_id", Id, nullable=False),
    Column("code", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("who", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("item_id", "code", "digest", "who"),
)

approval = Table(
    "approval",
    metadata,
    id_column(),
    _item(),
    Column("review_id", Id, nullable=False),
    Column("effect", String, nullable=False),
    Column("plan_digest", String, nullable=False),
    Column("who", String, nullable=False),
    Column("at", Instant, nullable=False),
)

effect = Table(
    "effect",
    metadata,
    id_column(),
    _item(),
    Column("bot", String, nullable=False),
    Column("target", String, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("state", String, nullable=False),
    Column("plan", Json, nullable=False),
    Column("plan_digest", String, nullable=False),
    Column("receipt", Json),
    Column("by", String),  # absent: the bot; "looked": begun by it, then found; "found": there before; "person:<name>"
    Column("token", Integer, nullable=False),
    Column("intended_at", Instant, nullable=False),
    Column("ended_at", Instant),
)
_LIVE = "state IN ('intended', 'uncertain', 'confirmed')"
index_of_some("effect_key", effect, "bot", "target", "name", "key", where=_LIVE, unique=True)
index_of_some("effect_of_item", effect, "item_id", "name", where=_LIVE, unique=True)

planned = Table(
    "planned",
    metadata,
    id_column(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("target", String, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("plan", Json, nullable=False),
    Column("plan_digest", String, nullable=False),
    Column("at", Instant, nullable=False),
)

review = Table(
    "review",
    metadata,
    id_column(),
    _item(),
    Column("bot", String, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("kind", String, nullable=False),
    Column("code", String, nullable=False),
    Column("question", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("claimed_by", String),
    Column("claimed_until", Instant),
    Column("parked_until", Instant),
    Column("resolved_at", Instant),
    Column("resolution", String),
    Column("resolved_by", String),
    Column("note", Text, nullable=False, default=""),
)
_WAITING = "state <> 'resolved'"
index_of_some("review_of_item", review, "item_id", where=_WAITING, unique=True)
index_of_some("review_waiting", review, "bot", "id", where=_WAITING)

evidence = Table(
    "evidence",
    metadata,
    id_column(),
    _item(),
    Column("attempt", Integer, nullable=False),
    Column("sha256", String, nullable=False),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

hold = Table(
    "hold",
    metadata,
    id_column(),
    Column("scope", String, nullable=False),  # "bot" or "target"
    Column("name", String, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("released_at", Instant),
    Column("released_by", String),
)
index_of_some("hold_open", hold, "scope", "name", where="released_at IS NULL", unique=True)

breaker = Table(
    "breaker",
    metadata,
    Column("bot", String, primary_key=True),
    Column("in_a_row", Integer, nullable=False),  # application exceptions since the last attempt without one
)

turn = Table(
    "turn",
    metadata,
    Column("name", String, primary_key=True),  # what only one worker may do at a time, e.g. "login:ledger"
    Column("holder", String),
    Column("until", Instant),
)

slot = Table(
    "slot",
    metadata,
    Column("target", String, primary_key=True),
    Column("number", Integer, primary_key=True),  # 1 to the sessions the target allows
    Column("holder", String),  # the worker that is logged in with it; absent while free
    Column("until", Instant),  # end of the holder's lease
)

rate = Table(
    "rate",
    metadata,
    Column("target", String, primary_key=True),
    Column("next_at", Instant, nullable=False),  # no item of the target begins before
)

grant = Table(
    "grant_of_mode",
    metadata,
    id_column(),
    Column("bot", String, nullable=False, index=True),
    Column("mode", String, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

schedule = Table(
    "schedule",
    metadata,
    Column("bot", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("rule", String, nullable=False),  # digest of its definition: when that changes, `next_at` is computed anew
    Column("next_slot", String),  # the local slot that is due next; absent when the schedule has no further one
    Column("next_at", Instant),  # when that slot is due; moved by compare-and-set
    Column("paused_at", Instant),  # absent: not paused
    Column("paused_by", String),
    Column("paused_why", Text),
)

occurrence = Table(
    "occurrence",
    metadata,
    id_column(),
    Column("bot", String, nullable=False),
    Column("schedule", String, nullable=False),
    Column("slot", String, nullable=False),  # the local time it stands for: the key, with bot and schedule
    Column("due", Instant, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", Text, nullable=False, default=""),  # why it was skipped or put off, in words
    Column("made_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),  # `due` with its jitter; later, when it goes on or is tried again
    Column("report_by", Instant),  # its deadline; absent: it has none
    Column("run_id", Id, ForeignKey("run.id")),  # absent while skipped
    Column("starts", Integer, nullable=False, default=0),  # processes started since one last stopped in good order
    Column("holder", String),  # the worker name of the process that runs it; absent while nobody does
    Column("until", Instant),  # end of the holder's lease
    Column("began_at", Instant),  # the first time
    Column("ended_at", Instant),  # for good
    Column("exit_code", Integer),
    UniqueConstraint("bot", "schedule", "slot"),
)
_UNFINISHED = "state IN ('due', 'begun')"
index_of_some("occurrence_unfinished", occurrence, "not_before", "id", where=_UNFINISHED)
Index("occurrence_by_due", occurrence.c.due)

sign = Table(
    "sign",
    metadata,
    Column("name", String, primary_key=True),  # who gives it: "scheduler:HOST", "watch:HOST"
    Column("at", Instant, nullable=False),  # when it last gave one
)

notice = Table(
    "notice",
    metadata,
    id_column(),
    Column("code", String, nullable=False),
    Column("subject", String, nullable=False),  # what it is about; with the code its key while it lasts
    Column("says", Text, nullable=False),
    Column("about", Json, nullable=False),  # words of what is to be typed, to their values
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("resolved_at", Instant),  # absent while it lasts
    Column("part", String, nullable=False),  # what the next message tells: opened, again, ended
    Column("tell_at", Instant),  # when that message is due; absent: nothing is to be told for now
    Column("told_at", Instant),  # when a message about it was last delivered
    Column("tries", Integer, nullable=False, default=0),  # in a row that no channel took
    Column("quiet_until", Instant),  # somebody knows of it: not repeated before
    Column("quiet_by", String),
)
index_of_some("notice_open", notice, "code", "subject", where="resolved_at IS NULL", unique=True)
index_of_some("notice_to_tell", notice, "tell_at", where="tell_at IS NOT NULL")
Index("notice_of", notice.c.code, notice.c.subject)

delivery = Table(
    "delivery",
    metadata,
    id_column(),
    Column("notice_id", Id, ForeignKey("notice.id"), index=True),  # absent: a message about no notice, as a test
    Column("part", String),  # what it told of the notice
    Column("channel", String, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("error", Text),  # why the channel did not take it; absent when it did
)

for _table in audit_metadata.tables.values():
    _table.to_metadata(metadata)
