"""Which values can be accounts: always the same answer as core gives, one value at a time."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from demur.core.errors import FormatError
from demur.core.identifier import check_account
from demur.gate import account_kernel
from demur.gate.account_text import find_accounts

PLAIN = st.from_regex(r"\A[a-z0-9-]{1,8}:[a-z0-9-]{1,8}\Z")
ODD = st.one_of(st.text(alphabet="aA-:_é \n\0\u2003", max_size=8), st.text(max_size=10))


def is_account(value: str | None, namespace: str | None) -> bool:
    if value is None:
        return False
    try:
        check_account(value if namespace is None else f"{namespace}:{value}")
    except FormatError:
        return False
    return True


@pytest.mark.parametrize("namespace", [None, "lumen"])
@settings(max_examples=300, deadline=None)
@given(
    values=st.one_of(
        st.lists(PLAIN, max_size=20),
        st.lists(PLAIN.map(lambda value: value.replace(":", "")), max_size=20),
        st.lists(st.one_of(st.none(), PLAIN, ODD), max_size=20),
    ),
)
@example(values=["a:", ":b"])
@example(values=["a:b:c", "ab"])
@example(values=["a_b", "c.d"])
@example(values=["ab", "c:d:"])
@example(values=["a:b", "A:b", "a:B"])
@example(values=["lumen:" + "x" * 314, "lumen:" + "x" * 315])
@example(values=["x" * 314, "x" * 315])
@example(values=["é" * 200, "lumen:" + "é" * 200])
def test_core_is_asked_for_what_is_not_plain(namespace: str | None, values: list[str | None]) -> None:
    expected = [is_account(value, namespace) for value in values]
    assert find_accounts(pa.array(values, pa.string()), namespace).tolist() == expected
    assert find_accounts(pa.array(values, pa.string()).dictionary_encode(), namespace).tolist() == expected


@pytest.mark.parametrize("namespace", [None, "lumen"])
def test_bytes_that_are_not_text_are_no_account(namespace: str | None) -> None:
    offsets = pa.py_buffer(np.array([0, 8, 14], np.int32))
    column = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"lumen:\xff\xfflumen:")])
    assert find_accounts(column, namespace).tolist() == [False, False]


@pytest.mark.parametrize("namespace", [None, "lumen"])
def test_the_loop_is_as_right_before_it_is_compiled(namespace: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_kernel, "find_plain_accounts", account_kernel.find_plain_accounts.py_func)
    values = ["a:b", "a:B", "A:b", ":b", "a:", "ab", "", "a:b:c", "a b", None, "x" * 321, "a:" + "x" * 318, "a:b\x7f"]
    expected = [is_account(value, namespace) for value in values]
    assert find_accounts(pa.array(values), namespace).tolist() == expected


@pytest.mark.parametrize("is_compiled", [True, False])
def test_text_outside_its_buffer_is_refused(is_compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    if not is_compiled:
        monkeypatch.setattr(account_kernel, "find_plain_accounts", account_kernel.find_plain_accounts.py_func)
    offsets = pa.py_buffer(np.array([0, 900, 3], np.int32))
    column = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a:b")])
    with pytest.raises(pa.ArrowInvalid, match="outside"):
        find_accounts(column, None)
