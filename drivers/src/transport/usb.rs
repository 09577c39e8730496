//! A device on USB: a printer by its bulk endpoints, a scanner or scale by its interrupt endpoint.
//!
//! A device is known by what survives replugging: vendor, product and serial number; without a serial number, the
//! port it hangs on.

use super::blocking::{Sink, Source, Threads, open_within};
use super::{Connect, ErrorKind, Pending, Transport, TransportError};
use rusb::{Context, Device, DeviceHandle, Direction, TransferType, UsbContext as _};
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

/// Bytes of one bulk transfer.
const PIECE: usize = 16 * 1024;
/// For questions to the device itself.
const CONTROL: Duration = Duration::from_secs(1);
/// Where Linux tells what it knows of each device, without any right on it.
const SYSFS: &str = "/sys/bus/usb/devices";

/// Interface classes.
const PRINTER: u8 = 7;
const HID: u8 = 3;

/// What a device is known by, written `04b8:0202/SERIAL` or `04b8:0202@1-2.4`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UsbIdentity {
    /// The maker.
    pub vendor: u16,
    /// The model.
    pub product: u16,
    /// Its serial number, or the port it hangs on.
    pub which: Which,
}

/// Which of several devices of one model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Which {
    /// The one with this serial number.
    Serial(String),
    /// The one on this port, as `1-2.4`: bus 1, port 2, port 4 of the hub there.
    Port(String),
    /// The first one.
    Any,
}

impl fmt::Display for UsbIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)?;
        match &self.which {
            Which::Serial(serial) => write!(f, "/{serial}"),
            Which::Port(port) => write!(f, "@{port}"),
            Which::Any => Ok(()),
        }
    }
}

impl From<UsbIdentity> for String {
    fn from(identity: UsbIdentity) -> String {
        identity.to_string()
    }
}

impl FromStr for UsbIdentity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a USB device is written as 04b8:0202/SERIAL or 04b8:0202@1-2.4";
        let (ids, which) = match text.find(['/', '@']) {
            Some(at) => {
                let (ids, rest) = text.split_at(at);
                let name = rest.get(1..).filter(|name| !name.is_empty()).ok_or(FORM)?.to_owned();
                (ids, if rest.starts_with('/') { Which::Serial(name) } else { Which::Port(name) })
            }
            None => (text, Which::Any),
        };
        let (vendor, product) = ids.split_once(':').ok_or(FORM)?;
        let id = |text: &str| if text.len() == 4 { u16::from_str_radix(text, 16).map_err(|_| FORM) } else { Err(FORM) };
        Ok(UsbIdentity { vendor: id(vendor)?, product: id(product)?, which })
    }
}

impl TryFrom<String> for UsbIdentity {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// What an interface of a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsbKind {
    /// Printer class.
    Printer,
    /// HID boot keyboard: most scanners.
    Keyboard,
    /// Any other HID: point-of-sale scanners, scales.
    Hid,
}

/// An interface that this crate can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbInterface {
    /// What it is.
    pub kind: UsbKind,
    /// Its number.
    pub number: u8,
    /// The setting to use of it.
    alternate: u8,
    /// Towards the device.
    output: Option<u8>,
    /// From the device, and its packet size.
    input: Option<(u8, u16)>,
}

/// A device that is plugged in.
#[derive(Debug, Clone)]
pub struct UsbFound {
    /// What it is known by.
    pub identity: UsbIdentity,
    /// The maker's name and the model's, as far as the system knows them.
    pub name: String,
    /// The interfaces of use.
    pub interfaces: Vec<UsbInterface>,
    /// Why it can't be opened, if so.
    pub trouble: Option<TransportError>,
    device: Device<Context>,
}

/// Devices that are plugged in and have an interface of use; none where the machine has no USB.
pub fn plugged_in() -> Vec<UsbFound> {
    let Ok(devices) = Context::new().and_then(|context| context.devices()) else { return Vec::new() };
    devices.iter().filter_map(look_at).collect()
}

fn port_of(device: &Device<Context>) -> String {
    let ports = device.port_numbers().unwrap_or_default();
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    format!("{}-{}", device.bus_number(), ports.join("."))
}

