//! A scanner at an address, and the codec for how it talks.

use super::keyboard::KeyboardCodec;
use super::pos::{Layout, PosCodec};
use super::serial::{Framing, SerialCodec};
use super::ssi::SsiCodec;
use crate::owner::CodecOf;
use crate::transport::{Address, Connect, ErrorKind, Pending, Transport, TransportError, Usb, UsbKind};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a scanner talks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum How {
    /// Plain text over a line.
    Serial(Framing),
    /// Zebra's packets over a line.
    Ssi,
    /// As a USB keyboard.
    Keyboard,
    /// As a USB point-of-sale scanner.
    Pos,
}

impl How {
    /// The way of a name with its usual settings: `serial`, `ssi`, `keyboard`, `pos`.
    pub fn named(name: &str) -> Option<How> {
        Some(match name {
            "serial" => How::Serial(Framing::default()),
            "ssi" => How::Ssi,
            "keyboard" => How::Keyboard,
            "pos" => How::Pos,
            _ => return None,
        })
    }

    /// What a scanner at an address usually does: one on USB as its report descriptor says, others plain text. Blocks.
    pub fn usual(address: &Address) -> How {
        let Address::Usb(identity) = address else { return How::Serial(Framing::default()) };
        let usb = Usb { identity: identity.clone(), kind: UsbKind::Hid };
        let is_pos = usb.report_descriptor().is_ok_and(|descriptor| Layout::read(&descriptor).is_some());
        if is_pos { How::Pos } else { How::Keyboard }
    }
}

/// A way to a scanner, and what makes readers for what it sends.
pub fn way(address: &Address, how: How) -> (Arc<dyn Connect>, CodecOf) {
    match how {
        How::Serial(framing) => {
            (address.device(UsbKind::Hid), Box::new(move || Box::new(SerialCodec::new(framing.clone()))))
        }
        How::Ssi => (address.device(UsbKind::Hid), Box::new(|| Box::<SsiCodec>::default())),
        How::Keyboard => (address.device(UsbKind::Keyboard), Box::new(|| Box::<KeyboardCodec>::default())),
        How::Pos => {
            let layout = Arc::new(Mutex::new(None));
            let device = PointOfSale { address: address.clone(), layout: Arc::clone(&layout) };
            let codec: CodecOf = Box::new(move || {
                let layout = layout.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match layout {
                    Some(layout) => Box::new(PosCodec::new(layout)),
                    // Never met: without a layout nothing was opened.
                    None => Box::new(SerialCodec::new(Framing::default())),
                }
            });
            (Arc::new(device), codec)
        }
    }
}

/// A scanner whose report descriptor is read each time before it is opened: another model may hang there now.
struct PointOfSale {
    address: Address,
    layout: Arc<Mutex<Option<Layout>>>,
}

impl Connect for PointOfSale {
    fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(async move {
            let Address::Usb(identity) = &self.address else {
                let detail = "a point-of-sale scanner hangs on USB".to_owned();
                return Err(TransportError { kind: ErrorKind::Other, detail });
            };
            let usb = Usb { identity: identity.clone(), kind: UsbKind::Hid };
            let asked = usb.clone();
            let other = |detail: String| TransportError { kind: ErrorKind::Other, detail };
            let read = tokio::task::spawn_blocking(move || asked.report_descriptor()).await;
            let descriptor = read.map_err(|error| other(error.to_string()))??;
            let layout = Layout::read(&descriptor).ok_or_else(|| other("it declares no report of scans".to_owned()))?;
            *self.layout.lock().unwrap_or_else(PoisonError::into_inner) = Some(layout);
            usb.connect(limit).await
        })
    }

    fn address(&self) -> String {
        self.address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_way_leads_to_its_address_and_has_a_codec() {
        for name in ["serial", "ssi", "keyboard"] {
            let address: Address = "serial:/dev/none".parse().unwrap();
            let (device, codec) = way(&address, How::named(name).unwrap());
            assert_eq!(device.address(), "/dev/none");
            assert_eq!(codec().feed(b"", Duration::ZERO), []);
        }
        assert_eq!(How::named("telepathy"), None);
        assert_eq!(How::usual(&"serial:/dev/none".parse().unwrap()), How::Serial(Framing::default()));
        assert_eq!(How::usual(&"usb:dead:beef".parse().unwrap()), How::Keyboard);
        let (device, _) = way(&"usb:dead:beef".parse().unwrap(), How::Pos);
        let Err(error) = device.connect(Duration::from_secs(3)).await else { panic!("opened") };
        assert_eq!(error.kind, ErrorKind::NotFound);
        let (device, _) = way(&"serial:/dev/none".parse().unwrap(), How::Pos);
        assert!(device.connect(Duration::from_secs(3)).await.is_err());
    }
}
