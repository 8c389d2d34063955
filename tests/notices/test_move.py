"""Alerts moved to notices: their content type keeps its row, and all that hangs on it."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, migrations
from django.test import Client

from tests.factories.orders import AlertFactory
from tests.factories.people import client_of, make_person
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN = "auth_group_permissions"


def move(*, back: bool = False) -> None:
    module = import_module("revenue.migrations.0040_alerts_go_to_notices")
    step = module.Migration.operations[0]
    assert isinstance(step, migrations.RunSQL)
    with as_owner(), connection.cursor() as cursor:
        for sql, values in step.reverse_sql if back else step.sql:
            cursor.execute(sql, values)


def held() -> tuple[str, int, list[tuple[int, str]], int]:
    kind = ContentType.objects.get(model="operatoralert")
    permissions = Permission.objects.filter(content_type=kind).order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {GIVEN} WHERE permission_id = ANY(%s)",
            [[permission.pk for permission in permissions]],
        )
        given = cursor.fetchone()[0]
    return kind.app_label, kind.pk, list(permissions.values_list("pk", "codename")), given


def test_permissions_and_who_has_them_come_along() -> None:
    now = held()
    assert now[0] == "notices"

    move(back=True)
    before = held()
    move()

    assert before == ("revenue", *now[1:])
    assert held() == now
    move()
    assert held() == now


def test_the_admin_s_page_of_alerts_is_found_under_its_old_address(client: Client) -> None:
    alert = AlertFactory()
    owner = client_of(make_person("owner"))

    for rest in ("?kind__exact=event_dead", f"{alert.pk}/change/"):
        page = owner.get(f"/admin/revenue/operatoralert/{rest}", follow=True)
        assert page.redirect_chain[0] == (f"/admin/notices/operatoralert/{rest}", 302)
        assert alert.reference in page.content.decode()
    stranger = client.get("/admin/revenue/operatoralert/", follow=True)
    assert alert.reference not in stranger.content.decode()
