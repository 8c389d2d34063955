"""Tables of fulfillment."""

from fulfillment.models.intakes import OrderIntake
from fulfillment.models.runs import AcquisitionRun, RunEvent

__all__ = ["AcquisitionRun", "OrderIntake", "RunEvent"]
