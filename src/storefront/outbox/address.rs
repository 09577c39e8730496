//! Which addresses messages may go to: public ones over HTTPS, and what an administrator has listed. A shop's address
//! must never lead into our own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Hosts and networks that may be reached although they are private, and without HTTPS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    hosts: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
}

impl Allowed {
    /// Reads a list of host names, addresses and networks (`shop.lan`, `192.168.1.5`, `10.0.0.0/8`).
    ///
    /// # Errors
    /// The entry that is none of these.
    pub fn parse(entries: &[String]) -> Result<Self, String> {
        let mut allowed = Self::default();
        for entry in entries {
            let entry = entry.trim().trim_end_matches('.').to_ascii_lowercase();
            let (address, bits) = entry.split_once('/').map_or((entry.as_str(), None), |(a, bits)| (a, Some(bits)));
            match (address.trim_matches(['[', ']']).parse::<IpAddr>(), bits) {
                (Ok(address), bits) => {
                    let longest = if address.is_ipv4() { 32 } else { 128 };
                    let bits = bits.map_or(Some(longest), |bits| bits.parse().ok()).filter(|bits| *bits <= longest);
                    allowed.networks.push((address, bits.ok_or_else(|| entry.clone())?));
                }
                (Err(_), None) if is_host(&entry) => allowed.hosts.push(entry),
                (Err(_), _) => return Err(entry),
            }
        }
        Ok(allowed)
    }

    /// Whether this host name is listed.
    #[must_use]
    pub fn host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.hosts.contains(&host)
    }

    /// Whether this address is in a listed network.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        self.networks.iter().any(|(network, bits)| within(address, *network, *bits))
    }
}

fn is_host(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=253).contains(&text.len()) && text.bytes().all(good) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let shift = 32 - u32::from(bits.min(32));
            u32::from(address).checked_shr(shift).unwrap_or(0) == u32::from(network).checked_shr(shift).unwrap_or(0)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let shift = 128 - u32::from(bits.min(128));
            u128::from(address).checked_shr(shift).unwrap_or(0) == u128::from(network).checked_shr(shift).unwrap_or(0)
        }
        _ => false,
    }
}

/// An IPv4 address that is written as IPv6 is the IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

const fn v4(a: u8, b: u8, c: u8, bits: u8) -> (Ipv4Addr, u8) {
    (Ipv4Addr::new(a, b, c, 0), bits)
}

/// Networks of IPv4 that no shop on the internet has.
const PRIVATE_V4: [(Ipv4Addr, u8); 15] = [
    v4(0, 0, 0, 8),
    v4(10, 0, 0, 8),
    v4(100, 64, 0, 10),
    v4(127, 0, 0, 8),
    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12),
    v4(192, 0, 0, 24),
    v4(192, 0, 2, 24),
    v4(192, 88, 99, 24),
    v4(192, 168, 0, 16),
    v4(198, 18, 0, 15),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    v4(224, 0, 0, 4),
    v4(240, 0, 0, 4),
];

