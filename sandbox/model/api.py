"""The model's API: one model, asked as any OpenAI-compatible one is, streaming or not."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.fault_injection import cut_before_work, delay_work, fault_for, hang_after_work
from sandbox.model.conversation import Conversation, Json, conversation
from sandbox.model.misbehaviour import Misbehaviour, misbehaved, misbehaviour_of
from sandbox.model.replies import Reply, chunks, completion, models, usage
from sandbox.model.work import next_reply
from sandbox.server import sever
from sandbox.state import State

REQUEST_BYTES_MAX = 8 * 1024 * 1024
PIECES_BEFORE_THE_CUT = 2


def api_routes(state: State) -> list[Route]:
    """The two endpoints. Any key is taken: what it says is worth nothing."""

    async def complete(request: Request) -> Response:
        fault = fault_for(state.store, request)
        if cut_before_work(fault, request):
            return Response(status_code=500)
        await delay_work(fault)
        if fault is not None and fault.effect == "status":
            return _error(fault.status or 500, "The sandbox was told to fail.")
        answer = await _answer(state, request)
        await hang_after_work(fault, request)
        return answer

    return [
        Route("/v1/models", _models, methods=["GET"]),
        Route("/v1/chat/completions", complete, methods=["POST"]),
    ]


async def _models(_: Request) -> Response:
    return JSONResponse(models())


async def _answer(state: State, request: Request) -> Response:
    raw = await request.body()
    if len(raw) > REQUEST_BYTES_MAX:
        return _error(413, "That is more than this model reads.")
    try:
        asked = json.loads(raw)
        if not isinstance(asked, dict):
            raise ValueError("an object is needed")
        known = conversation(asked)
    except ValueError as error:
        return _error(400, f"Not understood: {error}")
    with state.store.transaction():
        kind, other_run = misbehaviour_of(state.store, known)
    if kind == Misbehaviour.SERVER_ERROR:
        return _error(500, "The sandbox's model was told to fail.")
    reply = _reply(kind, known, other_run)
    await asyncio.sleep(reply.after_s)
    counted = usage(raw.decode(errors="replace"), reply)
    if not asked.get("stream"):
        if kind == Misbehaviour.CUT_OFF:
            _cut(request)
        return JSONResponse(completion(reply, counted))
    wants_count = (asked.get("stream_options") or {}).get("include_usage")
    pieces = list(chunks(reply, counted if wants_count else None))
    stream = _cut_stream(pieces, request) if kind == Misbehaviour.CUT_OFF else _stream(pieces)
    return StreamingResponse(stream, media_type="text/event-stream")


def _reply(kind: Misbehaviour | None, known: Conversation, other_run: str) -> Reply:
    return misbehaved(kind, known, other_run=other_run) if kind else next_reply(known)


async def _stream(pieces: list[Json]) -> AsyncIterator[str]:
    for piece in pieces:
        yield f"data: {json.dumps(piece, ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


async def _cut_stream(pieces: list[Json], request: Request) -> AsyncIterator[str]:
    for piece in pieces[:PIECES_BEFORE_THE_CUT]:
        yield f"data: {json.dumps(piece, ensure_ascii=False)}\n\n"
    await asyncio.sleep(0)
    _cut(request)


def _cut(request: Request) -> None:
    if request.client is not None:
        sever((request.client.host, request.client.port))


def _error(status: int, words: str) -> Response:
    error = {"message": words, "type": "sandbox_error", "param": None, "code": None}
    return JSONResponse({"error": error}, status)
