"""Reading a report of a verification, and the line that an entry has now."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from ledger import content
from ledger.queries.verification import Report

LATER = timedelta(minutes=6)


def codes(report: Report) -> dict[str, int]:
    return dict(report.counts)


def named(report: Report, code: str) -> list[str]:
    return [found.what for found in report.findings if found.code == code]


def said(report: Report, code: str) -> str:
    return " ".join(found.says for found in report.findings if found.code == code)


def line_of(entry_id: int) -> bytes:
    columns = content.COLUMNS_SQL
    sql = f"COPY (SELECT {columns} FROM ledger_ledgerentry entry WHERE id = %s) TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(sql, [entry_id]) as rows:
        return b"".join(bytes(row) for row in rows)[:-1]
