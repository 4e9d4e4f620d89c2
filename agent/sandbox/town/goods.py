"""What the sandbox shop sells: a small tree of categories, and products with believable prices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from agent.sandbox.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category with products in it. Prices are whole units of the shop's currency."""

    name: str
    room: str  # the category above
    nouns: tuple[str, ...]
    cheapest: int
    dearest: int
    sizes: tuple[str, ...] = ()  # what a variable product of the shelf differs in, beside colour


_LETTERS = ("P", "M", "G", "GG")
_GRAMS = ("100 g", "250 g", "500 g", "1 kg")

SHELVES = (
    Shelf("Camisetas", "Roupas", ("Camiseta", "Regata", "Baby Look"), 39, 89, _LETTERS),
    Shelf("Vestidos", "Roupas", ("Vestido", "Saia", "Macaquinho"), 69, 159, _LETTERS),
    Shelf("Meias", "Roupas", ("Par de Meias", "Meia-Calça"), 14, 39, ("34-38", "39-43")),
    Shelf("Bolsas", "Acessórios", ("Bolsa", "Mochila", "Ecobag", "Nécessaire"), 29, 139),
    Shelf("Bijuterias", "Acessórios", ("Brinco", "Colar", "Pulseira", "Anel"), 15, 69),
    Shelf("Cozinha", "Casa", ("Caneca", "Avental", "Bule", "Tábua", "Pano de Prato"), 16, 98),
    Shelf("Decoração", "Casa", ("Vela", "Vaso", "Quadro", "Almofada", "Luminária"), 24, 129),
    Shelf("Banho", "Casa", ("Sabonete", "Toalha", "Sais de Banho", "Difusor"), 9, 74),
    Shelf("Cafés", "Empório", ("Café", "Café em Grãos", "Cápsulas"), 22, 68, _GRAMS),
    Shelf("Chás", "Empório", ("Chá", "Infusão", "Mate"), 14, 46, _GRAMS[:3]),
    Shelf("Doces", "Empório", ("Geleia", "Mel", "Bombom", "Biscoito"), 11, 44),
    Shelf("Papelaria", "Presentes", ("Caderno", "Planner", "Cartão", "Estojo"), 8, 64),
)
ROOMS = tuple(dict.fromkeys(shelf.room for shelf in SHELVES))

_SERIES = (
    "Aurora Brisa Cerrado Maré Jardim Sereno Girassol Nuvem Terra Luar Ipê Canela Araucária "
    "Horizonte Mandacaru Lavanda Andorinha Pitanga Sertão Orvalho Coral Jabuticaba Neblina Primavera "
    "Tucano Alecrim Farol Estação Laguna Bossa"
)
_MANNERS = ("", "Artesanal", "da Serra", "Feito à Mão", "Mini", "Especial", "do Ateliê")
_COLOURS = ("Azul", "Verde", "Terracota", "Preto", "Branco", "Mostarda")


@dataclass(slots=True, eq=False)
class Option:
    """A variation of a variable product."""

    attributes: dict[str, str]
    price: str
    left: int | None  # pieces left after the history; None where the shop does not count
    id: int = 0


@dataclass(slots=True, eq=False)
class Good:
    """A product, planned before the shop has it. `id` is the shop's once it is on the shelf."""

    name: str
    shelf: Shelf
    price: str  # as a shop stores it: "89", "88.00", "137.5"
    created: datetime
    appeal: float  # how much people like it, from 0 to 1
    left: int | None
    status: str = "publish"
    visibility: str = "visible"
    sale_price: str | None = None
    options: list[Option] = field(default_factory=list)
    id: int = 0

    def asked(self, option: Option | None) -> Decimal:
        """What one piece costs today."""
        if option is not None:
            return Decimal(option.price)
        return Decimal(self.sale_price or self.price)

    @property
    def offered(self) -> bool:
        """Whether people find it in the shop today."""
        return self.status == "publish" and self.visibility == "visible"


