//! What hangs on this machine: printers, scanners and scales, and what is missing to use them.

use crate::printer::{DeviceId, Language};
use crate::scanner::pos;
use crate::transport::{Address, ErrorKind, Line, TransportError, Usb, UsbFound, UsbKind, plugged_in};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a device is good for, as far as it says so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A printer.
    Printer,
    /// A scanner of the point-of-sale class.
    Scanner,
    /// A keyboard, which most scanners pretend to be.
    KeyboardOrScanner,
    /// A scale.
    Scale,
    /// A serial line: a scanner, a scale or a printer, which it can't say.
    Serial,
}

impl Role {
    /// Its name in lists.
    pub fn code(self) -> &'static str {
        match self {
            Role::Printer => "printer",
            Role::Scanner => "scanner",
            Role::KeyboardOrScanner => "keyboard_or_scanner",
            Role::Scale => "scale",
            Role::Serial => "serial",
        }
    }
}

/// A device that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What it is good for.
    pub role: Role,
    /// Maker and model, as far as they are known.
    pub name: String,
    /// How settings name it; it stays the same when it is plugged in again, except for a `file:`.
    pub address: Address,
    /// The language to propose for a printer.
    pub language: Option<Language>,
    /// Why it can't be used, if so.
    pub trouble: Option<TransportError>,
}

/// The devices of this machine, printers first. Opens USB devices to ask them who they are; blocks for that long.
pub fn devices() -> Vec<Found> {
    let mut found: Vec<Found> = plugged_in().iter().flat_map(on_usb).collect();
    found.extend(kernel_printers(Path::new("/sys/class/usbmisc"), Path::new("/dev/usb")));
    found.extend(serial_ports());
    found.sort_by_key(|found| match found.role {
        Role::Printer => 0,
        Role::Scanner => 1,
        Role::Scale => 2,
        Role::Serial => 3,
        Role::KeyboardOrScanner => 4,
    });
    found
}

fn on_usb(found: &UsbFound) -> Vec<Found> {
    let each = |kind: UsbKind| {
        let usb = Usb { identity: found.identity.clone(), kind };
        let mut device = Found {
            role: Role::KeyboardOrScanner,
            name: found.name.clone(),
            address: Address::Usb(found.identity.clone()),
            language: None,
            trouble: found.trouble.clone(),
        };
        match kind {
            UsbKind::Printer => {
                device.role = Role::Printer;
                match usb.device_id() {
                    Ok(answer) => name_printer(&mut device, &DeviceId::read(&answer)),
                    // It does not know the question, and prints all the same.
                    Err(error) if error.kind == ErrorKind::Reset => {}
                    Err(error) => device.trouble = device.trouble.or(Some(error)),
                }
            }
            UsbKind::Keyboard => {}
            UsbKind::Hid => {
                let descriptor = match usb.report_descriptor() {
                    Ok(descriptor) => descriptor,
                    Err(_) if device.trouble.is_none() => return None,
                    Err(_) => Vec::new(),
                };
                device.role = role_of(&descriptor)?;
            }
        }
        Some(device)
    };
    let mut kinds: Vec<UsbKind> = found.interfaces.iter().map(|interface| interface.kind).collect();
    kinds.dedup();
    kinds.into_iter().filter_map(each).collect()
}

/// What a report descriptor is of; `None` for mice and the like.
fn role_of(descriptor: &[u8]) -> Option<Role> {
    if pos::is_scanner(descriptor) {
        return Some(Role::Scanner);
    }
    // Usage page 8D, scales.
    descriptor.windows(2).any(|item| item == [0x05, 0x8d]).then_some(Role::Scale)
}

fn name_printer(device: &mut Found, id: &DeviceId) {
    let named = format!("{} {}", id.manufacturer, id.model);
    if !named.trim().is_empty() {
        device.name = named.trim().to_owned();
    }
    device.language = id.language();
}

/// Printers that the kernel's own driver holds: a way without rights on the USB device.
fn kernel_printers(class: &Path, files: &Path) -> Vec<Found> {
    let Ok(entries) = std::fs::read_dir(class) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.sort();
    let each = |path: PathBuf| {
        let name = path.file_name()?.to_str()?.to_owned();
        if !name.starts_with("lp") {
            return None;
        }
        let file = files.join(&name);
        let trouble = trouble_of(&file);
        let mut device = Found { role: Role::Printer, name, address: Address::File(file), language: None, trouble };
        if let Ok(text) = std::fs::read_to_string(path.join("device/ieee1284_id")) {
            name_printer(&mut device, &DeviceId::parse(&text));
        }
        Some(device)
    };
    names.into_iter().filter_map(each).collect()
}

