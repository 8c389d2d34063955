from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.weak_secrets import weak_secrets
from trinity import guards
from trinity.stack.home import ROOT

# Put together here, so that no scanner takes them for keys that leaked.
LIVE_TAIL = "51abcQ8vTfW2mZr7LkXn4Hp"
LIVE_KEY = "sk_" + f"live_{LIVE_TAIL}"
WEBHOOK_TAIL = "abc9Kd2mVq7Rw4Tz1Hs8Lp6Yf3Nc"
STRONG = "abcK3jv9Qm2Xr7TzL5wH8nPd4GsYf6BcVtR1kWqEo0ZuMxJi"
SIGNING_KEY = f"{STRONG}hA"
LIVE = {
    "TRINITY_MODE": "live",
    "STRIPE_SECRET_KEY": LIVE_KEY,
    "STRIPE_WEBHOOK_SECRETS": f"whsec_{WEBHOOK_TAIL},whsec_{WEBHOOK_TAIL[::-1]}",
    "EMAIL_URL": "smtp+tls://user:abc8vTfW2mZr@mail.shop.net:587",
    "SELLER_NAME": "Trinity Growth Ltd",
    "SELLER_ADDRESS": "1 Example Street",
    "SELLER_CONTACT": "hello@trinity.example",
    "BASE_URL": "https://shop.trinity.example",
    "SECRET_KEY": SIGNING_KEY,
    "DATABASE_URL": f"postgresql://trinity:{STRONG[:24]}@db.shop.net/trinity",
    "REDIS_URL": f"redis://:{STRONG[24:]}@redis.shop.net:6379/0",
}
SANDBOX = {
    "STRIPE_SECRET_KEY": "sk_sandbox_abc",
    "STRIPE_WEBHOOK_SECRETS": "whsec_abc",
    "STRIPE_API_BASE": "http://127.0.0.1:8002",
}
TEST = {"STRIPE_SECRET_KEY": "sk_test_abc", "STRIPE_WEBHOOK_SECRETS": "whsec_abc"}


