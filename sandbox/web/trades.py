"""What made-up companies do: eight trades, each with its own words, prices and troubles."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One kind of company. ``words`` in a name say that it is of this kind."""

    words: tuple[str, ...]
    makes: str  # "scheduling software for dental practices"
    promise: str
    buyer: str  # one customer, and several
    buyers: str
    unit: str  # what a price is for
    plans: tuple[tuple[str, int, str], ...]
    partner: str  # who else sends customers
    paid: str  # where it advertises
    search: str  # what people search for when they find it
    steps: tuple[str, str, str, str]  # from the first look to the first payment
    lost_at: int  # the step before which most leave
    lost_why: str
    cases: tuple[tuple[str, str], ...]  # a customer, and what came of it for them


TRADES: Final = (
    Trade(
        words=("dental", "dentist", "practice", "clinic", "health", "care", "medical"),
        makes="scheduling software for dental practices",
        promise="Fewer empty chairs. Patients book, move and confirm appointments by themselves.",
        buyer="practice",
        buyers="practices",
        unit="a month for each practice",
        plans=(
            ("Chair", 59, "one dentist, online booking, reminders by text message"),
            ("Practice", 129, "up to six dentists, waiting list, recalls"),
            ("Group", 290, "several locations, one calendar, reports"),
        ),
        partner="dealers of dental equipment",
        paid="advertisements beside search results",
        search="how to reduce no-shows",
        steps=("opened the pricing page", "began a trial", "connected a calendar", "paid"),
        lost_at=2,
        lost_why="the trial cannot be used before the practice's own calendar is connected, which"
        " needs the administrator of the practice's software",
        cases=(
            ("Larkspur Row Dental", "cut missed appointments from 11 to 4 in a hundred"),
            (
                "Old Mill Orthodontics",
                "fills two cancelled appointments a day from its list",
            ),
            ("The Harbour Street Practice", "spends six hours less on the telephone each week"),
        ),
    ),
    Trade(
        words=("bike", "bikes", "cycle", "cycles", "ride", "wheel", "wheels", "velo"),
        makes="city bicycles, sold directly and through workshops",
        promise="A bicycle that is ready on the day you order it, and serviced around the corner.",
        buyer="rider",
        buyers="riders",
        unit="once, service for the first year included",
        plans=(
            ("Clerk", 690, "seven gears, steel frame, mudguards"),
            ("Courier", 940, "eight gears, hub brake, front rack"),
            ("Porter", 1890, "electric assist, 60 kilometres on a charge"),
        ),
        partner="independent workshops",
        paid="video advertisements",
        search="city bike with low maintenance",
        steps=("opened a bicycle's page", "chose a size", "saw the delivery date", "paid"),
        lost_at=1,
        lost_why="the size guide asks for inseam and arm length, and there is nobody to ask",
        cases=(
            ("Tamsin, Port Ellory", "sold her second car after one winter"),
            ("The Quayside Nursery", "carries two children and lunch on each of its four Porters"),
            ("Ferrant Couriers", "had one puncture a bicycle in a year"),
        ),
    ),
    Trade(
        words=("bakery", "bread", "food", "foods", "kitchen", "coffee", "roast", "roasters", "tea"),
        makes="coffee by subscription for small offices",
        promise="Good coffee on the first Tuesday of the month, and nobody has to think of it.",
        buyer="office",
        buyers="offices",
        unit="a month for each office",
        plans=(
            ("Desk", 38, "one kilogram, two roasts"),
            ("Floor", 96, "three kilograms, grinder on loan"),
            ("House", 210, "eight kilograms, two machines serviced"),
        ),
        partner="office managers' associations",
        paid="sponsored posts for office managers",
        search="coffee subscription for office",
        steps=("opened the plans", "said how many people", "chose a machine", "paid"),
        lost_at=2,
        lost_why="the choice between eleven machines comes before any price is shown",
        cases=(
            (
                "Wren and Daughters, solicitors",
                "stopped buying capsules and saved 84 dollars a month",
            ),
            ("Studio Halyard", "has had the same two roasts for three years, by vote"),
            ("Ellory Savings", "serves 140 people with two machines"),
        ),
    ),
    Trade(
        words=(
            "school",
            "academy",
            "learn",
            "learning",
            "language",
            "languages",
            "tutor",
            "skills",
        ),
        makes="evening language courses for people at work",
        promise="Speak with colleagues in ninety days. Six people in a class, twice a week.",
        buyer="learner",
        buyers="learners",
        unit="for a course of twelve weeks",
        plans=(
            ("Circle", 240, "six people, two evenings a week"),
            ("Pair", 520, "two people, own pace"),
            ("Company", 1900, "a class of eight at your office"),
        ),
        partner="personnel departments that pay for courses",
        paid="sponsored posts",
        search="evening language course for work",
        steps=("opened a course", "took the level test", "chose an evening", "paid"),
        lost_at=1,
        lost_why="the level test has 48 questions and its result comes by e-mail a day later",
        cases=(
            ("Odile, nurse", "took her first hand-over in her new language after ten weeks"),
            ("Brask Shipping", "sent 31 people and kept one teacher for two years"),
            ("Iwan, cook", "moved to Port Ellory with a contract in his pocket"),
        ),
    ),
    Trade(
        words=("books", "ledger", "tax", "accounting", "account", "finance", "pay", "invoice"),
        makes="bookkeeping software for people who work alone",
        promise="Photograph the receipt. The quarter is ready when you are.",
        buyer="freelancer",
        buyers="freelancers",
        unit="a month",
        plans=(
            ("Solo", 12, "receipts, invoices, the quarterly return"),
            ("Solo Plus", 24, "bank connection, reminders for unpaid invoices"),
            ("With a person", 79, "a bookkeeper answers within a working day"),
        ),
        partner="tax advisers who invite their clients",
        paid="advertisements beside search results",
        search="how to write an invoice",
        steps=("opened the pricing page", "made an account", "connected a bank", "paid"),
        lost_at=2,
        lost_why="people are asked to connect a bank account before they have seen one invoice",
        cases=(
            ("Jonah, illustrator", "does the quarter in forty minutes, before it was two days"),
            ("Petra, translator", "was paid eleven days sooner on average"),
            ("Kite and Anchor, two architects", "left their spreadsheet after nine years"),
        ),
    ),
    Trade(
        words=(
            "garden",
            "gardens",
            "plant",
            "plants",
            "green",
            "seed",
            "seeds",
            "flower",
            "flowers",
        ),
        makes="balcony plants, delivered grown and potted",
        promise="A balcony in one delivery. What dies in the first summer is replaced.",
        buyer="household",
        buyers="households",
        unit="for a balcony, delivered",
        plans=(
            ("Sill", 45, "three herbs, one box"),
            ("Balcony", 145, "nine plants for sun or shade"),
            ("Roof", 490, "plan, pots, planting on the day"),
        ),
        partner="housing associations",
        paid="picture advertisements in spring",
        search="plants for a balcony without sun",
        steps=("opened a set", "said where the sun is", "chose a day", "paid"),
        lost_at=3,
        lost_why="the delivery fee of 19 dollars is shown only on the last page",
        cases=(
            ("A house of 40 flats at Gull Lane", "ordered for every balcony at once"),
            ("Mireille", "had tomatoes until November"),
            ("Café Ostler", "has its terrace planted each April"),
        ),
    ),
    Trade(
        words=("software", "cloud", "data", "tech", "digital", "labs", "systems", "app", "apps"),
        makes="stock-keeping software for workshops and small makers",
        promise="Know what is on the shelf without counting it.",
        buyer="workshop",
        buyers="workshops",
        unit="a month for each workshop",
        plans=(
            ("Bench", 29, "one place, 500 parts"),
            ("Workshop", 79, "three places, orders to suppliers"),
            ("Works", 249, "production plans, several people at once"),
        ),
        partner="suppliers who connect their catalogues",
        paid="advertisements beside search results",
        search="inventory spreadsheet template",
        steps=("opened the product tour", "made an account", "imported a parts list", "paid"),
        lost_at=2,
        lost_why="a parts list is accepted in one format only, and most arrive as spreadsheets",
        cases=(
            ("Hollis Violins", "found 3,100 dollars of wood it had forgotten"),
            ("Ferrant Engines", "orders bearings by itself, on Thursdays"),
            ("Two Lamps", "moved house with 1,900 parts and lost none"),
        ),
    ),
    Trade(
        words=(),
        makes="help for small companies that want their customers to come back",
        promise="We look at your last hundred customers and say which next hundred will stay.",
        buyer="company",
        buyers="companies",
        unit="a month",
        plans=(
            ("Look", 90, "one report a month"),
            ("Work", 380, "a report, two experiments, one call"),
            ("Team", 1400, "a person of ours with you, two days a week"),
        ),
        partner="accountants who know whose customers leave",
        paid="sponsored posts",
        search="why customers do not come back",
        steps=("read a case", "asked for a call", "had the call", "paid"),
        lost_at=1,
        lost_why="a call can be asked for only with a telephone number, and comes in nine days",
        cases=(
            ("Ellory Savings", "keeps 91 of a hundred new customers, before it was 78"),
            ("The Quayside Nursery", "has a waiting list again"),
            ("Studio Halyard", "wrote to 60 old customers, and 14 came back"),
        ),
    ),
)
