"""When: time zones, calendars, opening hours and timetables; pure, and told the hour by whoever asks."""
