"""The SQL store: the engine of the toolkit. Modules hold one noun each; everything happens inside a Transaction."""

from core.store.database import Database
from core.store.transaction import Transaction

__all__ = ["Database", "Transaction"]
