"""The closed list of what the trail can record; anything else is refused, so a reader can know every word."""

from enum import StrEnum


class Act(StrEnum):
    """One kind of event; `meaning` says it in one sentence."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> "Act":
        """Make a member that is its dotted name and carries its meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    RUN_STARTED = "run.started", "A bot was started, by whom, with which version and mode."
    RUN_COLLECTED = "run.collected", "The intake of a run was counted and frozen."
    RUN_STOPPED = "run.stopped", "A run stopped before its queue was empty, with the reason."
    RUN_ENDED = "run.ended", "A run ended, with its balances."

    ITEM_ADDED = "item.added", "A new work item entered the queue."
    ITEM_DUPLICATE = "item.duplicate", "Something offered again was counted as known and changed nothing."
    ITEM_QUARANTINED = "item.quarantined", "Something at the source could not become an item."
    ITEM_CLAIMED = "item.claimed", "A worker took an item under a lease."
    ITEM_RELEASED = "item.released", "An item went back to the queue: its worker was lost or gave it up."
    ITEM_POSTPONED = "item.postponed", "An item was put back with a date."
    ITEM_DONE = "item.done", "An item is finished."
    ITEM_FAILED = "item.failed", "An item was given up after the allowed attempts."
    ITEM_REOPENED = "item.reopened", "An operator sent a failed item back to the queue."
    ITEM_CANCELLED = "item.cancelled", "A person decided that nothing is to be done for an item."

    ATTEMPT_STARTED = "attempt.started", "One try of an item began."
    ATTEMPT_ENDED = "attempt.ended", "One try of an item ended, with its outcome."
    STEP_DONE = "step.done", "A step gave a new result."
    STEP_REUSED = "step.reused", "A stored result of a step was used again."
    LOOK_MADE = "look.made", "A bot read something outside."
    CHECK_EVALUATED = "check.evaluated", "A check gave its outcome: passed, failed or not evaluated."

    EFFECT_PLANNED = "effect.planned", "A bot without leave to act said what it would have done."
    EFFECT_INTENDED = "effect.intended", "A change outside was written down before acting."
    EFFECT_UNCERTAIN = "effect.uncertain", "Nobody knows yet whether a change outside happened."
    EFFECT_CONFIRMED = "effect.confirmed", "A change outside happened, with its receipt."
    EFFECT_REFUTED = "effect.refuted", "A person says that a change outside did not happen."
    EFFECT_WITHDRAWN = "effect.withdrawn", "A change outside was stopped before it could happen."

    REVIEW_OPENED = "review.opened", "A person was asked about an item."
    REVIEW_CLAIMED = "review.claimed", "A person took a review task."
    REVIEW_RELEASED = "review.released", "A review task was given back, or its claim ran out."
    REVIEW_PARKED = "review.parked", "A review task was put aside until a date."
    REVIEW_DECIDED = "review.decided", "A person answered a review task."
    REVIEW_UNDONE = "review.undone", "A person took an answer back before the bot used it."
    CORRECTION_MADE = "correction.made", "A person changed a value that a step had given."
    WAIVER_VOTED = "waiver.voted", "One of the people whom a waiver needs agreed to it."
    WAIVER_GIVEN = "waiver.given", "People agreed to go on in spite of one outcome of a check."
    APPROVAL_GIVEN = "approval.given", "A person approved the plan of an effect."

    HOLD_PLACED = "hold.placed", "A bot, target or queue was stopped until someone releases it."
    HOLD_LIFTED = "hold.lifted", "A hold was released."
    BREAKER_OPENED = "breaker.opened", "Too many system errors in a row stopped a bot's queue."
    BREAKER_CLOSED = "breaker.closed", "The breaker let a bot's queue go on."
    BOT_REHEARSED = "bot.rehearsed", "A bot was killed at its boundaries and started again; the report is evidence."
    GRANT_GIVEN = "grant.given", "A bot was given leave to work in a mode."
    GRANT_WITHDRAWN = "grant.withdrawn", "A bot's leave to work in a mode was taken back."

    LOGIN_SUCCEEDED = "login.succeeded", "A worker logged in to a target."
    LOGIN_FAILED = "login.failed", "A target refused the credentials."
    LOGIN_ENDED = "login.ended", "A worker logged out of a target or lost its session."
    SECRET_READ = "secret.read", "A secret was read, by name, never by value."
    PERSON_ENTERED = "person.entered", "A person signed in to the review desk."
    PERSON_LEFT = "person.left", "A person signed out of the review desk."
    PERSON_REFUSED = "person.refused", "Someone was refused at the review desk."

    WORKER_STARTED = "worker.started", "A worker process began."
    WORKER_STOPPED = "worker.stopped", "A worker process ended as it should."
    WORKER_LOST = "worker.lost", "A worker process stopped answering or was found dead."
    SCHEDULE_FIRED = "schedule.fired", "A due start was turned into a run."
    SCHEDULE_PAUSED = "schedule.paused", "A person let a schedule pause."
    SCHEDULE_RESUMED = "schedule.resumed", "A person let a schedule go on."
    SCHEDULE_MISSED = "schedule.missed", "A due start was found too late and not made up for."
    NOTICE_ACKNOWLEDGED = "notice.acknowledged", "A person knows of an alert; it is not repeated for a time."

    EVIDENCE_STORED = "evidence.stored", "Evidence was stored under its hash."
    EVIDENCE_VIEWED = "evidence.viewed", "A person looked at evidence."
    EVIDENCE_DELETED = "evidence.deleted", "Evidence was deleted under its retention."
    PERSONAL_REVEALED = "personal.revealed", "Personal data behind a commitment was read."
    PERSONAL_ERASED = "personal.erased", "Personal data behind a commitment was destroyed."

    CONFIG_LOADED = "config.loaded", "The configuration in use, by hash."
    CONFIG_CHANGED = "config.changed", "The configuration differs from the one used before."
    STORE_MIGRATED = "store.migrated", "The database was brought to a new layout."
    CLOCK_STEPPED = "clock.stepped", "The clock of a machine jumped."

    TRAIL_KEY_ROTATED = "trail.key_rotated", "A new signing key took over, vouched for by the old one."
    TRAIL_VERIFIED = "trail.verified", "The trail was verified, with the result."
    TRAIL_EXPORTED = "trail.exported", "The trail was exported."
    TRAIL_ANCHORED = "trail.anchored", "The newest checkpoint was written down elsewhere."
