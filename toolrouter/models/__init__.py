"""Tables of toolrouter."""

from toolrouter.models.calls import CallCount, ToolCall
from toolrouter.models.caps import SpendCap
from toolrouter.models.changes import SafetyChange
from toolrouter.models.grants import Grant, GrantSubject
from toolrouter.models.incidents import Incident
from toolrouter.models.purchases import ConfirmedPayee, Purchase, PurchaseReceipt
from toolrouter.models.readiness import ProviderReadiness
from toolrouter.models.receipts import ProviderReceipt
from toolrouter.models.reservations import Capture, Reservation
from toolrouter.models.seats import Seat, SeatBinding
from toolrouter.models.settings import ProjectSettings, SafetySettings
from toolrouter.models.starts import DatabaseStart
from toolrouter.models.stops import Stop
from toolrouter.models.tokens import RunToken

__all__ = [
    "CallCount",
    "Capture",
    "ConfirmedPayee",
    "DatabaseStart",
    "Grant",
    "GrantSubject",
    "Incident",
    "ProjectSettings",
    "ProviderReadiness",
    "ProviderReceipt",
    "Purchase",
    "PurchaseReceipt",
    "Reservation",
    "RunToken",
    "SafetyChange",
    "SafetySettings",
    "Seat",
    "SeatBinding",
    "SpendCap",
    "Stop",
    "ToolCall",
]