/// What the system knows of a device by a file's name.
fn told(port: &str, what: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("{SYSFS}/{port}/{what}")).ok()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What the system keeps of an interface.
fn folder_of(port: &str, number: u8) -> Option<PathBuf> {
    let ours = |name: &str| name.starts_with(&format!("{port}:")) && name.ends_with(&format!(".{number}"));
    let mut interfaces = std::fs::read_dir(SYSFS).ok()?.filter_map(Result::ok);
    interfaces.find(|entry| entry.file_name().to_str().is_some_and(ours)).map(|entry| entry.path())
}

/// The report descriptor of an interface that the kernel's own driver has read: no right is needed, and nothing is taken
/// from anybody who types.
fn known_descriptor(port: &str, number: u8) -> Option<Vec<u8>> {
    let mut inside = std::fs::read_dir(folder_of(port, number)?).ok()?.filter_map(Result::ok);
    inside.find_map(|entry| std::fs::read(entry.path().join("report_descriptor")).ok()).filter(|read| !read.is_empty())
}

/// The device id of a printer that the kernel's own driver holds, as the device gave it, empty where it gave none. To ask
/// the device itself would take it from whom it prints for.
fn known_id(port: &str, number: u8) -> Option<Vec<u8>> {
    let mut text = std::fs::read(folder_of(port, number)?.join("ieee1284_id")).ok()?;
    text.truncate(text.trim_ascii_end().len());
    let length = u16::try_from(text.len() + 2).ok()?;
    Some([&length.to_be_bytes()[..], &text].concat())
}

fn look_at(device: Device<Context>) -> Option<UsbFound> {
    let descriptor = device.device_descriptor().ok()?;
    let interfaces = interfaces(&device);
    if interfaces.is_empty() {
        return None;
    }
    let port = port_of(&device);
    let opened = device.open();
    let (mut serial, mut maker, mut model) =
        (told(&port, "serial"), told(&port, "manufacturer"), told(&port, "product"));
    if let Ok(handle) = &opened {
        serial = serial.or_else(|| handle.read_serial_number_string_ascii(&descriptor).ok());
        maker = maker.or_else(|| handle.read_manufacturer_string_ascii(&descriptor).ok());
        model = model.or_else(|| handle.read_product_string_ascii(&descriptor).ok());
    }
    let serial = serial.filter(|serial| !serial.trim().is_empty());
    let which = serial.map_or(Which::Port(port), Which::Serial);
    let identity = UsbIdentity { vendor: descriptor.vendor_id(), product: descriptor.product_id(), which };
    let name = [maker, model].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(UsbFound { identity, name, interfaces, trouble: opened.err().map(Into::into), device })
}

fn interfaces(device: &Device<Context>) -> Vec<UsbInterface> {
    let Ok(config) = device.active_config_descriptor().or_else(|_| device.config_descriptor(0)) else {
        return Vec::new();
    };
    config
        .interfaces()
        .filter_map(|interface| {
            // Two-way printers are preferred to one-way ones; other protocols are not for us.
            let rank = |setting: &rusb::InterfaceDescriptor<'_>| match (setting.class_code(), setting.protocol_code()) {
                (PRINTER, 2) | (HID, _) => 2,
                (PRINTER, 1) => 1,
                _ => 0,
            };
            let setting = interface.descriptors().max_by_key(rank).filter(|setting| rank(setting) > 0)?;
            let is_printer = setting.class_code() == PRINTER;
            let wanted = if is_printer { TransferType::Bulk } else { TransferType::Interrupt };
            let ends = |direction| {
                setting
                    .endpoint_descriptors()
                    .find(move |end| end.transfer_type() == wanted && end.direction() == direction)
            };
            let kind = match (is_printer, setting.sub_class_code(), setting.protocol_code()) {
                (true, ..) => UsbKind::Printer,
                (false, 1, 1) => UsbKind::Keyboard,
                _ => UsbKind::Hid,
            };
            let found = UsbInterface {
                kind,
                number: setting.interface_number(),
                alternate: setting.setting_number(),
                output: ends(Direction::Out).map(|end| end.address()),
                input: ends(Direction::In).map(|end| (end.address(), end.max_packet_size())),
            };
            let of_use = if is_printer { found.output.is_some() } else { found.input.is_some() };
            of_use.then_some(found)
        })
        .collect()
}

