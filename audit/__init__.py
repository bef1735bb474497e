"""The tamper-evident record: it knows strings, ids, bytes and an open database connection, and nothing of ours.

Import from the modules (`audit.trail`, `audit.sealer`, ...): each loads only what it needs.
"""
