"""The snapshot that is shown to whoever thinks of buying one: a made-up firm, and pages about it.

It is held to the same rules as every other.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from fulfillment.snapshots.schema import (
    Channel,
    Channels,
    Claim,
    Input,
    Loss,
    Move,
    Moves,
    Overview,
    Quote,
    Reckoning,
    SnapshotV1,
)
from fulfillment.snapshots.sources import Pages, ReadPage

READ_AT: Final = datetime(2026, 10, 19, 9, 12, tzinfo=UTC)


def _page(number: int, url: str, title: str, published_on: date | None, text: str) -> ReadPage:
    return ReadPage(
        reference=f"src_{number:026d}",
        url=f"https://{url}",
        title=title,
        text=text,
        read_at=READ_AT.replace(minute=READ_AT.minute + number),
        published_on=published_on,
    )


ABOUT: Final = _page(
    1,
    "northlight.example/about",
    "Who we are",
    None,
    "Since 2019 we have looked after the books of 140 restaurants and cafés. Most of our clients "
    "come because another owner sent them. Of last year’s new clients 62 % named a referral, 21 % "
    "found us through search, 9 % through our monthly letter, and of the rest we do not know.",
)
BOOKING: Final = _page(
    2,
    "northlight.example/book",
    "Book a free call",
    None,
    "Plans start at $190 a month. To book a free call, tell us about your till system, upload "
    "last year’s return and leave your bank details. We call you back within three days.",
)
CLICKS: Final = _page(
    3,
    "clickguide.example/2026/accounting",
    "What a click costs: accounting, 2026",
    date(2026, 9, 14),
    "In our September sample the average click on “restaurant bookkeeping” cost $6.40, and one "
    "click in every 40 became a call. Prices rose by 8 % against last year.",
)
SURVEY: Final = _page(
    4,
    "tablekeepers.example/survey-2026",
    "How owners choose a bookkeeper: the 2026 survey",
    date(2026, 6, 2),
    "We asked 412 owners who had looked for a bookkeeper online. 71 % left when a form asked for "
    "bank details before a first talk. Those who could pick a time for a call themselves booked "
    "2.3 times as often as those who waited for a call back.",
)
REVIEWS: Final = _page(
    5,
    "townmap.example/northlight-bookkeeping",
    "Northlight Bookkeeping on Townmap",
    None,
    "Northlight Bookkeeping has 18 reviews with an average of 4.9; the latest is from March 2025. "
    "Others nearby: Harbour Ledger (96 reviews, 4.7), Tilly & Sons (41 reviews, 4.4).",
)
PAGES: Final[Pages] = {page.reference: page for page in (ABOUT, BOOKING, CLICKS, SURVEY, REVIEWS)}


def _quote(page: ReadPage, words: str) -> Quote:
    return Quote(source=page.reference, quote=words)


def _input(page: ReadPage, words: str, name: str, figure: str) -> Input:
    return Input(source=page.reference, quote=words, name=name, figure=figure)


_SHARES: Final = _quote(ABOUT, "62 % named a referral, 21 % found us through search, 9 % through")
_LEFT: Final = _quote(SURVEY, "71 % left when a form asked for bank details before a first talk")
_ASKED: Final = _quote(SURVEY, "We asked 412 owners who had looked for a bookkeeper online")
_PER_CALL: Final = Reckoning(
    result="$256",
    formula="click * clicks",
    inputs=[
        _input(CLICKS, "click on “restaurant bookkeeping” cost $6.40", "click", "$6.40"),
        _input(CLICKS, "one click in every 40 became a call", "clicks", "40"),
    ],
)

SNAPSHOT: Final = SnapshotV1(
    overview=Overview(
        company="Northlight Bookkeeping",
        website="northlight.example",
        question="Where do our new clients come from, and why do so few visitors book a call?",
        headline="Owners send you owners. Your own form sends them away.",
        in_short=[
            Claim(
                text="Word of mouth carries the firm: 62 % of last year’s new clients named a "
                "referral.",
                quotes=[_SHARES],
            ),
            Claim(
                text="Search is the dear way in. At $6.40 a click, and a call from one click in "
                "40, each call costs about $256.",
                reckoned=[_PER_CALL],
            ),
            Claim(
                text="The booking form asks for bank details before anybody has spoken. Of 412 "
                "owners in a survey, 71 % left a form that did.",
                quotes=[_ASKED, _LEFT],
            ),
        ],
    ),
    channels=Channels(
        channels=[
            Channel(
                name="Referrals",
                share_percent=62,
                share=Claim(text="62 % of last year’s new clients", quotes=[_SHARES]),
                cost=Claim(
                    text="No money, only goodwill: nobody is thanked, or asked for the next name.",
                    judgement=True,
                ),
            ),
            Channel(
                name="Search",
                share_percent=21,
                share=Claim(text="21 %, clicks and unpaid results together", quotes=[_SHARES]),
                cost=Claim(text="About $256 for each call that is booked", reckoned=[_PER_CALL]),
            ),
            Channel(
                name="Monthly letter",
                share_percent=9,
                share=Claim(text="9 % of last year’s new clients", quotes=[_SHARES]),
                cost=Claim(text="About a working day a month to write it.", judgement=True),
            ),
            Channel(
                name="Reviews and maps",
                share=Claim(text="Not known: nobody asks new clients about it.", judgement=True),
                cost=Claim(
                    text="18 reviews, where the next firm on the map has 96",
                    quotes=[
                        _quote(REVIEWS, "Northlight Bookkeeping has 18 reviews"),
                        _quote(REVIEWS, "Harbour Ledger (96 reviews, 4.7)"),
                    ],
                ),
            ),
        ]
    ),
    loss=Loss(
        steps=["Visit", "Form", "Call", "Offer", "Client"],
        lost_at="Form",
        claims=[
            Claim(
                text="To book a call one uploads last year’s return and leaves bank details, and "
                "then waits for up to three days.",
                quotes=[
                    _quote(BOOKING, "upload last year’s return and leave your bank details"),
                    _quote(BOOKING, "We call you back within three days"),
                ],
            ),
            Claim(
                text="Of 412 owners, 71 % left at exactly this question, before a first talk.",
                quotes=[_ASKED, _LEFT],
            ),
            Claim(
                text="We have not seen your own numbers. Compare the visits to the form with the "
                "calls that were booked, for one month.",
                judgement=True,
            ),
        ],
    ),
    moves=Moves(
        moves=[
            Move(
                title="Ask for bank details after the call",
                why=Claim(
                    text="It is the question at which 71 % of those asked left.", quotes=[_LEFT]
                ),
                effort="hours",
                effort_words="Two fields leave one page. Nothing else changes.",
                effect=Claim(
                    text="Clearly more booked calls from the visitors that you have today. We "
                    "would count them for four weeks before touching anything else.",
                    judgement=True,
                ),
            ),
            Move(
                title="Let owners pick the time themselves",
                why=Claim(
                    text="Owners who could pick a time booked 2.3 times as often as those who "
                    "waited for a call back.",
                    quotes=[
                        _quote(
                            SURVEY,
                            "could pick a time for a call themselves booked 2.3 times as often",
                        )
                    ],
                ),
                effort="days",
                effort_words="One calendar tool, a day to connect it, a day to try it.",
                effect=Claim(
                    text="Fewer calls that come too late. We would not count on the survey’s "
                    "whole difference.",
                    judgement=True,
                ),
            ),
            Move(
                title="Ask ten happy clients for a review",
                why=Claim(
                    text="Your latest review is from March 2025, and the next firm has 96.",
                    quotes=[
                        _quote(REVIEWS, "the latest is from March 2025"),
                        _quote(REVIEWS, "Harbour Ledger (96 reviews, 4.7)"),
                    ],
                ),
                effort="hours",
                effort_words="One letter, sent to ten people by hand.",
                effect=Claim(
                    text="Owners who compare you on the map see fresh praise. It also thanks those "
                    "who send you others.",
                    judgement=True,
                ),
            ),
        ]
    ),
)
