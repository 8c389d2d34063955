from __future__ import annotations

import pytest

from trinity import guards

LIVE = {
    "TRINITY_MODE": "live",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_WEBHOOK_SECRETS": "whsec_new,whsec_old",
    "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
    "SELLER_NAME": "Trinity Growth Ltd",
    "SELLER_ADDRESS": "1 Example Street",
    "SELLER_CONTACT": "hello@trinity.example",
    "BASE_URL": "https://shop.trinity.example",
    "SECRET_KEY": "0123456789" * 5,
}
SANDBOX = {
    "STRIPE_SECRET_KEY": "sk_sandbox_abc",
    "STRIPE_WEBHOOK_SECRETS": "whsec_abc",
    "STRIPE_API_BASE": "http://127.0.0.1:8002",
}
TEST = {"STRIPE_SECRET_KEY": "sk_test_abc", "STRIPE_WEBHOOK_SECRETS": "whsec_abc"}


@pytest.mark.parametrize(
    "env", [{}, LIVE, SANDBOX, TEST, LIVE | {"STRIPE_SECRET_KEY": "rk_live_a"}]
)
def test_what_agrees_may_start(env: dict[str, str]) -> None:
    assert guards.problems(env) == []


@pytest.mark.parametrize(
    ("env", "word"),
    [
        (TEST | {"STRIPE_SECRET_KEY": "sk_live_abc"}, "TRINITY_MODE=live"),
        (TEST | {"STRIPE_SECRET_KEY": " rk_live_abc"}, "TRINITY_MODE=live"),
        (SANDBOX | {"STRIPE_SECRET_KEY": "sk_org_live_abc"}, "STRIPE_API_BASE is not Stripe's own"),
        (SANDBOX | {"STRIPE_SECRET_KEY": "sk_live_abc"}, "STRIPE_API_BASE is not Stripe's own"),
        (
            LIVE | {"STRIPE_API_BASE": "http://127.0.0.1:8002"},
            "STRIPE_API_BASE is not Stripe's own",
        ),
        (
            LIVE | {"STRIPE_API_BASE": "http://api.stripe.com"},
            "STRIPE_API_BASE is not Stripe's own",
        ),
        (LIVE | {"STRIPE_API_BASE": "https://api.stripe.com.evil.example"}, "not Stripe's own"),
        (LIVE | {"STRIPE_SECRET_KEY": "sk_test_abc"}, "not a live key"),
        (LIVE | {"STRIPE_SECRET_KEY": ""}, "not a live key"),
        (SANDBOX | {"STRIPE_API_BASE": ""}, "neither a live nor a test key"),
        (TEST | {"STRIPE_WEBHOOK_SECRETS": ""}, "STRIPE_WEBHOOK_SECRETS is empty"),
        (TEST | {"STRIPE_WEBHOOK_SECRETS": "whsec_a,,whsec_b"}, "STRIPE_WEBHOOK_SECRETS is empty"),
        (TEST | {"STRIPE_WEBHOOK_SECRETS": "whsec_a, "}, "STRIPE_WEBHOOK_SECRETS is empty"),
        ({"STRIPE_WEBHOOK_SECRETS": ""}, "STRIPE_WEBHOOK_SECRETS is empty"),
        ({"STRIPE_SECRET_KEY": "sk_test_abc"}, "STRIPE_WEBHOOK_SECRETS is empty"),
        (LIVE | {"DEBUG": "1"}, "DEBUG must be off"),
        (LIVE | {"DEBUG": "perhaps"}, "DEBUG must be off"),
        (TEST | {"DEBUG": "maybe"}, "DEBUG is neither on nor off"),
        (SANDBOX | {"DATABASE_POOL": "2"}, "DATABASE_POOL is neither on nor off"),
        (LIVE | {"EMAIL_URL": "consolemail://"}, "E-mail would not reach buyers"),
        (LIVE | {"EMAIL_URL": "filemail:///tmp/mail"}, "E-mail would not reach buyers"),
        (LIVE | {"EMAIL_URL": ""}, "E-mail would not reach buyers"),
        (
            LIVE | {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
            "E-mail would not reach buyers",
        ),
        (LIVE | {"BASE_URL": "http://shop.trinity.example"}, "BASE_URL is not"),
        (LIVE | {"BASE_URL": ""}, "BASE_URL is not"),
        (LIVE | {"SECRET_KEY": "short"}, "SECRET_KEY is shorter"),
        (LIVE | {"SELLER_NAME": " "}, "SELLER_NAME is missing"),
        (LIVE | {"SELLER_ADDRESS": ""}, "SELLER_ADDRESS is missing"),
        (LIVE | {"SELLER_CONTACT": ""}, "SELLER_CONTACT is missing"),
        (TEST | {"TRINITY_MODE": "prod"}, "must be live, test, sandbox or empty"),
        (TEST | {"TRINITY_MODE": "sandbox"}, "correct one of the two"),
    ],
)
def test_what_disagrees_is_refused_in_one_sentence_without_the_key(
    env: dict[str, str], word: str
) -> None:
    found = guards.problems(env)

    assert [word in sentence for sentence in found] == [True]
    assert "abc" not in found[0]
    assert found[0].endswith(".")


def test_live_mode_names_everything_that_is_missing() -> None:
    assert len(guards.problems({"TRINITY_MODE": "live"})) == 7


@pytest.mark.parametrize(
    ("env", "mode"),
    [(LIVE, "live"), (TEST, "test"), (SANDBOX, "sandbox"), ({}, "test")],
)
def test_mode_follows_from_where_calls_go(env: dict[str, str], mode: str) -> None:
    assert guards.mode(env) == mode


@pytest.mark.parametrize(
    ("key", "is_live"),
    [
        ("sk_live_1", True),
        ("rk_live_1", True),
        ("SK_LIVE_1", True),
        (" sk_live_1", True),
        ("sk_org_live_1", True),
        ("sk_org_test_1", False),
        ("sk_test_1", False),
        ("sk_sandbox_live_1", False),
        ("", False),
    ],
)
def test_a_live_key_is_known_by_its_beginning(key: str, is_live: bool) -> None:
    assert guards.is_live_key(key) is is_live


@pytest.mark.parametrize("env", [LIVE, TEST | {"STRIPE_SECRET_KEY": "rk_live_1"}])
def test_commands_that_invent_data_refuse_live_keys(env: dict[str, str]) -> None:
    with pytest.raises(guards.Refused, match=r"^bin/sale refuses to run with a live Stripe key"):
        guards.refuse_live_keys(env, what="bin/sale")


def test_commands_that_invent_data_refuse_live_mode() -> None:
    with pytest.raises(guards.Refused, match="unset TRINITY_MODE"):
        guards.refuse_live_keys({"TRINITY_MODE": "live"}, what="seed_sample")


@pytest.mark.parametrize("env", [{}, SANDBOX, TEST])
def test_commands_that_invent_data_run_elsewhere(env: dict[str, str]) -> None:
    guards.refuse_live_keys(env, what="bin/bench")


@pytest.mark.parametrize("word", ["1", "true", " ON ", "yes", "", "0", "off", "False"])
def test_a_switch_is_on_or_off(word: str) -> None:
    assert guards.problems(TEST | {"DEBUG": word}) == []
