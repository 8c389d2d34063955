"""The sandbox's memory in one SQLite file: documents, deliveries, jobs, faults, vendors' tables.

One connection in one thread. A caller opens ``transaction()`` and never awaits inside it, so
every change is atomic and nothing interleaves. WAL with synchronous=NORMAL survives SIGKILL.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Doc = dict[str, Any]
Row = sqlite3.Row

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_by_age ON documents (kind, created, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'given_up')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_id INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ms INTEGER NOT NULL,
    status INTEGER,
    error TEXT
);
CREATE INDEX IF NOT EXISTS attempts_by_delivery ON attempts (delivery_id);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    verb TEXT NOT NULL,
    subject TEXT NOT NULL,
    due_at REAL NOT NULL,
    UNIQUE (verb, subject)
);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due_at);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    draws INTEGER NOT NULL DEFAULT 0,
    used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Store:
    """Documents by id and kind, and plain SQL for the queues beside them."""

    def __init__(self, path: Path, *, schema: str = "", indexed_fields: Iterable[str] = ()) -> None:
        """Open or make the file. ``schema``: the vendors' own tables, made where they are missing.

        ``indexed_fields``: those that lists of documents are filtered by; each has its own index,
        so lists stay quick when full.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA + schema)
        for field in indexed_fields:
            self._db.execute(
                f"CREATE INDEX IF NOT EXISTS documents_by_{field}"
                f" ON documents (kind, json_extract(body, '$.{field}'), created, seq)"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Nested use joins the outer transaction."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """Run one statement and return its first row, if any."""
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found

    def write(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one INSERT, UPDATE or DELETE; return the new row's id."""
        return self._db.execute(sql, values).lastrowid or 0

    def find(self, doc_id: str, kind: str | None = None) -> Doc | None:
        """The document of that id (and kind), or None."""
        row = self.row("SELECT kind, body FROM documents WHERE id = ?", (doc_id,))
        if row is None or (kind is not None and row["kind"] != kind):
            return None
        doc: Doc = json.loads(row["body"])
        return doc

    def get(self, doc_id: str) -> Doc:
        """The document of that id. Raises LookupError where our own books are broken."""
        doc = self.find(doc_id)
        if doc is None:
            raise LookupError(f"no document {doc_id}")
        return doc

    def add(self, doc: Doc, *, created: int | None = None) -> Doc:
        """Keep a new document; its ``object`` is its kind."""
        self.write(
            "INSERT INTO documents (id, kind, created, body) VALUES (?, ?, ?, ?)",
            (doc["id"], doc["object"], created or doc["created"], json.dumps(doc)),
        )
        return doc

    def change(self, doc: Doc, **changes: object) -> Doc:
        """Write ``changes`` into ``doc`` and keep it."""
        doc.update(changes)
        self.write("UPDATE documents SET body = ? WHERE id = ?", (json.dumps(doc), doc["id"]))
        return doc

    def note(self, name: str) -> str | None:
        """A remembered word, or None."""
        row = self.row("SELECT value FROM notes WHERE name = ?", (name,))
        return None if row is None else str(row["value"])

    def set_note(self, name: str, value: str) -> None:
        """Remember a word under a name."""
        self.write(
            "INSERT INTO notes (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def schedule(self, verb: str, subject: str, *, due_at: float) -> None:
        """Ask the background loop to do ``verb`` on ``subject`` once, not before ``due_at``."""
        self.write(
            "INSERT INTO jobs (verb, subject, due_at) VALUES (?, ?, ?)"
            " ON CONFLICT (verb, subject) DO UPDATE SET due_at = excluded.due_at",
            (verb, subject, due_at),
        )

    def unschedule(self, verb: str, subject: str) -> None:
        """Forget a job that has become needless."""
        self.write("DELETE FROM jobs WHERE verb = ? AND subject = ?", (verb, subject))

    def wipe(self) -> None:
        """Forget everything but the notes (the account's identity and secrets)."""
        with self.transaction():
            for row in self.rows(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
                " AND name <> 'notes' AND name NOT LIKE 'sqlite%'"
            ):
                self._db.execute(f"DELETE FROM {row['name']}")  # noqa: S608  # names are ours

    def close(self) -> None:
        """Checkpoint and let go of the file."""
        self._db.close()
