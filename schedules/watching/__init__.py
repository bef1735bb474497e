"""The watch: a process of its own that looks whether everything runs that should, and tells people when it does not."""
