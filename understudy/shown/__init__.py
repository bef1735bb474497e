"""How commands speak: tables and sentences for people, JSON for machines."""
