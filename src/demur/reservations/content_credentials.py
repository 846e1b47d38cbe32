"""Content credentials (C2PA) with the assertion on training and data mining, in the file itself.

An objection needs no proof, a permission does: a no counts whoever signed it and whether or not the signature fits,
also in the credentials of what the file was made from; a yes only in the file's own, by a signer who is trusted.
Nothing is fetched. Sources: CAWG Training and Data Mining Assertion 1.1; C2PA 2.1, sections 11 and 15.
"""

import io
import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from demur.reservations.preference import NOTHING_SAID, Preference, Word, combine, nothing_said, undetermined

if TYPE_CHECKING:
    import c2pa

_LABELS: Final = {"cawg.training-mining": frozenset[str](), "c2pa.training-mining": frozenset({"legacy_label"})}
_TRUSTED, _INVALID = "Trusted", "Invalid"
_MINING, _TRAINING, _GENERATIVE = "data_mining", "ai_training", "ai_generative_training"
_NOT_ALLOWED, _CONSTRAINED, _ALLOWED = "notallowed", "constrained", "allowed"
_SETTINGS: Final = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


def read_credentials(raw: bytes, media_type: str) -> Preference:
    """Return what a file's content credentials say.

    Credentials that are kept elsewhere, or cannot be read, leave it undetermined; so does a missing reader.
    """
    try:
        import c2pa  # noqa: PLC0415  (a large library, for the few files that have credentials)
    except ImportError:
        return undetermined("reader_missing")
    try:
        with c2pa.Reader(media_type, io.BytesIO(raw), context=_context()) as reader:
            store = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return NOTHING_SAID
    except (c2pa.C2paError, ValueError) as error:
        return undetermined("remote_manifest" if str(error).startswith("Remote") else "damaged")
    return judge_manifests(store)


def judge_manifests(store: dict[str, Any]) -> Preference:
    """Return what all manifests of a file say together.

    Args:
        store: as c2pa writes it: `active_manifest`, `manifests` by name with their `assertions`, `validation_state`.
    """
    state, active = store.get("validation_state"), store.get("active_manifest")
    said = []
    for name, manifest in (store.get("manifests") or {}).items():
        own = combine(_read_assertion(each, may_allow=name == active and state == _TRUSTED) for each in _of(manifest))
        is_no = Word.DENY in (own.train, own.genai)
        said.append(combine([own, nothing_said("from_ingredient")]) if is_no and name != active else own)
    together = combine(said)
    speaks = together != NOTHING_SAID
    return combine([together, nothing_said("invalid_manifest")]) if speaks and state == _INVALID else together


def _of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the assertions on training; a second one of a name is counted in its label."""
    return [each for each in manifest.get("assertions") or () if str(each.get("label")).partition("__")[0] in _LABELS]


def _read_assertion(assertion: dict[str, Any], *, may_allow: bool) -> Preference:
    data = assertion.get("data")
    if not isinstance(data, dict):
        return undetermined("damaged")
    entries = data.get("entries", data)  # version 1.0 has them without a map around
    if not isinstance(entries, dict):
        return undetermined("damaged")
    said = combine(
        _read_entry(str(key).rpartition(".")[2], entry, may_allow=may_allow) for key, entry in entries.items()
    )
    flags = _LABELS[str(assertion["label"]).partition("__")[0]]
    return Preference(said.train, said.genai, said.flags | flags, said.is_undetermined)


def _read_entry(key: str, entry: object, *, may_allow: bool) -> Preference:
    if key not in (_MINING, _TRAINING, _GENERATIVE):
        return NOTHING_SAID
    use = str(entry.get("use") if isinstance(entry, dict) else entry).replace("_", "").lower()
    if use in (_NOT_ALLOWED, _CONSTRAINED):
        flags = frozenset({"conditional"}) if use == _CONSTRAINED else frozenset[str]()
        return Preference(Word.UNKNOWN if key == _GENERATIVE else Word.DENY, Word.DENY, flags)
    if use != _ALLOWED:
        return undetermined("protocol_error")
    if not may_allow:
        return nothing_said("unproven_permission")
    return Preference(
        train=Word.ALLOW if key == _TRAINING else Word.UNKNOWN,
        genai=Word.ALLOW if key == _GENERATIVE else Word.UNKNOWN,
    )


@cache
def _context() -> "c2pa.Context":
    import c2pa  # noqa: PLC0415  (as above)

    return c2pa.Context.from_dict(_SETTINGS)
