"""The ledger: a finance system with suppliers, purchase orders and vouchers, driven through its screens."""

from .ledger import Ledger
from .model import (
    GoodsReceipt,
    Order,
    OrderLine,
    SavedVoucher,
    Supplier,
    SupplierEntry,
    Voucher,
    VoucherEntry,
    VoucherLine,
    VoucherReceipt,
)

__all__ = [
    "GoodsReceipt",
    "Ledger",
    "Order",
    "OrderLine",
    "SavedVoucher",
    "Supplier",
    "SupplierEntry",
    "Voucher",
    "VoucherEntry",
    "VoucherLine",
    "VoucherReceipt",
]
