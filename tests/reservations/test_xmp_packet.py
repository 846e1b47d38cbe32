"""XMP packets are merged into, never replaced, and cost one sentence when they are hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_photos import ALLOWED, place_xmp, xmp

from demur.reservations.photo_errors import XmpError
from demur.reservations.plus import DATA_MINING, NAMESPACE, NO_TRAINING, is_reserved, read_plus
from demur.reservations.preference import Word
from demur.reservations.xmp_packet import Name, Packet, new_packet, parse_packet, without_padding

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def is_wanted(name: Name) -> bool:
    return name == DATA_MINING


def parsed(raw: bytes) -> Packet:
    return parse_packet(raw, is_wanted)


def reserved(raw: bytes) -> bytes:
    return parsed(raw).with_property(DATA_MINING, "plus", NO_TRAINING)


def test_new_packet_says_no() -> None:
    assert is_reserved(parsed(new_packet(DATA_MINING, "plus", NO_TRAINING)))


def test_what_was_there_stays_byte_for_byte() -> None:
    before = xmp("<dc:title>é</dc:title>")
    after = reserved(before)
    added = f' xmlns:plus="{NAMESPACE}" plus:DataMining="{NO_TRAINING}"'.encode()
    assert added in after
    assert without_padding(after.replace(added, b"")) == without_padding(before)


def test_packet_grows_into_its_padding() -> None:
    before = xmp()
    assert len(reserved(before)) == len(before)
    assert len(reserved(without_padding(before))) > len(without_padding(before))


@pytest.mark.parametrize(
    "inside",
    [
        f'<p2:DataMining xmlns:p2="{NAMESPACE}">{ALLOWED}</p2:DataMining>',
        f'<p2:DataMining xmlns:p2="{NAMESPACE}"><rdf:Bag> <rdf:li>{ALLOWED}</rdf:li></rdf:Bag></p2:DataMining>',
        f'<p2:DataMining xmlns:p2="{NAMESPACE}" rdf:resource="{ALLOWED}"/>',
        f'<DataMining xmlns="{NAMESPACE}">{ALLOWED}</DataMining>',
        f'<plus:DataMining xmlns:plus="{NAMESPACE}">{ALLOWED}</plus:DataMining>' * 2,
    ],
)
def test_yes_is_replaced_in_whatever_form_it_is_written(inside: str) -> None:
    assert read_plus(parsed(xmp(inside))).train is Word.ALLOW
    after = reserved(xmp(inside))
    assert is_reserved(parsed(after))
    assert ALLOWED.encode() not in after
    assert b"<dc:source>a &gt; b</dc:source>" in after


def test_yes_as_attribute_is_replaced_and_its_quotes_stay() -> None:
    before = xmp(attributes=f"title='>' xmlns:q='{NAMESPACE}' q:DataMining='{ALLOWED}'")
    assert f"q:DataMining='{NO_TRAINING}'".encode() in reserved(before)


def test_prefix_in_force_is_used() -> None:
    assert f'q:DataMining="{NO_TRAINING}"'.encode() in reserved(xmp(attributes=f'xmlns:q="{NAMESPACE}"'))


def test_prefix_taken_by_another_namespace_is_avoided() -> None:
    assert b" plus2:DataMining=" in reserved(xmp(attributes='xmlns:plus="https://else.example/"'))


@pytest.mark.parametrize(
    "rdf",
    [
        f'<rdf:RDF xmlns:rdf="{RDF}"/>',
        f'<rdf:RDF title="/>" xmlns:rdf="{RDF}"></rdf:RDF>',
        f'<RDF xmlns="{RDF}" />',
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about=""/></rdf:RDF>',
        f'<rdf:RDF xmlns:rdf="{RDF}"><other rdf:about=""/></rdf:RDF>',
    ],
)
def test_packet_without_a_description_gets_one(rdf: str) -> None:
    assert is_reserved(parsed(reserved(rdf.encode())))


def test_declared_encoding_is_not_believed() -> None:
    assert is_reserved(parsed(reserved(b'<?xml version="1.0" encoding="cp037"?>' + xmp()[xmp().index(b"<x:") :])))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_packet_in_another_encoding_is_read(encoding: str) -> None:
    raw = f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description xmlns:p="{NAMESPACE}" p:DataMining="{ALLOWED}"/></rdf:RDF>'
    assert read_plus(parsed(raw.encode(encoding))).genai is Word.ALLOW
    assert is_reserved(parsed(reserved(raw.encode(encoding))))


def test_zeros_behind_a_packet_are_no_harm() -> None:
    assert is_reserved(parsed(reserved(xmp() + b"\0")))


def test_yes_of_an_ingredient_is_no_yes_and_its_no_is_a_no() -> None:
    def ingredient(value: str) -> bytes:
        of_it = f'<p:DataMining xmlns:p="{NAMESPACE}">{value}</p:DataMining>'
        return xmp(f'<dc:relation rdf:parseType="Resource">{of_it}</dc:relation>')

    assert read_plus(parsed(ingredient(ALLOWED))).train is Word.UNKNOWN
    assert read_plus(parsed(ingredient(NO_TRAINING))).train is Word.DENY
    assert not is_reserved(parsed(ingredient(NO_TRAINING)))


def test_properties_are_cut_out_and_nested_ones_with_their_parents() -> None:
    packet = parse_packet(place_xmp(), lambda name: name[1] in {"LocationShown", "City", "GPSLatitude"})
    after = packet.without(packet.properties)
    assert b"Verona" not in after
    assert b"45,26" not in after
    assert b"SN-12345" in after
    parsed(after)


@pytest.mark.parametrize(
    "hostile",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"<a>" * 200 + b"</a>" * 200,
        b"<x",
        b"",
        b"\xff\xfe<\0x\0\0",
    ],
)
def test_hostile_packet_is_refused(hostile: bytes) -> None:
    with pytest.raises(XmpError):
        parsed(hostile)


def test_packet_without_rdf_is_refused_and_not_replaced() -> None:
    with pytest.raises(XmpError, match="rdf:RDF"):
        reserved(b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')


def test_endlessly_many_properties_cost_one_walk() -> None:
    many = "".join(f'xmlns:p{number}="{NAMESPACE}" p{number}:DataMining="{ALLOWED}" ' for number in range(5_000))
    after = reserved(xmp(attributes=many))
    assert is_reserved(parsed(after))


def test_too_large_packet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.reservations.xmp_packet.MAX_PACKET_BYTES", 10)
    with pytest.raises(XmpError, match="too large"):
        parsed(xmp())


@given(at=st.integers(0, 400), new=st.binary(max_size=6), inside=st.sampled_from(["", "<dc:t/>"]))
def test_damaged_packet_is_reserved_or_refused(at: int, new: bytes, inside: str) -> None:
    raw = xmp(inside)
    try:
        after = reserved(raw[:at] + new + raw[at + len(new) :])
    except XmpError:
        return
    assert is_reserved(parsed(after))
