"""A second vendor with a part of each kind, and a sandbox with both: run this module for it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.app import VENDORS, run
from sandbox.fault_injection import cut_before_work, delay_work, fault_for, hang_after_work
from sandbox.settings import settings_from
from sandbox.state import RequestContext, State
from sandbox.store import Doc
from sandbox.vendor import Action, Arguments, Tab, Vendor
from sandbox.webhooks import WebhookRequest, WebhookSender, queue_delivery


def letters(state: State) -> list[str]:
    return [row["text"] for row in state.store.rows("SELECT text FROM letters ORDER BY id")]


def routes(state: State, _: WebhookSender) -> Sequence[Route]:
    async def show(_: Request) -> Response:
        return JSONResponse(letters(state))

    async def send(request: Request) -> Response:
        fault = fault_for(state.store, request)
        if cut_before_work(fault, request):
            return Response(status_code=444)
        await delay_work(fault)
        text = (await request.json())["text"]
        context = state.context()
        with state.store.transaction():
            state.store.write("INSERT INTO letters (text) VALUES (?)", (text,))
            state.store.schedule("answer_letter", text, due_at=context.now_s)
        state.wake()
        await hang_after_work(fault, request)
        return JSONResponse({"sent": text})

    async def broken(_: Request) -> Response:
        raise RuntimeError("a bug of ours")

    return [
        Route("/post/letters", show, methods=["GET"]),
        Route("/post/letters", send, methods=["POST"]),
        Route("/post/broken", broken, methods=["GET"]),
    ]


def open_pigeon_hole(context: RequestContext) -> None:
    if context.store.find("pigeon_hole") is None:
        url = context.settings.webhook_url
        context.store.add({"id": "pigeon_hole", "object": "pigeon_hole", "created": 1, "url": url})


def answer_letter(context: RequestContext, text: str) -> None:
    event = {"id": f"re_{text}", "object": "post_event", "created": 1, "type": "letter.answered"}
    context.store.add(event)
    queue_delivery(context, event_id=f"re_{text}", endpoint_id="pigeon_hole")


def as_letter(_: RequestContext, event: Doc, endpoint: Doc) -> WebhookRequest:
    body = json.dumps({"type": event["type"], "about": event["id"]}).encode()
    return WebhookRequest(url=endpoint["url"], body=body, headers={"Stripe-Signature": "wax"})


def burn(context: RequestContext, given: Arguments) -> object:
    context.store.write("DELETE FROM letters WHERE text = ?", (given["text"],))
    return {"burnt": given["text"]}


POST_OFFICE = Vendor(
    routes=routes,
    api_path="/post/",
    api_broken={"problem": "the post office is closed"},
    schema="CREATE TABLE IF NOT EXISTS letters (id INTEGER PRIMARY KEY, text TEXT NOT NULL);",
    indexed_fields=("type", "_stamp"),
    prepare=open_pigeon_hole,
    jobs={"answer_letter": answer_letter},
    webhooks={"pigeon_hole": as_letter},
    actions={"burn": Action(run=burn, done="The letter is ash.")},
    tabs=[
        Tab(
            path="/_sandbox/letters",
            title="Letters",
            template="control/stale.html",
            values=lambda _: {},
        )
    ],
)

if __name__ == "__main__":
    asyncio.run(run(settings_from(os.environ), (*VENDORS, POST_OFFICE)))
