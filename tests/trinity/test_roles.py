"""Who may do what, as the database has it after a migrate."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models.signals import post_migrate

from tests.owner import as_owner
from trinity.roles import AUDITOR, OPERATOR, OWNER, ROLES, strongest

pytestmark = pytest.mark.django_db


def permissions_of(role: str) -> set[str]:
    return {
        f"{permission.content_type.app_label}.{permission.codename}"
        for permission in Permission.objects.filter(group__name=role).select_related("content_type")
    }


def migrate_again() -> None:
    for config in apps.get_app_configs():
        arguments: dict[str, Any] = {
            "sender": config, "app_config": config, "verbosity": 0, "interactive": False,
            "using": "default", "plan": [], "apps": apps,
        }  # fmt: skip
        post_migrate.send(**arguments)


@pytest.mark.parametrize("role", ROLES)
def test_every_permission_that_a_role_names_exists_and_is_given(role: str) -> None:
    assert permissions_of(role) == ROLES[role]


def test_an_auditor_can_only_read() -> None:
    assert {name.partition(".")[2].partition("_")[0] for name in ROLES[AUDITOR]} == {"view"}


def test_an_auditor_sees_no_page_of_personal_data() -> None:
    closed = {"crm.view_contact", "crm.reveal_personal_data", "revenue.view_buyermail"}
    assert closed & ROLES[AUDITOR] == set()


def test_only_an_owner_returns_money_and_changes_people() -> None:
    powers = {"revenue.refund_order", "auth.change_user"}
    assert {role: powers & ROLES[role] for role in ROLES} == {
        OWNER: powers, OPERATOR: set(), AUDITOR: set(),
    }  # fmt: skip


def test_migrating_again_changes_nothing() -> None:
    before = {role: permissions_of(role) for role in ROLES}

    migrate_again()

    assert {role: permissions_of(role) for role in ROLES} == before
    assert Group.objects.count() == len(ROLES)


def test_a_permission_given_by_hand_is_taken_back() -> None:
    with as_owner():
        refund = Permission.objects.get(codename="refund_order")
        Group.objects.get(name=AUDITOR).permissions.add(refund)

        migrate_again()

    assert permissions_of(AUDITOR) == ROLES[AUDITOR]


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ([], ""),
        (["friends"], ""),
        (["auditor"], "auditor"),
        (["auditor", "operator"], "operator"),
        (["operator", "owner", "auditor"], "owner"),
    ],
)
def test_the_strongest_role_counts(groups: list[str], role: str) -> None:
    assert strongest(groups) == role
