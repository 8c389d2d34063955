"""Tables of fulfillment."""

from fulfillment.models.briefs import Brief
from fulfillment.models.deliverables import Deliverable, Section
from fulfillment.models.intakes import OrderIntake
from fulfillment.models.runs import AcquisitionRun, RunEvent
from fulfillment.models.runtimes import RuntimeStatus
from fulfillment.models.sources import Lookup, Source
from fulfillment.models.turns import Turn

__all__ = [
    "AcquisitionRun",
    "Brief",
    "Deliverable",
    "Lookup",
    "OrderIntake",
    "RunEvent",
    "RuntimeStatus",
    "Section",
    "Source",
    "Turn",
]
