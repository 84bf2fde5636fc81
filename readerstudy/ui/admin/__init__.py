"""The page of those who run studies. One module per tab; `page.py` puts them side by side."""

from readerstudy.ui.admin.page import build_admin

__all__ = ["build_admin"]
