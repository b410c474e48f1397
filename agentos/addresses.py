"""Which network addresses a request of a tenant may reach: those of the public internet, and no others.

The list is written out. `ipaddress.is_global` calls some of these public: addresses that carry a private IPv4 address
inside, old site-local ones, multicast, and ranges that were set aside since.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

DENIED_IPV4 = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches the machine itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a carrier's customers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# Of IPv6 only what is given out for the public internet is open, and of that not these.
PUBLIC_IPV6 = ip_network("2000::/3")
DENIED_IPV6 = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments; Teredo, benchmarks and ORCHID among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)


def is_public(address: Address | str) -> bool:
    """Whether it lies in the public internet. What is not an address does not."""
    try:
        address = ip_address(address)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in DENIED_IPV4)
    if address.scope_id is not None:
        return False
    return address in PUBLIC_IPV6 and not any(address in network for network in DENIED_IPV6)
