"""A client of OpenLedger in Python's standard library: sessions, vouchers, and the check of every answer."""

from .amount import format_amount, parse_amount
from .chat import OpenLedger
from .session import Answer, AnswerError, GatewayError, InUse, Session
from .text import TextError, check_text
from .wallet import Node, Refused, Wallet

__all__ = [
    "Answer", "AnswerError", "GatewayError", "InUse", "Node", "OpenLedger", "Refused", "Session", "TextError", "Wallet",
    "check_text", "format_amount", "parse_amount",
]