/// A device on USB, by one of its interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usb {
    /// Which device.
    pub identity: UsbIdentity,
    /// Which kind of interface of it.
    pub kind: UsbKind,
}

/// The opened interface of a device.
struct Opened {
    handle: DeviceHandle<Context>,
    interface: UsbInterface,
}

impl Usb {
    fn find(&self) -> Result<UsbFound, TransportError> {
        let same = |found: &UsbFound| {
            let (known, wanted) = (&found.identity, &self.identity);
            let model = (known.vendor, known.product) == (wanted.vendor, wanted.product);
            let which = match &wanted.which {
                Which::Any => true,
                Which::Port(port) => port_of(&found.device) == *port,
                serial @ Which::Serial(_) => known.which == *serial,
            };
            model && which
        };
        plugged_in().into_iter().find(same).ok_or_else(|| TransportError::new(ErrorKind::NotFound))
    }

    /// The number of our interface of a device.
    fn number_in(&self, found: &UsbFound) -> Option<u8> {
        found.interfaces.iter().find(|interface| interface.kind == self.kind).map(|interface| interface.number)
    }

    fn open(&self) -> Result<Opened, TransportError> {
        let found = self.find()?;
        let interface = found.interfaces.into_iter().find(|interface| interface.kind == self.kind);
        let Some(interface) = interface else {
            let detail = format!("{} has no such interface", self.identity);
            return Err(TransportError { kind: ErrorKind::NotFound, detail });
        };
        let handle = found.device.open()?;
        match handle.set_auto_detach_kernel_driver(true) {
            // Where the system can't, there is no driver in the way.
            Ok(()) | Err(rusb::Error::NotSupported) => {}
            Err(error) => return Err(error.into()),
        }
        handle.claim_interface(interface.number)?;
        if interface.alternate != 0 {
            handle.set_alternate_setting(interface.number, interface.alternate)?;
        }
        Ok(Opened { handle, interface })
    }

    fn start(&self) -> Result<Threads, TransportError> {
        let opened = self.open()?;
        if self.kind == UsbKind::Keyboard {
            opened.boot_keyboard()?;
        }
        let shared = Arc::new(opened);
        Threads::start(&self.identity.to_string(), Out(Arc::clone(&shared)), In(shared))
    }

    /// What a printer says of itself (IEEE 1284), with the two bytes of length before it: as the system knows it, else
    /// asked from the device. Blocks.
    ///
    /// # Errors
    /// Where it can't be opened, or does not answer; a printer that does not know the question gives
    /// [`ErrorKind::Reset`].
    pub fn device_id(&self) -> Result<Vec<u8>, TransportError> {
        let found = self.find()?;
        if let Some(known) = self.number_in(&found).and_then(|number| known_id(&port_of(&found.device), number)) {
            return Ok(known);
        }
        let opened = self.open()?;
        let mut answer = vec![0; 1_024];
        let index = u16::from(opened.interface.number) << 8 | u16::from(opened.interface.alternate);
        let read = opened.handle.read_control(0xa1, 0, 0, index, &mut answer, CONTROL)?;
        answer.truncate(read);
        Ok(answer)
    }

    /// The port status of a printer: bit 3 no error, 4 selected, 5 paper empty. Many printers always say the same:
    /// worth something only where it was seen to change. Blocks.
    ///
    /// # Errors
    /// Where it can't be opened, or does not answer.
    pub fn port_status(&self) -> Result<u8, TransportError> {
        let opened = self.open()?;
        let mut answer = [0];
        opened.handle.read_control(0xa1, 1, 0, u16::from(opened.interface.number), &mut answer, CONTROL)?;
        Ok(answer[0])
    }

