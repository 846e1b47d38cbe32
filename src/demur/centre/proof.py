"""Proof of work by the protocol of altcha (version 2, PBKDF2 with SHA-256): a second of a phone's work for a form.

Asked for only of a network that sends very many forms, or while very many arrive; never the only way, since scripts
may be off (demur.docket.admission). Each challenge is signed, ends after two hours, and counts once.
"""

import json
import secrets
from datetime import datetime, timedelta

import altcha

from demur.docket.secret import proof_keys
from demur.docket.share import Share, take_share

PROOF_FIELD = "altcha"
LIFETIME = timedelta(hours=2)
"""Somebody may write for long; the form can be sent again with another challenge."""

_ALGORITHM = "PBKDF2/SHA-256"
_ROUNDS = 500
_LEAST_ATTEMPTS, _MORE_ATTEMPTS = 800, 800
"""Many short attempts rather than few long ones: to make a challenge costs the server one of them, for each form."""

_MOST_CHARS = 4_000


def new_challenge(now: datetime) -> str:
    """Return a challenge as JSON, for the form page."""
    signing, verifying = proof_keys()
    challenge = altcha.create_challenge(
        _ALGORITHM,
        _ROUNDS,
        counter=_LEAST_ATTEMPTS + secrets.randbelow(_MORE_ATTEMPTS),
        expires_at=now + LIFETIME,
        hmac_secret=signing,
        hmac_key_secret=verifying,
    )
    return json.dumps(challenge.to_dict())


def take_proof(payload: str, now: datetime) -> bool:
    """Tell whether a form came with a proof that was not used before; from here on it is used."""
    if not 0 < len(payload) <= _MOST_CHARS:
        return False
    signing, verifying = proof_keys()
    if not altcha.verify_solution(payload, signing, hmac_key_secret=verifying).verified:
        return False
    # The nonce as the signed challenge has it: the same proof, written in another way, is the same proof.
    nonce = altcha.Payload.from_base64(payload).challenge.parameters.nonce
    return take_share(f"proof {nonce}", Share(1, LIFETIME), now) is None