@pytest.mark.parametrize(
    "env",
    [
        {},
        LIVE,
        SANDBOX,
        TEST,
        LIVE | {"STRIPE_SECRET_KEY": "rk_" + f"live_{LIVE_TAIL}"},
        LIVE | {"STRIPE_SECRET_KEY": "sk_org_" + f"live_{LIVE_TAIL}"},
        LIVE | {"EMAIL_URL": "smtp+ssl://user:gm4p kqzt vw8r nxyd@smtp.shop.net:465"},
        LIVE | {"EMAIL_URL": "smtp+tls://user:p%C3%A4ssl1k-k%C3%B6nig@smtp.shop.net:587"},
        LIVE | {"EMAIL_URL": "smtp://localhost:25"},
        LIVE | {"ALLOWED_HOSTS": "shop.trinity.example,127.0.0.1"},
        LIVE | {"ALLOWED_HOSTS": ".trinity.example"},
        LIVE | {"SECRET_KEY_FALLBACKS": SIGNING_KEY[::-1]},
        LIVE
        | {
            "DATABASE_URL": "postgresql://trinity@%2Frun%2Fpg/trinity",
            "REDIS_URL": "unix:///r.sock",
        },
    ],
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
        (LIVE | {"SANDBOX_WEB_URL": "http://127.0.0.1:8002"}, "made-up companies; unset it"),
        (TEST | {"SANDBOX_WEB_URL": "http://127.0.0.1:8002"}, "made-up companies; unset it"),
        (
            TEST | {"TRINITY_PROCESS": "mcp", "SANDBOX_WEB_URL": "http://127.0.0.1:8002"},
            "made-up companies; unset it",
        ),
        *(
            (SANDBOX | {"SANDBOX_WEB_URL": address}, "the sandbox on this machine")
            for address in (
                *("http://10.0.0.1:80", "https://127.0.0.1:1", "http://127.0.0.1", "8002"),
                "http://127.0.0.1:x",
            )
        ),
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


WEAK = [
    ("SECRET_KEY", "x", "is shorter than 50"),
    ("SECRET_KEY", "k" * 60, "different characters"),
    ("SECRET_KEY", "0123456789" * 6, "repeats itself"),
    ("SECRET_KEY", "abcK3jv9Qm2Xr7" * 5 + "abc", "repeats itself"),
    ("SECRET_KEY", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "an alphabet"),
    ("SECRET_KEY", f"django-insecure-{STRONG}", "an example's"),
    ("SECRET_KEY", f"changeme{STRONG}", "an example's"),
    ("SECRET_KEY", f'"{SIGNING_KEY}"', "in quotes"),
    ("SECRET_KEY", f"{SIGNING_KEY}\u200b", "nobody sees"),
    ("SECRET_KEY", f"{SIGNING_KEY}\n", "nobody sees"),
    ("SECRET_KEY", "\N{CYRILLIC SMALL LETTER A}" + SIGNING_KEY, "no ASCII"),
    ("SECRET_KEY_FALLBACKS", "k", "is shorter than 50"),
    ("SECRET_KEY_FALLBACKS", f"{SIGNING_KEY[::-1]},o", "Part 2 of SECRET_KEY_FALLBACKS"),
    ("SECRET_KEY_FALLBACKS", f"{SIGNING_KEY[::-1]}, ", "Part 2 of SECRET_KEY_FALLBACKS"),
    ("STRIPE_SECRET_KEY", "sk_live_x", "is shorter than 20"),
    ("STRIPE_SECRET_KEY", "sk_live_...", "an example's"),
    ("STRIPE_SECRET_KEY", "sk_live_\u2026", "an example's"),
    ("STRIPE_SECRET_KEY", "sk_" + "live_" + "k" * 60, "different characters"),
    ("STRIPE_SECRET_KEY", f'"{LIVE_KEY}"', "in quotes"),
    ("STRIPE_SECRET_KEY", f"'{LIVE_KEY}'", "in quotes"),
    ("STRIPE_SECRET_KEY", f"\u201c{LIVE_KEY}\u201d", "in quotes"),
    ("STRIPE_SECRET_KEY", f"\u200b{LIVE_KEY}", "nobody sees"),
    ("STRIPE_SECRET_KEY", f"{LIVE_KEY} ", "a space at an end"),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_...", "an example's"),
    ("STRIPE_WEBHOOK_SECRETS", "x", "does not look like one"),
    ("STRIPE_WEBHOOK_SECRETS", WEBHOOK_TAIL, "does not look like one"),
    ("STRIPE_WEBHOOK_SECRETS", f"whsec_{WEBHOOK_TAIL},whsec_x", "Part 2 of STRIPE_WEBHOOK_SECRETS"),
    ("STRIPE_WEBHOOK_SECRETS", f"whsec_{WEBHOOK_TAIL}, whsec_{STRONG}", "Part 2 of STRIPE_WEB"),
    ("STRIPE_WEBHOOK_SECRETS", "whsec_" + "k" * 40, "different characters"),
    ("DATABASE_URL", "postgresql://trinity:password@localhost:5432/trinity", "an example's"),
    ("DATABASE_URL", "postgresql://trinity:@postgres:5432/trinity", "is empty"),
    ("DATABASE_URL", "postgresql://trinity:abc@db/trinity", "is shorter than 16"),
    ("DATABASE_URL", "postgresql://trinity@db/trinity?password=abc", "is shorter than 16"),
    ("REDIS_URL", "redis://:@redis:6379/0", "is empty"),
    ("REDIS_URL", "redis://:password@localhost:6379/0", "an example's"),
    ("REDIS_URL", "rediss://x:abcabcabcabcabcabc@r:6379/0", "different characters"),
    ("EMAIL_URL", "smtp+tls://user:password@mail.example.com:587", "an example's"),
    ("EMAIL_URL", "smtp+tls://user:@mail.shop.net:587", "is empty"),
    ("EMAIL_URL", "smtp://user:abc8vTfW2mZr@mail.shop.net:587", "in clear"),
    ("EMAIL_URL", "SMTP://mail.shop.net:25", "in clear"),
    ("EMAIL_URL", "smtp+tls://u:abc8vTfW2mZr@mail.shop.net:587?email_use_tls=0", "in clear"),
    ("REDIS_PASSWORD", "abc", "is shorter than 16"),
    ("TRINITY_DB_PASSWORD", "abc", "is shorter than 16"),
    ("POSTGRES_PASSWORD", "abc", "is shorter than 16"),
    ("ALLOWED_HOSTS", "*", "are not the shop's"),
    ("ALLOWED_HOSTS", "shop.trinity.example,*", "are not the shop's"),
    ("ALLOWED_HOSTS", "shop.trinity.example,*.abc.net", "are not the shop's"),
    ("ALLOWED_HOSTS", "shop.trinity.example,.net", "are not the shop's"),
    ("ALLOWED_HOSTS", "abc.trinity.example", "does not name the host of BASE_URL"),
    ("ALLOWED_HOSTS", " shop.trinity.example", "does not name the host of BASE_URL"),
]


@pytest.mark.parametrize(("name", "value", "word"), WEAK)
def test_live_mode_refuses_a_secret_that_is_none_and_says_which(
    name: str, value: str, word: str
) -> None:
    found = guards.problems(LIVE | {name: value})

    assert [name in sentence and word in sentence for sentence in found] == [True]
    assert "abc" not in found[0]
    assert found[0].endswith(".")


@pytest.mark.parametrize("key", [f'"{LIVE_KEY}"', f"\u200b{LIVE_KEY}", f"\ufeff'{LIVE_KEY}'"])
def test_a_live_key_in_quotes_is_still_sent_nowhere_else(key: str) -> None:
    (refusal,) = guards.problems(SANDBOX | {"STRIPE_SECRET_KEY": key})

    assert "STRIPE_API_BASE is not Stripe's own" in refusal


def test_what_the_example_file_shows_is_no_secret() -> None:
    shown = re.findall(r"^#([A-Z_]+)=(\S+)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    secrets = {name: value for name, value in shown if weak_secrets({name: value})}

    assert set(secrets) == {
        *("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "EMAIL_URL"),
        *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"),
    }


@given(random=st.binary(min_size=48, max_size=48))
def test_random_bytes_are_a_good_secret(random: bytes) -> None:
    """As ``openssl rand`` prints them; hypothesis prefers simple ones, which a hash undoes."""
    good = hashlib.sha512(random).digest()[:48]

    assert weak_secrets({"SECRET_KEY": base64.b64encode(good).decode()}) == []
    assert weak_secrets({"REDIS_PASSWORD": good[:24].hex()}) == []


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
@pytest.mark.parametrize("name", guards.SWITCHES)
def test_a_switch_is_on_or_off(name: str, word: str) -> None:
    assert guards.problems(TEST | {name: word}) == []


@pytest.mark.parametrize("word", ["ok", "2", "yep", "on!", "true false", "enabled", "١", "0x1"])
@pytest.mark.parametrize("name", ["LIVE_SPEND", "LIVE_OUTREACH"])
@pytest.mark.parametrize("process", ["", "web", "mcp", "worker-tools"])
def test_a_gate_takes_no_other_word(name: str, word: str, process: str) -> None:
    """Also none that the reader of settings would take for yes."""
    for env in (LIVE, TEST):
        [said] = guards.problems(env | {name: word, "TRINITY_PROCESS": process})
        assert said == f"{name} is neither on nor off; write {name}=1 or {name}=0."


FLOORS = sorted(guards.LIVE_FLOORS_S.items())
CEILINGS = sorted(guards.LIVE_CEILINGS.items())


@pytest.mark.parametrize(("name", "least"), FLOORS)
def test_live_mode_leaves_people_their_seconds(name: str, least: int) -> None:
    sentence = f"{name} is shorter than {least}; in live mode people have at least so many seconds."

    for good in ("", str(least), f" {least} ", str(least * 10)):
        assert guards.problems(LIVE | {name: good}) == []
    for bad in (str(least - 1), "0", "-60", "sixty", "60.0", "٦٠", "1e3"):
        assert guards.problems(LIVE | {name: bad}) == [sentence]
        assert guards.problems(TEST | {name: bad}) == []


@pytest.mark.parametrize(("name", "most"), CEILINGS)
@pytest.mark.parametrize("process", ["web", "mcp"])
def test_live_mode_bounds_what_a_run_may_do(name: str, most: int, process: str) -> None:
    """The process that counts the calls is asked too, which is given nothing to sell with."""
    env = LIVE | {"TRINITY_PROCESS": process}

    for good in ("", "0", "1", str(most)):
        assert guards.problems(env | {name: good}) == []
    for bad in (str(most + 1), "-1", "many", "1e9", "٣"):
        [said] = guards.problems(env | {name: bad})
        assert said == f"{name} is more than {most}; in live mode no run may do so much."
