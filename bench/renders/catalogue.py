"""What is rendered: the rows of `products.csv`. Products whose SKU starts with HELD are for judging only."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("products.csv")
COLUMNS = ("sku", "title", "brand", "category", "material", "colour", "segment", "background")
BRANDS = ("Acme", "Lumo", "Norden", "Basik")
# How high the camera stands: bounds of its angle above the floor in degrees.
VIEWS = {"level": (1.0, 8.0), "usual": (8.0, 22.0), "high": (28.0, 48.0), "above": (72.0, 88.0)}
Range = tuple[float, float]


@dataclass(frozen=True)
class Product:
    """A product, its catalogue entry and how it is photographed.

    builder is "family.function" of this package; rise and turn bound the camera's angles in degrees; backdrop fixes the
    backdrop's colour (linear RGB) where it is meant to be like the product's.
    """

    name: str
    held: bool
    builder: str
    title: str
    category: str
    material: str
    colour: str
    segment: str
    background: str
    rise: Range
    turn: Range
    backdrop: tuple[float, ...] | None = None

    @property
    def sku(self) -> str:
        """HELD-NAME or TRAIN-NAME."""
        return f"{'HELD' if self.held else 'TRAIN'}-{self.name}"

    @property
    def stem(self) -> str:
        """Stem of the product's files."""
        return f"{self.sku}_front"

    def row(self) -> dict[str, str]:
        """The product's row in catalog.csv."""
        facts = {column: str(getattr(self, column)) for column in COLUMNS if column != "brand"}
        return facts | {"brand": BRANDS[sum(map(ord, self.name)) % len(BRANDS)]}


def products(table: Path = TABLE) -> list[Product]:
    """All products, in the table's order, which mixes families so that any first part is of all kinds."""
    with table.open(encoding="utf-8", newline="") as file:
        return [_product(row) for row in csv.DictReader(file)]


def _product(row: dict[str, str]) -> Product:
    backdrop = tuple(map(float, row.pop("backdrop").split()))
    turn = float(row.pop("turn_from")), float(row.pop("turn_to"))
    rise, held = VIEWS[row.pop("view")], row.pop("held") == "yes"
    return Product(**row, held=held, rise=rise, turn=turn, backdrop=backdrop or None)
