"""Frozen records and legal moves: what everything else in core speaks of."""
