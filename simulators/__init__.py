"""Stand-in systems with faults, and invented documents: separate processes that import nothing of ours."""
