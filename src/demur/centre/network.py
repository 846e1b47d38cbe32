"""From which network a request came: what limits against floods are counted by.

A trusted proxy adds the address that it sees at the end of X-Forwarded-For; whatever stands before what our proxies
added was written by whoever sent the request, and is not read.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

_IPV6_PREFIX_BITS = 64
"""What one household gets; within it everybody chooses addresses at will."""

UNKNOWN_NETWORK = "unknown"


def network_of(request: HttpRequest) -> str:
    """Return the sender's address (IPv4), or its network (IPv6); one word for all whose address cannot be read."""
    typed = request.META.get("REMOTE_ADDR", "")
    hops: int = settings.DEMUR_TRUSTED_PROXIES
    if hops:
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")
        typed = forwarded[-hops] if len(forwarded) >= hops else forwarded[0]
    try:
        address = ip_address(typed.strip())
    except ValueError:
        return UNKNOWN_NETWORK
    return _network(address)


def _network(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _IPV6_PREFIX_BITS), strict=False))
