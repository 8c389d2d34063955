"""What may follow a payment: refunds, disputes, mails; and the stages of later versions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from console.queries.trace.gathering import Sale
from console.queries.trace.shapes import Record, Stage, StageState
from revenue.enums import MailKind
from revenue.queries import AfterPayment, OrderRow

WHATS = {
    "refund": "Refund",
    "refund request": "Refund asked for",
    "dispute": "Dispute",
    "mail": "Mail",
    "refund paid another way": "Refund paid another way",
    "over-refund settled": "Over-refund settled",
}


def after_records(rows: Iterable[AfterPayment], orders: Sequence[OrderRow]) -> Iterable[Record]:
    """Return one record for each refund, dispute, mail and the like; without any address."""
    many = len(orders) > 1
    refs = {order.id: order.reference for order in orders}
    for row in rows:
        says = MailKind(row.detail).label if row.what == "mail" else row.detail.replace("_", " ")
        if many:
            says = f"{says} ({refs[row.order_id]})".strip()
        yield Record(
            what=WHATS[row.what],
            reference=row.reference,
            at=row.at,
            mode=row.mode,
            state=row.state,
            state_words=row.state_words,
            says=says,
            amount=row.amount,
        )


def plan_stage(sale: Sale) -> Stage:
    """Stage 5: the run exists; its plan and the plan's approval come with a later version."""
    runs = [intake.run for intake in sale.intakes if intake.run is not None]
    waiting = [intake for intake in sale.intakes if intake.run is None]
    records = [
        Record(
            what="Run",
            reference=run.reference,
            at=run.created_at,
            mode=run.mode,
            state=run.state,
            state_words=run.state_words,
            says=run.frozen_words or f"at most {run.steps_max} steps",
        )
        for run in runs
    ]
    sentence = ""
    if runs:
        sentence = "The run is set up; planning by the agent and its approval come later."
    elif waiting:
        sentence = "The run is not set up yet; a sweep does it within a minute."
    return Stage(
        number=5,
        title="Plan",
        state=StageState.LATER,
        sentence=sentence,
        at=runs[0].created_at if runs else None,
        records=records,
        gaps=[f"{intake.reference} has no run yet." for intake in waiting],
    )


def work_stage(sale: Sale) -> Stage:
    """Stage 6: what the agent asked for; its research and drafts come with a later version."""
    records = [
        Record(
            what=call.title,
            reference=call.reference,
            at=call.asked_at,
            mode=call.mode,
            state=call.state,
            state_words=call.state_words,
            says=", ".join(str(code) for code in call.codes),
        )
        for call in sale.calls
    ]
    records += [
        Record(
            what="Manual purchase",
            reference=bought.reference,
            at=bought.made_at,
            mode=bought.mode,
            state=bought.state,
            state_words=bought.state_words,
            amount=bought.paid or bought.approved,
        )
        for bought in sale.purchases
    ]
    return Stage(
        number=6,
        title="Work",
        state=StageState.LATER,
        sentence="What the agent asked for, and what was done or denied." if records else "",
        at=records[0].at if records else None,
        records=records,
    )


def later_stages() -> list[Stage]:
    """Stages 7 and 8."""
    return [
        Stage(number=number, title=title, state=StageState.LATER, sentence="")
        for number, title in ((7, "Delivery"), (8, "Proof"))
    ]
