"""What makes a photo's files in a deployment: where they go, who finds the words, who signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from packshot.export import provenance
from packshot.export.bedrock import Bedrock, Budget
from packshot.export.exported import Exported
from packshot.export.words import Catalogue, Provider
from packshot.records import PhotoRecord
from packshot.settings import ExportSettings
from packshot.store import AWS_ERRORS, Store

Sign = Callable[[bytes, str, Exported], bytes]


@dataclass(frozen=True)
class Press:
    """Channels in order, language, who finds the words, and with what files are signed (None: they are not)."""

    channels: list[str]
    language: str = "en"
    words: Provider = field(default_factory=Catalogue)
    key: provenance.Key | None = None

    @classmethod
    def of(cls, settings: ExportSettings, store: Store) -> Press:
        """As the settings say. The budget for words is that of one call of export."""
        words: Provider = Catalogue()
        model = store.settings.words_model
        if model:
            budget = Budget(settings.words_usd, settings.words_input_usd, settings.words_output_usd)
            words = Bedrock(store.describer, model, budget, AWS_ERRORS)
        return cls(settings.channel_names, settings.language, words, _key(settings, store))

    def origin(self, store: Store, photo: PhotoRecord, shadow: bool) -> provenance.Origin | None:
        """The photo as it was dropped, the parent of its signed files; None where nothing is signed.

        Raises packshot.store.objects.Missing when the photo is gone.
        """
        if self.key is None:
            return None
        data = store.incoming.get(photo.key, photo.version).body
        kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"  # the door lets nothing else in
        under = "kept or drawn under the product" if shadow else ""
        return provenance.Origin(data, kind, photo.file, altered=photo.altered, shadow=under)

    def signer(self, origin: provenance.Origin | None) -> Sign | None:
        """What signs files of this origin; None where nothing is signed."""
        return None if origin is None or self.key is None else provenance.signer(origin, self.key)

    @property
    def misses(self) -> list[str]:
        """Why a model's words were not used, one reason a photo."""
        return self.words.misses if isinstance(self.words, Bedrock) else []


def _key(settings: ExportSettings, store: Store) -> provenance.Key | None:
    """The key of KMS, else of a file; the chain is PEM, whose line ends may be written ``\\n``."""
    chain = settings.c2pa_chain.replace("\\n", "\n")
    if not chain:
        return None
    if store.settings.signing_key:
        key = store.signing_key
        return provenance.Key(chain, callback=lambda data: provenance.kms_signature(key.sign(data)))
    return provenance.Key(chain, private=Path(settings.c2pa_key_file).read_text("ascii"))
