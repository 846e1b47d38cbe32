"""Random rows, and what plain Python says about them: what the gate is held against."""

from gate_world import entry, list_of
from hypothesis import strategies as st

from demur.controller.catalogue import Kind
from demur.core.identifier import IdentifierKind

ADA_OBJECTS = list_of("lumen:ada", "lumen:Zoë", "agora:ada", others=[entry("cy", IdentifierKind.HANDLE)])
OBJECTED = {"lumen:ada", "lumen:Zoë", "agora:ada"}
ACCOUNTS = st.one_of(
    st.none(),
    st.sampled_from(["lumen:ada", "lumen:Ada", "lumen:ad", "lumen:adaa", "lumen:cy", "agora:ada", "lumen:Zoë"]),
    st.sampled_from(["", "ada", "lumen:", ":ada", "Lumen:ada", "lumen:ada ", "lumen:a:b", "lumen:" + "x" * 400]),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "record_id": st.just("r1"),
            "kind": st.sampled_from([None, "post", "bild", "dm", "DM", "", "message"]),
            "audience": st.sampled_from([None, "public", "world", "friends", "Public", ""]),
            "author_account": ACCOUNTS,
            "author_is_minor": st.sampled_from([None, True, False]),
            "tagged_accounts": st.one_of(st.none(), st.lists(ACCOUNTS, max_size=3)),
            "text": st.just("lumen:ada"),
        },
    ),
    max_size=30,
)


def readable(value: str | None) -> bool:
    if value is None or len(value) > 320:
        return False
    namespace, colon, rest = value.partition(":")
    plain = namespace and all(sign in "abcdefghijklmnopqrstuvwxyz0123456789-" for sign in namespace)
    return bool(plain and colon and rest and ":" not in rest and not any(sign.isspace() for sign in rest))


def reasons_by_hand(each: dict[str, object]) -> list[str]:
    kinds = {"post": Kind.POST, "bild": Kind.PHOTO, "dm": Kind.MESSAGE}
    author, tagged, minor = each["author_account"], each["tagged_accounts"], each["author_is_minor"]
    tags = tagged if isinstance(tagged, list) else []
    applies = {
        "private-message": kinds.get(str(each["kind"])) is Kind.MESSAGE,
        "not-public": each["audience"] not in (None, "public", "world"),
        "minor": minor is True,
        "author-objected": author in OBJECTED,
        "tagged-person-objected": any(tag in OBJECTED for tag in tags),
        "unknown-kind": each["kind"] not in kinds,
        "audience-missing": each["audience"] is None,
        "minority-unknown": minor is None,
        "author-missing": author is None,
        "author-unreadable": author is not None and not readable(str(author)),
        "tagged-unreadable": tagged is None or not all(readable(tag) for tag in tags),
    }
    return [code for code, fits in applies.items() if fits]