/// Why a device file can't be used: looked at, not opened, because opening a serial port can reset what hangs on it.
fn trouble_of(file: &Path) -> Option<TransportError> {
    #[cfg(unix)]
    {
        use nix::unistd::{AccessFlags, access};
        let error = std::io::Error::from(access(file, AccessFlags::R_OK | AccessFlags::W_OK).err()?);
        let detail = file.display().to_string();
        let kind = match error.kind() {
            std::io::ErrorKind::PermissionDenied => ErrorKind::NotPermitted,
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Other,
        };
        Some(TransportError { kind, detail })
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}

fn serial_ports() -> Vec<Found> {
    let ports = serialport::available_ports().unwrap_or_default();
    let of_usb = ports.into_iter().filter_map(|port| match port.port_type {
        serialport::SerialPortType::UsbPort(info) => Some((port.port_name, info)),
        // A port soldered in has no name: settings may use it, a list of finds is no help with it.
        _ => None,
    });
    let each = |(path, info): (String, serialport::UsbPortInfo)| {
        let name = [info.manufacturer, info.product].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let trouble = trouble_of(Path::new(&path));
        let lasting =
            ["/dev/serial/by-id", "/dev/serial/by-path"].into_iter().find_map(|folder| link_to(folder, &path));
        let address = Address::Serial(lasting.unwrap_or(path), Line::default());
        Found { role: Role::Serial, name, address, language: None, trouble }
    };
    of_usb.map(each).collect()
}

/// The link in a folder that leads to a device file: it survives replugging, the file's own name does not.
fn link_to(folder: &str, path: &str) -> Option<String> {
    let wanted = std::fs::canonicalize(path).ok()?;
    let same = |entry: std::io::Result<std::fs::DirEntry>| {
        let link = entry.ok()?.path();
        (std::fs::canonicalize(&link).ok()? == wanted).then(|| link.display().to_string())
    };
    std::fs::read_dir(folder).ok()?.find_map(same)
}

/// The rules that let members of a group use printers, scanners and scales, for `/etc/udev/rules.d`.
pub fn udev_rules(group: &str) -> String {
    format!(
        "# Printers, scanners and scales for members of the group {group}.\n\
         SUBSYSTEM==\"usb\", ENV{{DEVTYPE}}==\"usb_device\", ENV{{ID_USB_INTERFACES}}==\"*:0701*\", GROUP=\"{group}\", MODE=\"0660\"\n\
         SUBSYSTEM==\"usb\", ENV{{DEVTYPE}}==\"usb_device\", ENV{{ID_USB_INTERFACES}}==\"*:0300*\", GROUP=\"{group}\", MODE=\"0660\"\n\
         SUBSYSTEM==\"usbmisc\", KERNEL==\"lp*\", GROUP=\"{group}\", MODE=\"0660\"\n\
         SUBSYSTEM==\"tty\", ENV{{ID_BUS}}==\"usb\", GROUP=\"{group}\", MODE=\"0660\"\n\
         # A scanner that is a keyboard (0301): only by its own numbers, or every keyboard would be open to the group.\n\
         # SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"05e0\", ATTR{{idProduct}}==\"1200\", GROUP=\"{group}\", MODE=\"0660\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printers_of_the_kernel_are_named_by_their_device_id() {
        let folder = tempfile::tempdir().unwrap();
        let (class, files) = (folder.path().join("class"), folder.path().join("dev"));
        std::fs::create_dir_all(class.join("lp0/device")).unwrap();
        std::fs::create_dir_all(class.join("hiddev0")).unwrap();
        std::fs::create_dir_all(&files).unwrap();
        std::fs::write(class.join("lp0/device/ieee1284_id"), "MFG:Xprinter;CMD:TSPL;MDL:XP-420B;\n").unwrap();
        std::fs::write(files.join("lp0"), "").unwrap();
        let found = kernel_printers(&class, &files);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].language), ("Xprinter XP-420B", Some(Language::Tspl)));
        assert_eq!(found[0].trouble, None);
        std::fs::remove_file(files.join("lp0")).unwrap();
        assert_eq!(kernel_printers(&class, &files)[0].trouble.as_ref().unwrap().kind, ErrorKind::NotFound);
        assert!(kernel_printers(Path::new("/nowhere"), &files).is_empty());
    }

    #[test]
    fn report_descriptors_tell_scanners_and_scales() {
        assert_eq!(role_of(pos::DESCRIPTOR), Some(Role::Scanner));
        assert_eq!(role_of(&[0x05, 0x8d, 0x09, 0x20, 0xa1, 0x01, 0xc0]), Some(Role::Scale));
        assert_eq!(role_of(&[0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0xc0]), None, "a mouse");
    }

    #[test]
    fn rules_name_the_group_and_every_class() {
        let rules = udev_rules("tallyman");
        assert_eq!(rules.matches("GROUP=\"tallyman\"").count(), 5);
        for class in ["0701", "0300", "usbmisc", "tty"] {
            assert!(rules.contains(class), "{class}");
        }
        assert!(
            !rules.contains("{{") && rules.lines().all(|line| line.starts_with('#') || line.starts_with("SUBSYSTEM"))
        );
    }

    #[test]
    fn a_machine_without_devices_has_an_empty_list() {
        // Nothing can be said of what it finds here, but that it comes back.
        for found in devices() {
            assert!(!found.address.to_string().is_empty());
        }
    }
}