const fn v6(a: u16, b: u16, c: u16, bits: u8) -> (Ipv6Addr, u8) {
    (Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// The same of IPv6. `::/96` holds the unspecified address, the loopback, and an old way to write IPv4.
const PRIVATE_V6: [(Ipv6Addr, u8); 12] = [
    v6(0, 0, 0, 96),
    v6(0x64, 0xff9b, 0, 96),
    v6(0x64, 0xff9b, 1, 48),
    v6(0x100, 0, 0, 64),
    v6(0x2001, 0xdb8, 0, 32),
    v6(0x2002, 0, 0, 16),
    v6(0x3fff, 0, 0, 20),
    v6(0x5f00, 0, 0, 16),
    v6(0xfc00, 0, 0, 7),
    v6(0xfe80, 0, 0, 10),
    v6(0xfec0, 0, 0, 10),
    v6(0xff00, 0, 0, 8),
];

/// Whether an address is one of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    let address = canonical(address);
    let inside = |(network, bits): (IpAddr, u8)| within(address, network, bits);
    !PRIVATE_V4.iter().map(|(net, bits)| (IpAddr::V4(*net), *bits)).any(inside)
        && !PRIVATE_V6.iter().map(|(net, bits)| (IpAddr::V6(*net), *bits)).any(inside)
}

/// Reads the address of an endpoint: whole, HTTP or HTTPS, without a user name.
///
/// # Errors
/// Why it can't be one.
pub fn endpoint_url(text: &str) -> Result<Url, String> {
    if text.len() > 2000 {
        return Err("the address is too long".to_owned());
    }
    let url = Url::parse(text.trim()).map_err(|error| format!("the address can't be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("only http and https are sent to".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address has a user name".to_owned());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("the address has no host".to_owned());
    }
    Ok(url)
}

/// An address that is written in the URL itself.
#[must_use]
pub fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Reads an address and checks what can be known before its name is resolved.
///
/// # Errors
/// Why nothing may be sent there.
pub fn checked(text: &str, allowed: &Allowed) -> Result<Url, String> {
    let url = endpoint_url(text)?;
    let literal = literal(&url);
    let listed = allowed.host(url.host_str().unwrap_or_default()) || literal.is_some_and(|ip| allowed.address(ip));
    if listed {
        return Ok(url);
    }
    if literal.is_some_and(|address| !is_public(address)) {
        return Err("the address is private; an administrator can allow it".to_owned());
    }
    if url.scheme() != "https" {
        return Err("only https is sent to; an administrator can allow more".to_owned());
    }
    Ok(url)
}

/// Of the addresses that a name resolved to, those that may be connected to.
#[must_use]
pub fn reachable(host: &str, addresses: impl Iterator<Item = IpAddr>, allowed: &Allowed) -> Vec<IpAddr> {
    let listed = allowed.host(host);
    addresses.filter(|address| listed || is_public(*address) || allowed.address(*address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &[&str]) -> Allowed {
        Allowed::parse(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn no_spelling_of_a_private_address_gets_through() {
        let nothing = Allowed::default();
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0x7f.1",
            "[::ffff:127.0.0.1]",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:ffff:7f00:1]",
            "[::127.0.0.1]",
            "0.0.0.0",
            "0",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[100::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[3fff::1]",
            "[5f00::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "127.0.0.1.",
            "①②⑦.0.0.1",
        ] {
            for port in ["", ":8080", ":443"] {
                let url = format!("https://{host}{port}/hook");
                assert!(checked(&url, &nothing).is_err(), "{url}");
            }
        }
        for url in [
            "https://user@127.0.0.1/",
            "https://good.example@127.0.0.1/",
            "https://a:b@shop.example/",
            "http://shop.example/",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "https://",
            "shop.example",
            "https://[fe80::1%25eth0]/",
            "//shop.example",
            "https:\\\\127.0.0.1/",
        ] {
            assert!(checked(url, &nothing).is_err(), "{url}");
        }
    }

    #[test]
    fn public_addresses_get_through_over_https() {
        for url in [
            "https://shop.example/hook?x=1",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]:8443/",
            "https://172.32.0.1/",
            "https://100.128.0.1/",
            "https://192.0.1.1/",
            "https://shop.example:8443/",
        ] {
            assert!(checked(url, &Allowed::default()).is_ok(), "{url}");
        }
    }

    #[test]
    fn what_an_administrator_lists_is_reached() {
        let allowed = allowed(&["shop.lan", "192.168.1.5", "10.0.0.0/8", "fd00::/8", "127.0.0.1"]);
        for url in [
            "http://shop.lan/",
            "http://SHOP.LAN.:81/",
            "http://192.168.1.5/",
            "http://10.9.8.7/",
            "http://[fd12::1]/",
            "http://127.1:9/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(checked(url, &allowed).is_ok(), "{url}");
        }
        for url in ["http://192.168.1.6/", "http://other.lan/", "http://11.0.0.1/", "https://127.0.0.2/"] {
            assert!(checked(url, &allowed).is_err(), "{url}");
        }
        for entry in ["", "10.0.0.0/33", "10.0.0.0/x", "a b", "shop.lan/8", "*"] {
            assert!(Allowed::parse(&[entry.to_owned()]).is_err(), "{entry}");
        }
    }

    #[test]
    fn of_a_name_only_its_good_addresses_are_used() {
        let (good, bad): (IpAddr, IpAddr) = ("8.8.8.8".parse().unwrap(), "127.0.0.1".parse().unwrap());
        let nothing = Allowed::default();
        assert_eq!(reachable("shop.example", [bad, good].into_iter(), &nothing), [good]);
        assert!(reachable("localhost.", [bad].into_iter(), &nothing).is_empty());
        assert_eq!(reachable("localhost.", [bad].into_iter(), &allowed(&["localhost"])), [bad]);
        assert_eq!(reachable("shop.lan", [bad].into_iter(), &allowed(&["127.0.0.0/8"])), [bad]);
    }
}
