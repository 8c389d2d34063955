"""Who may do what: three groups and their permissions, applied after each migrate.

An **auditor** reads the books and can change nothing; personal data of buyers stays closed. An
**operator** reads all, reviews leads and orders, sells, and may stop agents. An **owner** may also
return money, say what agents may do, and who belongs to the team. Nobody is a superuser: every
right is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.apps import AppConfig
from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions

OWNER, OPERATOR, AUDITOR = "owner", "operator", "auditor"

_BOOKS: Final = frozenset(
    {
        "revenue.view_offer",
        "revenue.view_offerprice",
        "revenue.view_offerviews",
        "revenue.view_checkoutsession",
        "revenue.view_paymentlink",
        "revenue.view_stripewebhookevent",
        "revenue.view_webhookattempt",
        "revenue.view_order",
        "revenue.view_revenueevent",
        "revenue.view_orderreview",
        "revenue.view_doubleverdict",
        "revenue.view_ordernote",
        "revenue.view_eventclosing",
        "revenue.view_refundrequest",
        "revenue.view_refund",
        "revenue.view_refundpaidelsewhere",
        "revenue.view_excesssettlement",
        "revenue.view_dispute",
        "revenue.view_eventalarm",
        "revenue.view_eventrendering",
        "revenue.view_eventrepeat",
        "revenue.view_refuseddeliveries",
        "revenue.view_reconcilerun",
        "fulfillment.view_orderintake",
        "fulfillment.view_acquisitionrun",
        "fulfillment.view_runevent",
        "fulfillment.view_lookup",
        "fulfillment.view_turn",
        "fulfillment.view_runtimestatus",
        "approvals.view_approvalrequest",
        "approvals.view_decision",
        "approvals.view_revocation",
        "ledger.view_ledgerentry",
        "ledger.view_posting",
        "ledger.view_sealedentry",
        "ledger.view_seal",
        "ledger.view_sealkey",
        "ledger.view_balance",
        "ledger.view_auditevent",
        "ledger.view_spendevent",
        "crm.view_project",
        "notices.view_alert",
        "notices.view_noticepreference",
        "crm.view_deal",
        "toolrouter.view_safetysettings",
        "toolrouter.view_projectsettings",
        "toolrouter.view_grant",
        "toolrouter.view_grantsubject",
        "toolrouter.view_spendcap",
        "toolrouter.view_runtoken",
        "toolrouter.view_seat",
        "toolrouter.view_seatbinding",
        "toolrouter.view_stop",
        "toolrouter.view_incident",
        "toolrouter.view_safetychange",
        "toolrouter.view_toolcall",
        "toolrouter.view_providerreceipt",
        "toolrouter.view_providerreadiness",
        "toolrouter.view_callcount",
        "toolrouter.view_reservation",
        "toolrouter.view_capture",
        "toolrouter.view_databasestart",
        "toolrouter.view_purchase",
        "toolrouter.view_purchasereceipt",
        "toolrouter.view_confirmedpayee",
    }
)
# How people decide is looked at by those who answer for it, and by whoever checks.
_OVERSIGHT: Final = frozenset({"approvals.view_figures"})
_WORK: Final = frozenset(
    {
        "crm.view_company",
        "crm.view_contact",
        "crm.view_activity",
        "crm.view_trappedrequest",
        "crm.review_lead",
        "crm.work_deal",
        "crm.manage_projects",
        "crm.reveal_personal_data",
        "approvals.view_approvalfield",
        "approvals.decide_outbound",
        "fulfillment.view_source",
        "fulfillment.release_source",
        "fulfillment.view_section",
        "fulfillment.view_deliverable",
        "fulfillment.view_brief",
        "fulfillment.answer_brief",
        "revenue.view_orderlink",
        "revenue.view_orderlinkrequest",
        "revenue.view_buyermail",
        "notices.view_operatoralert",
        "notices.tend_alert",
        "revenue.manage_offers",
        "revenue.prepare_checkout",
        "revenue.review_order",
        "revenue.replay_webhook",
        "toolrouter.stop_agents",
        "toolrouter.test_provider",
        "toolrouter.close_purchase",
        "toolrouter.read_asked",
    }
)
_POWER: Final = frozenset(
    {
        "approvals.decide_spend",
        "fulfillment.review_deliverable",
        "revenue.refund_order",
        "toolrouter.change_safety",
        "toolrouter.attest_provider",
        "toolrouter.give_access",
        "auth.view_user",
        "auth.change_user",
        "auth.view_group",
        "account.view_emailaddress",
        "mfa.view_authenticator",
        "usersessions.view_usersession",
        "logins.view_refusalcount",
        "notices.view_outgoingmail",
    }
)

ROLES: Final[Mapping[str, frozenset[str]]] = {
    OWNER: _BOOKS | _WORK | _POWER | _OVERSIGHT,
    OPERATOR: _BOOKS | _WORK,
    AUDITOR: _BOOKS | _OVERSIGHT,
}
ROLE_WORDS: Final[Mapping[str, str]] = {
    OWNER: "may do everything, refund, say what agents may do and who belongs to the team",
    OPERATOR: "reads everything, reviews leads and orders, prepares sales, stops agents",
    AUDITOR: "reads orders, events, the trace and the ledger, and changes nothing",
}


def strongest(group_names: Iterable[str]) -> str:
    """Return the strongest role among ``group_names``, or nothing."""
    names = set(group_names)
    return next((role for role in ROLES if role in names), "")


def apply_roles(
    *, app_config: AppConfig, apps: Apps, using: str, verbosity: int = 0, **_: Any
) -> None:
    """Give each group exactly the permissions of one app that ``ROLES`` names. Idempotent.

    Called once for each app after each migrate, so that an app's permissions exist when theirs
    are given. A permission that does not exist yet is left for the next time; a test holds that
    all that are named exist.
    """
    create_permissions(app_config, verbosity=verbosity, apps=apps, using=using)
    models = {(model._meta.app_label, model._meta.model_name) for model in apps.get_models()}
    if not {("auth", "group"), ("auth", "permission")} <= models:
        return
    group_model, permission_model = (
        apps.get_model("auth", name) for name in ("Group", "Permission")
    )
    label = app_config.label
    there = permission_model.objects.using(using).filter(content_type__app_label=label)
    for role, permissions in ROLES.items():
        group, _made = group_model.objects.using(using).get_or_create(name=role)
        codenames = [name.partition(".")[2] for name in permissions if name.startswith(f"{label}.")]
        wanted = set(there.filter(codename__in=codenames))
        given = set(group.permissions.filter(content_type__app_label=label))
        group.permissions.remove(*(given - wanted))
        group.permissions.add(*(wanted - given))
