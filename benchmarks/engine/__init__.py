"""How fast the engine is: `make bench-engine`; each measurement is a process of its own."""
