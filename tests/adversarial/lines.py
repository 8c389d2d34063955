"""Each line that an attacker tries, and the tests that try it.

Their oracle is the sandbox's own records and the rows as they stand, never a verdict of ours.
Effects without authorization: 0. Legitimate actions that were denied: 0 (``test_legitimate``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_AGENT: Final = "toolrouter/test_hostile_agent.py"
_APPROVER: Final = "approvals/test_hostile_approver.py"
_PAGE: Final = "approvals/test_request_pages.py"
_USE: Final = "approvals/test_consume.py"
_CLAIM: Final = "toolrouter/approving/test_stricter_at_the_claim.py"
_ASKING: Final = "toolrouter/approving/test_asking_people.py"
_GATES: Final = "toolrouter/spending/test_gates.py"
_BOUGHT: Final = "adversarial/test_confused_purchases.py"
_NOBODY: Final = f"{_BOUGHT}::test_nobody_is_asked_about_a_purchase_that_can_be_read_in_two_ways"
_WORDS: Final = f"{_AGENT}::test_nothing_is_written_for_arguments_that_are_confused"
_SWAPPED: Final = f"{_CLAIM}::test_what_was_swapped_past_us_is_denied_and_nothing_is_made"
_TWO_WAYS: Final = "trinity/serving/test_mcp.py::test_what_can_be_read_in_two_ways_is_not_read"

LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "confused amounts, over the wire": (_NOBODY, _WORDS, _TWO_WAYS),
    "duplicate keys, lone surrogates, thirty digits": (_NOBODY, _WORDS, _TWO_WAYS),
    "currency in another case, and what looks like it": (_NOBODY,),
    "added and dropped fields": (
        _NOBODY,
        "trinity/serving/test_mcp.py::test_a_tool_that_nobody_has_and_a_field_too_many_are_refused",
        f"{_USE}::test_a_field_less_is_something_else",
    ),
    "invisible characters in every shown string": (
        _NOBODY,
        "kernel/test_shown_text.py"
        "::test_of_all_that_unicode_has_no_control_format_or_ignored_character_is_shown",
    ),
    "provider, operation, project, run, mode swapped between approval and execution": (
        _SWAPPED,
        f"{_USE}::test_nothing_else_runs_under_it",
        f"{_USE}::test_a_changed_column_is_found_or_keeps_it_from_running",
        f"{_CLAIM}::test_another_key_than_the_approved_one_makes_nothing",
        f"{_CLAIM}::test_another_address_than_the_approved_one_makes_nothing",
    ),
    "words and content swapped between approval and execution": (
        _SWAPPED,
        f"{_APPROVER}::test_what_somebody_wrote_over_what_was_shown_is_not_decided_by",
    ),
    "a key used again": (
        f"{_AGENT}::test_keys_reused_at_once_for_other_words_write_one_note",
        f"{_AGENT}::test_one_key_at_once_is_one_call",
    ),
    "a second call under a fresh key after an approval": (
        f"{_ASKING}::test_the_same_key_is_the_same_request_and_another_key_a_duplicate",
        f"{_AGENT}::test_the_same_words_at_once_under_fresh_keys_write_one_note",
    ),
    "expired, revoked, consumed and foreign approvals": (
        f"{_CLAIM}::test_after_its_time_it_is_not_made",
        f"{_CLAIM}::test_revoked_it_is_not_made",
        f"{_USE}::test_what_was_approved_is_used_once",
        f"{_USE}::test_nothing_else_runs_under_it",
        "toolrouter/approving/test_one_effect.py::test_run_again_and_again_there_is_one",
    ),
    "self-approval": (
        "approvals/test_decide.py::test_whoever_asked_never_decides_whoever_else_the_code_asks",
        f"{_APPROVER}::test_who_asked_decides_nothing_on_the_page_and_after_the_column_was_blanked",
    ),
    "an approver named by the caller": (_NOBODY, _WORDS),
    "a demoted approver": (
        f"{_CLAIM}::test_a_demoted_approver_approves_nothing",
        f"{_APPROVER}::test_somebody_demoted_while_the_page_is_open_decides_nothing",
    ),
    "a replayed code or signature": (
        f"{_PAGE}::test_a_code_decides_once",
        f"{_PAGE}::test_a_signature_for_one_request_decides_no_other",
        f"{_APPROVER}::test_one_code_at_once_for_several_requests_decides_one",
        f"{_APPROVER}::test_a_signature_that_was_given_is_given_once",
    ),
    "a replayed token": (
        "toolrouter/test_dead_tokens.py"
        "::test_a_revoked_token_is_told_nothing_not_even_what_its_run_already_knows",
        "trinity/serving/test_mcp.py::test_a_token_that_ended_is_told_so_in_words_and_never_by_401",
        f"{_AGENT}::test_another_runs_code_is_refused_by_every_tool_and_written_down",
    ),
    "LIVE_SPEND opened by the environment or by an adapter": (
        f"{_GATES}::test_the_environment_of_a_process_that_runs_already_opens_nothing",
        f"{_GATES}::test_an_adapter_that_was_put_in_opens_no_gate_and_proves_nothing",
        f"{_GATES}::test_the_gate_of_outreach_opens_no_spend",
    ),
    "LIVE_SPEND opened by a header or an argument": (
        _NOBODY,
        "adversarial/test_headers.py::test_no_header_opens_a_gate_or_names_who_asks",
    ),
    "injection through the public form": (
        "crm/test_tools.py::test_before_it_is_accepted_an_agent_sees_typed_fields_and_no_word",
        "toolrouter/test_outgoing.py::test_a_marker_that_commands_is_removed_however_it_is_written",
        f"{_APPROVER}::test_what_an_agent_writes_is_text_on_every_page",
    ),
    "any one column changed by SQL": (
        "adversarial/test_each_column.py::test_any_one_column_that_was_changed_past_us_is_found",
    ),
    "a flood": (
        "toolrouter/test_dead_tokens.py::"
        "test_a_flood_by_a_revoked_token_writes_five_rows_and_takes_nothing_from_the_good_one",
        "trinity/serving/test_strangers.py"
        "::test_a_flood_of_wrong_tokens_costs_thirty_look_ups_and_good_ones_are_served",
        f"{_ASKING}::test_ten_requests_of_a_run_wait_and_no_more",
    ),
}
