"""When bots run unattended: the house of the scheduler; nothing lives here yet."""
