"""Who trusts what: keys that nobody vouches for, and a log that is not what we wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ledger import content, providers
from ledger.adapters.key_file import KeyFile
from ledger.chain import rotation_message
from ledger.exchanges.seals import publish_heads, seal_batch
from ledger.models import LedgerEntry, Seal
from ledger.operations import audit
from ledger.ports import HeadsBroken, HeadsShortened, HeadsUnreadable, SealKeyRetired, key_id
from ledger.queries.seals import HeadsGone
from ledger.queries.verification import verify
from ledger.usecases.rotate_seal_key import RotationNotSealed, rotate_seal_key
from tests.ledger.conftest import cheat
from tests.ledger.entries import check, own_key, paid, seal
from tests.ledger.reports import codes, line_of, named, said

pytestmark = pytest.mark.django_db(transaction=True)

UNSEAL = (
    "DELETE FROM ledger_seal; DELETE FROM ledger_sealedentry; DELETE FROM ledger_sealkey;"
    "DELETE FROM ledger_balance; DELETE FROM ledger_unsealedentry;"
)


def seal_all_anew(settings: Any, signer: KeyFile, reference: str) -> None:
    """Change an entry and sign all history with ``signer``, heads included, as if it were ours."""
    entry_id = LedgerEntry.objects.get(reference=reference).pk
    cheat(f"{UNSEAL} UPDATE ledger_ledgerentry SET event = 'order.repaid' WHERE id = {entry_id};")
    fresh = content.content_hash(line_of(entry_id)).hex()
    cheat(
        f"UPDATE ledger_ledgerentry SET content_hash = '\\x{fresh}' WHERE id = {entry_id};"
        "INSERT INTO ledger_unsealedentry SELECT id FROM ledger_ledgerentry"
    )
    while seal_batch(signer=signer, now=timezone.now(), batch_max=3):
        pass
    settings.SEALS_LOG.unlink()
    Path(f"{settings.SEALS_LOG}.mark").unlink(missing_ok=True)  # whoever knows of it takes it too
    publish_heads(sink=providers.head_sink(), begins_anew=True)


def test_history_signed_anew_with_a_foreign_key_does_not_verify(
    references: list[str], settings: Any, tmp_path: Path
) -> None:
    """Also where heads, and the keys that come with them, were written anew with it."""
    forger = KeyFile.load_or_make(tmp_path / "forged.key")

    seal_all_anew(settings, forger, references[0])

    assert codes(check()) == {"key_unknown": 4}
    with pytest.raises(SystemExit):
        call_command("verify_ledger")


def test_keys_in_the_setting_are_trusted_and_the_file_is_not(
    references: list[str], settings: Any, tmp_path: Path
) -> None:
    settings.SEAL_PUBLIC_KEYS = [own_key().hex()]
    assert check().is_good
    forger = KeyFile.load_or_make(tmp_path / "forged.key")
    seal_all_anew(settings, forger, references[0])
    providers.pin_file().add(forger.public_key, why="forged", now=timezone.now())

    assert codes(check()) == {"key_unknown": 4}
    with pytest.raises(CommandError, match="add the key there"):
        call_command("pin_seal_key", forger.public_key.hex())


@pytest.mark.usefixtures("references")
def test_an_emptied_file_of_pins_is_a_finding_and_is_not_filled_again(settings: Any) -> None:
    settings.SEAL_KEY_FILE.with_name("seal.pins").write_text("")
    paid()
    seal()

    report = check()

    assert codes(report) == {"key_unknown": 4, "no_key_pinned": 1}
    assert providers.pinned_keys() == []


def test_the_keys_of_0_1_are_pinned_by_the_first_sealing_and_to_be_compared(
    settings: Any, tmp_path: Path
) -> None:
    """0.1 had no pins, rotated without an introduction, and kept less in its log."""
    pins, older = settings.SEAL_KEY_FILE.with_name("seal.pins"), own_keys_of_0_1(tmp_path, settings)
    paid()

    seal()

    assert {key_id(key) for key in providers.pinned_keys()} == older
    assert pins.read_text().count("found in seals.log: compare it with what you published") == 2
    assert check().is_good


def own_keys_of_0_1(tmp_path: Path, settings: Any) -> set[str]:
    """Seal with two keys, one after the other, and keep heads as 0.1 did; return their ids."""
    keys = [
        KeyFile.load_or_make(tmp_path / "first.key"),
        KeyFile.load_or_make(tmp_path / "seal.key"),
    ]
    for key in keys:
        paid()
        seal_batch(signer=key, now=timezone.now())
    publish_heads(sink=providers.head_sink(), begins_anew=True)
    kept = ("seal", "last_position", "seal_hash", "sealed_at", "key_id", "public_key")
    lines = [json.loads(line) for line in settings.SEALS_LOG.read_text().splitlines()]
    settings.SEALS_LOG.write_text(
        "".join(json.dumps({name: line[name] for name in kept}) + "\n" for line in lines)
    )
    Path(f"{settings.SEALS_LOG}.mark").unlink()
    return {key_id(key.public_key) for key in keys}


@pytest.mark.usefixtures("references")
def test_a_rotation_without_the_old_key_is_named_until_its_key_is_pinned(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SEAL_KEY_FILE.unlink()
    with pytest.raises(CommandError, match="bring it back; --lost makes another one"):
        call_command("rotate_seal_key")
    call_command("rotate_seal_key", "--lost")
    paid()
    seal()

    report = check()

    new_key = own_key()
    assert codes(report) == {"key_unknown": 1, "key_not_introduced": 1}
    assert named(report, "key_not_introduced") == [f"key {key_id(new_key)[:16]}"]
    assert "without the old key, from seal 4 on" in said(report, "key_not_introduced")

    call_command("pin_seal_key", new_key.hex())
    assert check().is_good
    assert f"{new_key.hex()}  key {key_id(new_key)[:16]}" in capsys.readouterr().out


def test_a_lost_key_cannot_be_replaced_where_none_is_lost() -> None:
    with pytest.raises(CommandError, match="nothing was sealed yet"):
        call_command("rotate_seal_key", "--lost")
    paid()
    seal()
    with pytest.raises(CommandError, match="the key is there"):
        call_command("rotate_seal_key", "--lost")


def introduce(old: str, new: str, signature: bytes) -> None:
    """Write what a rotation writes, by hand."""
    audit(
        actor_id=None,
        event="seal_key.rotated",
        subject=f"key:{new[:16]}",
        facts={
            "old_key": old,
            "new_key": new,
            "signature_r": signature[:32].hex(),
            "signature_s": signature[32:].hex(),
        },
        now=timezone.now(),
    )


@pytest.mark.usefixtures("references")
def test_an_entry_that_somebody_else_wrote_introduces_no_key(tmp_path: Path) -> None:
    """The sealer seals whatever stands in the table: the old key itself must have signed."""
    forger = KeyFile.load_or_make(tmp_path / "forged.key")
    old, new = key_id(own_key()), key_id(forger.public_key)
    introduce(old, new, forger.sign(rotation_message(old_key=old, new_key=new)))
    seal()
    paid()
    seal_batch(signer=forger, now=timezone.now())
    publish_heads(sink=providers.head_sink())

    assert codes(check()) == {"key_unknown": 1}


@pytest.mark.usefixtures("references")
def test_a_stolen_key_that_was_rotated_away_introduces_none_and_seals_nothing_more(
    settings: Any, tmp_path: Path
) -> None:
    stolen = KeyFile.load(settings.SEAL_KEY_FILE)
    rotate_seal_key(actor_id=None, now=timezone.now())
    paid()
    seal()
    forger = KeyFile.load_or_make(tmp_path / "forged.key")
    old, new = key_id(stolen.public_key), key_id(forger.public_key)
    introduce(old, new, stolen.sign(rotation_message(old_key=old, new_key=new)))
    seal()
    paid()

    with pytest.raises(SealKeyRetired, match="was rotated away"):
        seal_batch(signer=stolen, now=timezone.now())
    seal_batch(signer=forger, now=timezone.now())
    publish_heads(sink=providers.head_sink())
    assert codes(check()) == {"key_unknown": 1}


@pytest.mark.usefixtures("references")
def test_a_seal_of_a_key_that_was_rotated_away_is_found(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stolen = KeyFile.load(settings.SEAL_KEY_FILE)
    rotate_seal_key(actor_id=None, now=timezone.now())
    paid()
    seal()
    paid()
    monkeypatch.setattr("ledger.exchanges.seals._check_newest", lambda *_, **__: None)
    seal_batch(signer=stolen, now=timezone.now())
    publish_heads(sink=providers.head_sink())

    report = check()

    assert codes(report) == {"key_retired": 1}
    assert named(report, "key_retired") == [f"seal {Seal.objects.latest('number').number}"]


def test_a_rotation_that_broke_off_goes_on(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    paid()
    seal()
    before = settings.SEAL_KEY_FILE.read_bytes()
    monkeypatch.setattr("ledger.usecases.rotate_seal_key.seal_due", lambda **_: 0)
    with pytest.raises(RotationNotSealed):
        rotate_seal_key(actor_id=7, now=timezone.now(), pause=lambda _: None)
    assert settings.SEAL_KEY_FILE.read_bytes() == before
    monkeypatch.undo()
    waiting = KeyFile.load(settings.SEAL_KEY_FILE.with_name("seal.key.next"))

    new_id = rotate_seal_key(actor_id=8, now=timezone.now())

    assert new_id == key_id(waiting.public_key) == key_id(own_key())
    assert LedgerEntry.objects.filter(event="seal_key.rotated").count() == 1
    paid()
    seal()
    assert check().is_good


def spoil(settings: Any, change: Callable[[list[str]], list[str]]) -> None:
    lines = settings.SEALS_LOG.read_text().splitlines(keepends=True)
    settings.SEALS_LOG.write_text("".join(change(lines)))


def with_fields(line: str, **changes: Any) -> str:
    return json.dumps({**json.loads(line), **changes}) + "\n"


FOREIGN = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
LOG_CHANGES: dict[str, tuple[Callable[[list[str]], list[str]], set[str]]] = {
    "a line is gone from the middle": (lambda a: [a[0], a[2]], {"heads_missing"}),
    "the first line is gone": (lambda a: a[1:], {"heads_missing"}),
    "the last line is gone": (lambda a: a[:2], {"heads_shortened"}),
    "the last line is torn": (lambda a: [*a[:2], a[2][:-9]], {"heads_shortened"}),
    "it is empty": (lambda _: [], {"heads_shortened"}),
    "a time": (
        lambda a: [a[0], with_fields(a[1], sealed_at="2020-01-01T00:00:00+00:00"), a[2]],
        {"head_changed"},
    ),
    "a position": (lambda a: [a[0], with_fields(a[1], last_position=5), a[2]], {"head_changed"}),
    "a hash": (
        lambda a: [a[0], with_fields(a[1], seal_hash="00" * 32), a[2]],
        {"head_changed", "head_differs"},
    ),
    "a root": (lambda a: [a[0], with_fields(a[1], merkle_root="00" * 32), a[2]], {"head_changed"}),
    "a signature": (
        lambda a: [a[0], with_fields(a[1], signature="00" * 64), a[2]],
        {"head_changed"},
    ),
    "no signature": (
        lambda a: [a[0], with_fields(a[1], signature="", last_position=5), a[2]],
        {"head_changed"},
    ),
    "a key": (
        lambda a: [
            a[0],
            with_fields(a[1], public_key=FOREIGN.hex(), key_id=key_id(FOREIGN)),
            a[2],
        ],
        {"head_changed"},
    ),
    "a number that is none": (
        lambda a: [a[0], a[1].replace('"seal": 2', '"seal": 1e999'), a[2]],
        {"heads_unreadable"},
    ),
    "a line that nests": (lambda a: [*a, "[" * 200_000 + "\n"], {"heads_unreadable"}),
    "a line without end": (lambda a: [*a, "[" * 200_000], {"heads_unreadable"}),
}  # fmt: skip


@pytest.mark.parametrize("name", LOG_CHANGES)
@pytest.mark.usefixtures("references")
def test_an_edit_of_the_log_is_found_at_once(name: str, settings: Any) -> None:
    change, expected = LOG_CHANGES[name]
    spoil(settings, change)

    assert set(codes(check())) == expected


@pytest.mark.parametrize("name", [name for name in LOG_CHANGES if name != "a signature"])
@pytest.mark.usefixtures("references")
def test_nothing_is_sealed_after_a_log_that_was_edited(name: str, settings: Any) -> None:
    """A signature in the middle is the one thing that reading the log alone cannot judge."""
    spoil(settings, LOG_CHANGES[name][0])
    spoiled = settings.SEALS_LOG.read_text()
    paid()

    with pytest.raises((HeadsUnreadable, HeadsGone)):
        seal()

    assert Seal.objects.count() == 3
    assert settings.SEALS_LOG.read_text() == spoiled


@pytest.mark.parametrize("spoiled", ["1e999", "[" * 200_000, None])
@pytest.mark.parametrize("name", ["seals.log", "seals.log.mark"])
@pytest.mark.usefixtures("references")
def test_what_cannot_be_read_at_all_is_a_finding_and_nothing_is_sealed(
    name: str, spoiled: str | None, settings: Any
) -> None:
    """Also a folder in its place: a report that breaks off would hide all else."""
    path = settings.SEALS_LOG.with_name(name)
    path.unlink()
    if spoiled is None:
        path.mkdir()
    else:
        path.write_text(f'{{"seal": {spoiled}}}\n')

    assert set(codes(check())) == {"heads_unreadable"}
    with pytest.raises(HeadsUnreadable):
        seal()


@pytest.mark.usefixtures("references")
def test_a_log_that_went_with_its_mark_is_found_at_once(settings: Any) -> None:
    settings.SEALS_LOG.unlink()
    Path(f"{settings.SEALS_LOG}.mark").unlink()
    paid()

    assert codes(check()) == {"heads_gone": 1}
    with pytest.raises(HeadsGone, match="find out where the seals log went"):
        seal()
    with pytest.raises(CommandError, match="seal_ledger --new-log"):
        call_command("seal_ledger")
    assert not settings.SEALS_LOG.exists() or settings.SEALS_LOG.read_text() == ""

    call_command("seal_ledger", "--new-log")
    assert check().is_good


@pytest.mark.usefixtures("references")
def test_a_log_put_in_the_place_of_ours_is_refused(settings: Any) -> None:
    path = settings.SEALS_LOG
    theirs = [with_fields(line, seal_hash="00" * 32) for line in path.read_text().splitlines()]
    path.write_text("".join(theirs))
    paid()

    with pytest.raises(HeadsBroken):
        seal()
    cut = path.read_text().splitlines(keepends=True)[:1]
    path.write_text("".join(cut))
    with pytest.raises((HeadsBroken, HeadsShortened)):
        seal()


@pytest.mark.usefixtures("references")
def test_who_verifies_looks_or_serves_pages_never_opens_the_private_half(settings: Any) -> None:
    """Opening the key here would raise: a folder stands in its place."""
    settings.SEAL_KEY_FILE.unlink()
    settings.SEAL_KEY_FILE.mkdir()

    assert check().is_good
    call_command("verify_ledger")
    assert Client().get("/.well-known/trinity-ledger-keys.json").status_code == 200
    with pytest.raises(IsADirectoryError):
        seal()


@pytest.mark.usefixtures("references")
def test_a_report_says_which_heads_are_missing(settings: Any) -> None:
    spoil(settings, lambda lines: [lines[0], lines[2]])

    report = verify(
        heads=providers.head_sink().heads(),
        public_keys=providers.pinned_keys(),
        now=timezone.now(),
    )

    assert said(report, "heads_missing") == "the heads of seals 2 to 2 are no longer kept outside"
