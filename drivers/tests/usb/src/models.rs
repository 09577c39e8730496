//! Devices to plug in.

use crate::{Model, descriptors};

/// A two-way printer with this serial number and IEEE-1284 device id: 1 takes bytes, 0x82 gives them.
pub fn printer(serial: &str, id: &str) -> Model {
    let (device, config) = descriptors(0x0a5f, 0x0166, (7, 1, 2), None, &[(0x01, 2, 512), (0x82, 2, 512)]);
    Model {
        device,
        config,
        strings: ["Zebra", "ZD421", serial].map(String::from).into(),
        ieee1284: [&u16::try_from(id.len() + 2).unwrap().to_be_bytes()[..], id.as_bytes()].concat(),
        port_status: 0x18,
        driver: Some("usblp".into()),
        ..Model::default()
    }
}

/// A HID device of this subclass and protocol, with this report descriptor: 0x81 gives reports of `packet` bytes.
pub fn hid_device(ids: (u16, u16), protocol: (u8, u8), report: &[u8], packet: u16) -> Model {
    let class = (3, protocol.0, protocol.1);
    let length = u16::try_from(report.len()).unwrap();
    let (device, config) = descriptors(ids.0, ids.1, class, Some(length), &[(0x81, 3, packet)]);
    Model {
        device,
        config,
        strings: ["Maker", "Model", "SN7"].map(String::from).into(),
        report_desc: report.to_vec(),
        driver: Some("usbhid".into()),
        ..Model::default()
    }
}