def plan_goods(random: Random, count: int, *, opened: datetime, until: datetime) -> list[Good]:
    """`count` products, oldest first: most from the year before `opened`, the others since."""
    goods: list[Good] = []
    taken: Counter[str] = Counter()
    for serial in range(count):
        shelf = SHELVES[serial % len(SHELVES)]
        name = _name(random, shelf)
        taken[name] += 1
        # Shops number what they would otherwise call the same.
        unique = name if taken[name] == 1 else f"{name} {taken[name]}"
        if serial == 0 or random.random() < 0.7:
            created = opened - timedelta(days=365 * random.random())
        else:
            created = opened + (until - opened) * random.random()
        good = _good(random, shelf, unique, created.replace(microsecond=0))
        good.status, good.visibility = _whereabouts(serial)
        goods.append(good)
    return sorted(goods, key=lambda good: good.created)


def _whereabouts(serial: int) -> tuple[str, str]:
    """Status and visibility. By number, not by chance, so that a small shop has every kind too."""
    if serial % 50 == 7:
        return "draft", "visible"
    if serial % 60 == 16:
        return "trash", "visible"
    if serial % 150 == 21:
        return "private", "visible"
    return "publish", "hidden" if serial % 50 == 12 else "visible"


def _name(random: Random, shelf: Shelf) -> str:
    manner = random.choice(_MANNERS)
    return " ".join(
        filter(None, (random.choice(shelf.nouns), manner, random.choice(_SERIES.split())))
    )


def _good(random: Random, shelf: Shelf, name: str, created: datetime) -> Good:
    # Cheap things are more common than dear ones.
    worth = shelf.cheapest + (shelf.dearest - shelf.cheapest) * random.random() ** 1.6
    good = Good(
        name, shelf, _price(random, worth), created, appeal=random.random(), left=_left(random)
    )
    if random.random() < 0.15:
        good.options = _options(random, shelf, worth)
        good.left = None
    elif random.random() < 0.12:
        good.sale_price = f"{worth * random.choice((0.7, 0.8, 0.85)):.2f}"
    return good


def _price(random: Random, worth: float) -> str:
    """A price in one of the ways in which shop owners, importers and plugins have stored it."""
    whole = int(worth)
    return random.choice(
        (f"{whole}", f"{whole}.90", f"{whole}.90", f"{whole}.00", f"{whole}.5", f"{whole}.99")
    )


def _left(random: Random) -> int | None:
    chance = random.random()
    if chance < 0.3:
        return None
    return 0 if chance < 0.38 else random.randint(1, 40)


def _options(random: Random, shelf: Shelf, worth: float) -> list[Option]:
    if shelf.sizes and random.random() < 0.7:
        key, values = "Tamanho", list(shelf.sizes)
    else:
        key, values = "Cor", random.sample(_COLOURS, random.randint(2, 6))
    price = _price(random, worth)
    dearer = _price(random, worth * 1.2)
    return [
        Option({key: value}, dearer if value == values[-1] else price, _left(random))
        for value in values
    ]


def fill_shelves(shop: Shop, goods: Sequence[Good], sold: Counter[Good | Option]) -> int:
    """Put everything into the shop, with so much stock that `left` is left when `sold` is sold.

    Returns the number of categories.
    """
    rooms = {room: shop.add_category(room) for room in ROOMS}
    shelves = {shelf: shop.add_category(shelf.name, parent=rooms[shelf.room]) for shelf in SHELVES}
    for serial, good in enumerate(goods, start=1):
        sku = f"{good.shelf.name[:3].upper()}-{serial:04d}"
        good.id = shop.add_product(
            name=good.name,
            price=good.price,
            categories=(shelves[good.shelf], rooms[good.shelf.room]),
            sku=sku,
            stock=None if good.left is None else good.left + sold[good],
            sale_price=good.sale_price,
            status="publish" if good.status == "trash" else good.status,
            created=good.created,
            type="variable" if good.options else "simple",
            catalog_visibility=good.visibility,
        )
        for number, option in enumerate(good.options, start=1):
            option.id = shop.add_variation(
                good.id,
                attributes=option.attributes,
                price=option.price,
                stock=None if option.left is None else option.left + sold[option],
                sku=f"{sku}-{number}",
            )
        if good.status == "trash":
            # Not `trash_product`: that would have happened now, and this happened long ago.
            for number in (good.id, *(option.id for option in good.options)):
                row = shop.product(number)
                row.status, row.status_before_trash = "trash", "publish"
    return len(rooms) + len(shelves)
