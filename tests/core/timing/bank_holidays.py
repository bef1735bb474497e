"""The bank holidays of the four nations that fall on Monday to Friday, from 2024 to 2030.

2024 to 2027 as published: https://www.gov.uk/bank-holidays (England and Wales, Scotland, Northern Ireland), with the
substitute days in place of those at weekends; 15 June 2026 in Scotland alone, by Royal Proclamation, for the men's
World Cup.

2028 to 2030 as they follow from the rules: Banking and Financial Dealings Act 1971, schedule 1 (Easter Monday, the last
Mondays of May and August, 26 and 27 December; in Scotland 2 January, the first Mondays of May and August, Good Friday);
the yearly proclamations under its section 1 for New Year's Day and the first Monday of May, and for the next weekday
where a day is a Saturday or Sunday; St Andrew's Day Bank Holiday (Scotland) Act 2007; 17 March and 12 July in Northern
Ireland.
"""

from datetime import date

from core.timing.calendars import Nation

_ENGLAND_AND_WALES = {
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
    2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
    2029: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
    2030: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
}
_SCOTLAND = {
    2024: "01-01 01-02 03-29 05-06 05-27 08-05 12-02 12-25 12-26",
    2025: "01-01 01-02 04-18 05-05 05-26 08-04 12-01 12-25 12-26",
    2026: "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28",
    2027: "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28",
    2028: "01-03 01-04 04-14 05-01 05-29 08-07 11-30 12-25 12-26",
    2029: "01-01 01-02 03-30 05-07 05-28 08-06 11-30 12-25 12-26",
    2030: "01-01 01-02 04-19 05-06 05-27 08-05 12-02 12-25 12-26",
}
_NORTHERN_IRELAND = {
    2024: "01-01 03-18 03-29 04-01 05-06 05-27 07-12 08-26 12-25 12-26",
    2025: "01-01 03-17 04-18 04-21 05-05 05-26 07-14 08-25 12-25 12-26",
    2026: "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28",
    2027: "01-01 03-17 03-26 03-29 05-03 05-31 07-12 08-30 12-27 12-28",
    2028: "01-03 03-17 04-14 04-17 05-01 05-29 07-12 08-28 12-25 12-26",
    2029: "01-01 03-19 03-30 04-02 05-07 05-28 07-12 08-27 12-25 12-26",
    2030: "01-01 03-18 04-19 04-22 05-06 05-27 07-12 08-26 12-25 12-26",
}
_BY_NATION = {
    Nation.ENGLAND: _ENGLAND_AND_WALES,
    Nation.WALES: _ENGLAND_AND_WALES,
    Nation.SCOTLAND: _SCOTLAND,
    Nation.NORTHERN_IRELAND: _NORTHERN_IRELAND,
}

YEARS = range(2024, 2031)
PUBLISHED = 2027  # the last year that is more than a rule

BANK_HOLIDAYS = {
    (nation, year): {date.fromisoformat(f"{year}-{day}") for day in days.split()}
    for nation, table in _BY_NATION.items()
    for year, days in table.items()
}