    /// The report descriptor of an HID interface: as the system knows it, else asked from the device. Blocks.
    ///
    /// # Errors
    /// Where it can't be opened, or does not answer.
    pub fn report_descriptor(&self) -> Result<Vec<u8>, TransportError> {
        let found = self.find()?;
        let number = self.number_in(&found);
        if let Some(known) = number.and_then(|number| known_descriptor(&port_of(&found.device), number)) {
            return Ok(known);
        }
        let opened = self.open()?;
        let mut answer = vec![0; 4_096];
        let read =
            opened.handle.read_control(0x81, 6, 0x2200, u16::from(opened.interface.number), &mut answer, CONTROL)?;
        answer.truncate(read);
        Ok(answer)
    }
}

impl Opened {
    /// Asks a keyboard for reports of the boot protocol, and only when something changes. One that can't is one that
    /// does nothing else.
    fn boot_keyboard(&self) -> Result<(), TransportError> {
        let number = u16::from(self.interface.number);
        for request in [0x0b, 0x0a] {
            match self.handle.write_control(0x21, request, 0, number, &[], CONTROL) {
                Ok(_) | Err(rusb::Error::Pipe) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Connect for Usb {
    fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
        let this = self.clone();
        Box::pin(open_within(limit, move || this.start()))
    }

    fn address(&self) -> String {
        self.identity.to_string()
    }
}

struct Out(Arc<Opened>);
struct In(Arc<Opened>);

impl Sink for Out {
    fn write_some(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, TransportError> {
        let Some(end) = self.0.interface.output else {
            return Err(TransportError { kind: ErrorKind::Other, detail: "nothing can be written to it".into() });
        };
        let piece = bytes.get(..PIECE.min(bytes.len())).unwrap_or_default();
        // At the limit this gives how many bytes left: they count.
        Ok(self.0.handle.write_bulk(end, piece, limit)?)
    }
}

impl Source for In {
    fn read_some(&mut self, into: &mut [u8], limit: Duration) -> Result<usize, TransportError> {
        let Some((end, packet)) = self.0.interface.input else {
            // A printer that only listens.
            std::thread::sleep(limit);
            return Err(TransportError::new(ErrorKind::TimedOut));
        };
        let read = match self.0.interface.kind {
            UsbKind::Printer => self.0.handle.read_bulk(end, into, limit)?,
            // A report is a packet: asked for more, the system would wait for the next one.
            _ => {
                let packet = into.get_mut(..usize::from(packet & 0x7ff)).unwrap_or_default();
                self.0.handle.read_interrupt(end, packet, limit)?
            }
        };
        Ok(read)
    }
}

impl From<rusb::Error> for TransportError {
    fn from(error: rusb::Error) -> Self {
        let kind = match error {
            rusb::Error::Access => ErrorKind::NotPermitted,
            rusb::Error::NoDevice | rusb::Error::Io => ErrorKind::Unplugged,
            rusb::Error::NotFound => ErrorKind::NotFound,
            rusb::Error::Busy => ErrorKind::Busy,
            rusb::Error::Timeout => ErrorKind::TimedOut,
            rusb::Error::Pipe => ErrorKind::Reset,
            _ => ErrorKind::Other,
        };
        TransportError { kind, detail: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_read_as_they_are_written() {
        for text in ["04b8:0202/J1234", "0a5f:00d3@1-2.4", "1fc9:2016"] {
            let identity: UsbIdentity = text.parse().unwrap();
            assert_eq!(identity.to_string(), text);
            assert_eq!(serde_json::to_value(&identity).unwrap(), text);
        }
        let identity: UsbIdentity = "04B8:0202/a/b".parse().unwrap();
        assert_eq!(identity.which, Which::Serial("a/b".into()));
        for wrong in ["", "04b8", "4b8:0202", "04b8:0202/", "04b8:0202@", "04b8:02g2", "x04b8:0202"] {
            assert!(wrong.parse::<UsbIdentity>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_is_not_plugged_in_is_not_found() {
        let usb = Usb { identity: "dead:beef".parse().unwrap(), kind: UsbKind::Printer };
        let Err(error) = usb.connect(Duration::from_secs(5)).await else { panic!("opened") };
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert_eq!(usb.device_id().unwrap_err().kind, ErrorKind::NotFound);
    }
}
