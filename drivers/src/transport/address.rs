//! Where a device is, as settings and people write it.

use super::{Connect, DeviceFile, Line, Serial, Tcp, Usb, UsbIdentity, UsbKind};
use serde::{Deserialize, Serialize};
use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc};

/// `tcp:192.168.1.20:9100`, `serial:/dev/serial/by-id/usb-...,9600 8N1`, `usb:0a5f:00d3/SERIAL` or `file:/dev/usb/lp0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Address {
    /// A port on the network.
    Tcp(SocketAddr),
    /// A serial port and how its line is set.
    Serial(String, Line),
    /// A device on USB.
    Usb(UsbIdentity),
    /// A device file.
    File(PathBuf),
}

impl Address {
    /// A way to the device; of a USB device by the kind of interface that is wanted.
    pub fn device(&self, kind: UsbKind) -> Arc<dyn Connect> {
        match self {
            Address::Tcp(address) => Arc::new(Tcp::new(*address)),
            Address::Serial(path, line) => Arc::new(Serial { path: path.clone(), line: *line }),
            Address::Usb(identity) => Arc::new(Usb { identity: identity.clone(), kind }),
            Address::File(path) => Arc::new(DeviceFile { path: path.clone() }),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "tcp:{address}"),
            Address::Serial(path, line) if *line == Line::default() => write!(f, "serial:{path}"),
            Address::Serial(path, line) => write!(f, "serial:{path},{line}"),
            Address::Usb(identity) => write!(f, "usb:{identity}"),
            Address::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "an address is written as tcp:192.168.1.20:9100, serial:/dev/ttyUSB0,9600 8N1, usb:0a5f:00d3/SERIAL or file:/dev/usb/lp0";
        let (way, rest) = text.trim().split_once(':').ok_or(FORM)?;
        match way {
            "tcp" => rest.parse().map(Address::Tcp).map_err(|_| FORM),
            "usb" => rest.parse().map(Address::Usb),
            "file" if rest.starts_with('/') => Ok(Address::File(rest.into())),
            "serial" => {
                let (path, line) = match rest.rsplit_once(',') {
                    Some((path, line)) => (path, Line::named(line).ok_or(FORM)?),
                    None => (rest, Line::default()),
                };
                if path.is_empty() { Err(FORM) } else { Ok(Address::Serial(path.to_owned(), line)) }
            }
            _ => Err(FORM),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_they_are_written() {
        for text in [
            "tcp:192.168.1.20:9100",
            "tcp:[::1]:9100",
            "serial:/dev/serial/by-id/usb-1",
            "serial:/dev/ttyUSB0,115200 8N1",
            "serial:/dev/ttyS1,2400 7E1",
            "usb:0a5f:00d3/SN 1",
            "usb:0a5f:00d3@1-2.4",
            "file:/dev/usb/lp0",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert!(!address.device(UsbKind::Printer).address().is_empty());
        }
        assert_eq!("serial:/dev/x,9600".parse::<Address>().unwrap().to_string(), "serial:/dev/x");
        for wrong in ["", "lp0", "tcp:printer:9100", "serial:", "serial:/dev/x,fast", "usb:1", "file:lp0", "ftp:x"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
