"""What every bot shares: model, store, files, browser, checks, decisions, runtime."""
