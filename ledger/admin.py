"""The ledger in the admin: to look at. Nothing here can be written, by anybody."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from kernel.admin import LookOnlyAdmin
from ledger.models import (
    AuditEvent,
    Balance,
    LedgerEntry,
    Posting,
    Seal,
    SealedEntry,
    SealKey,
    SpendEvent,
)


class HexAdmin(LookOnlyAdmin):
    """Shows hashes, keys and signatures as hex."""

    hex_fields: tuple[str, ...] = ()

    def get_fields(self, *_: object) -> tuple[str, ...]:
        """Replace each binary column by its hex text."""
        binary = {f"{name}_hex": name for name in self.hex_fields}
        names = [field.name for field in self.opts.fields if field.name not in binary.values()]
        return (*names, *binary)

    @admin.display(description="content hash")
    def content_hash_hex(self, row: LedgerEntry | SealedEntry) -> str:
        """Return the content hash in hex."""
        return bytes(row.content_hash).hex()

    @admin.display(description="public key")
    def public_key_hex(self, row: SealKey) -> str:
        """Return the public key in hex."""
        return bytes(row.public_key).hex()

    @admin.display(description="Merkle root")
    def merkle_root_hex(self, row: Seal) -> str:
        """Return the root in hex."""
        return bytes(row.merkle_root).hex()

    @admin.display(description="previous hash")
    def previous_hash_hex(self, row: Seal) -> str:
        """Return the hash of the seal before in hex."""
        return bytes(row.previous_hash).hex()

    @admin.display(description="seal hash")
    def seal_hash_hex(self, row: Seal) -> str:
        """Return the hash in hex."""
        return bytes(row.seal_hash).hex()

    @admin.display(description="signature")
    def signature_hex(self, row: Seal) -> str:
        """Return the signature in hex."""
        return bytes(row.signature).hex()


class PostingInline(admin.TabularInline):  # type: ignore[type-arg]  # generic only in the stubs
    """The legs of an entry."""

    model = Posting
    fields = ("account", "amount_minor", "currency")
    can_delete = False
    extra = 0

    def has_add_permission(self, *_: object) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, *_: object) -> bool:
        """Return False."""
        return False


class EntryAdmin(HexAdmin):
    """Entries, whole or of one kind."""

    hex_fields = ("content_hash",)
    list_display = ("reference", "event", "subject", "kind", "mode", "recorded_at", "trace")
    list_filter: ClassVar[tuple[str, ...]] = ("kind", "mode")
    search_fields = ("=reference", "=key", "=trace_ref", "=subject")
    search_help_text = "A whole reference, key, trace or subject"
    ordering = ("-id",)
    inlines = (PostingInline,)


class KindAdmin(EntryAdmin):
    """Entries of one kind: the kind is no filter there."""

    list_filter: ClassVar[tuple[str, ...]] = ("mode",)


class PostingAdmin(LookOnlyAdmin):
    """Legs."""

    list_display = ("entry", "account", "amount_minor", "currency")
    list_select_related = ("entry",)
    search_fields = ("=account", "=entry__reference")
    search_help_text = "A whole account, or the reference of an entry"
    ordering = ("-id",)


class SealAdmin(HexAdmin):
    """Seals."""

    hex_fields = ("merkle_root", "previous_hash", "seal_hash", "signature")
    list_display = ("number", "first_position", "last_position", "sealed_at", "key")
    ordering = ("-number",)


class SealedEntryAdmin(HexAdmin):
    """Positions."""

    hex_fields = ("content_hash",)
    list_display = ("position", "entry")
    list_select_related = ("entry",)
    search_fields = ("=entry__reference",)
    ordering = ("-position",)


class SealKeyAdmin(HexAdmin):
    """Public keys."""

    hex_fields = ("public_key",)
    list_display = ("key_id", "first_used_at")


class BalanceAdmin(LookOnlyAdmin):
    """Running balances of what is sealed."""

    list_display = ("mode", "account", "amount_minor", "currency")
    list_filter = ("mode", "currency")
    ordering = ("mode", "currency", "account")


admin.site.register(LedgerEntry, EntryAdmin)
admin.site.register(AuditEvent, KindAdmin)
admin.site.register(SpendEvent, KindAdmin)
admin.site.register(Posting, PostingAdmin)
admin.site.register(Seal, SealAdmin)
admin.site.register(SealedEntry, SealedEntryAdmin)
admin.site.register(SealKey, SealKeyAdmin)
admin.site.register(Balance, BalanceAdmin)
