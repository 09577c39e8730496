//! Setting up printers and stations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tallyman_drivers::scale::Protocol;
use tallyman_drivers::scanner::How;
use tallyman_drivers::transport::Address;
use tallyman_labels::Media;
use utoipa::ToSchema;

use super::devices::several;
use super::model::{Compression, Drawing, JobKind, PrinterLanguage, PrinterTransport};
use super::ops::{active_printer, require};
use super::{StationError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{PrinterId, StationId};
use crate::kernel::text::scanned;

/// Densities of label printers, in dots per metre: 100 to 1,200 dpi.
const DENSITIES: std::ops::RangeInclusive<i64> = 3_900..=48_000;

fn code(field: &'static str, text: &str) -> Result<String, StationError> {
    let code = scanned(text);
    if (1..=60).contains(&code.chars().count()) { Ok(code) } else { Err(StationError::BadName { field }) }
}

fn name(text: &str) -> Result<&str, StationError> {
    let name = text.trim();
    if (1..=60).contains(&name.chars().count()) { Ok(name) } else { Err(StationError::BadName { field: "name" }) }
}

/// Makes a printer, or changes the one with this code.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutPrinter {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub transport: PrinterTransport,
    /// `host:port` on the network; `/dev/ttyUSB0,9600 8N1` on a serial port; `0a5f:00d3/SERIAL` on USB, as `tallyman
    /// devices` writes it; `/dev/usb/lp0` as a file; an absolute directory.
    pub address: String,
    /// What it understands.
    pub language: PrinterLanguage,
    /// Its density; 8000 is 203 dpi.
    #[serde(default = "usual_density")]
    pub dots_per_m: i64,
    /// What is in it, in millimetres, as `100x150`.
    #[serde(default = "usual_stock")]
    pub stock: String,
    /// How pictures are sent, in ZPL.
    #[serde(default = "usual_compression")]
    pub compression: Compression,
    /// Who draws, in ZPL.
    #[serde(default = "usual_drawing")]
    pub drawing: Drawing,
    /// Prints turned by 180 degrees: for labels that leave the printer foot first.
    #[serde(default)]
    pub turned: bool,
    /// Cuts after each label.
    #[serde(default)]
    pub cutter: bool,
    /// Whether it is in use.
    #[serde(default = "in_use")]
    pub active: bool,
    /// The code of the station on whose packing PC it hangs; empty for the machine of the service, and for printers on
    /// the network that the service reaches by itself.
    #[serde(default)]
    pub station: String,
}

fn usual_stock() -> String {
    "100x150".to_owned()
}

const fn usual_compression() -> Compression {
    Compression::Acs
}

const fn usual_drawing() -> Drawing {
    Drawing::Picture
}

const fn usual_density() -> i64 {
    8_000
}

const fn in_use() -> bool {
    true
}

/// A printer that was put.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PrinterPut {
    /// Its id.
    pub printer_id: PrinterId,
}

impl PutPrinter {
    fn address(&self) -> Result<&str, StationError> {
        let address = self.address.trim();
        let good = match self.transport {
            PrinterTransport::Tcp => address
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)),
            PrinterTransport::Folder => std::path::Path::new(address).is_absolute(),
            PrinterTransport::Serial | PrinterTransport::Usb | PrinterTransport::File => {
                format!("{}:{address}", self.transport.code()).parse::<Address>().is_ok()
            }
        };
        if good { Ok(address) } else { Err(StationError::BadAddress { address: address.to_owned() }) }
    }
}

impl Operation for PutPrinter {
    const KIND: &'static str = "printer.put";
    type Answer = PrinterPut;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PrinterPut, StationError> {
        require(op, Right::ShippingSetup)?;
        let (code, name, address) = (code("code", &self.code)?, name(&self.name)?, self.address()?);
        if !DENSITIES.contains(&self.dots_per_m) {
            return Err(StationError::BadDensity { dots_per_m: self.dots_per_m });
        }
        let Some(stock) = Media::named(self.stock.trim()) else {
            return Err(StationError::BadStock { stock: self.stock.clone() });
        };
        // A device takes no PDF: that is for folders, and what watches them.
        if self.language == PrinterLanguage::Pdf && self.transport != PrinterTransport::Folder {
            return Err(StationError::PdfDevice { transport: self.transport.code().to_owned() });
        }
        let warehouse = op.warehouse();
        let station: Option<StationId> = match scanned(&self.station) {
            none if none.is_empty() => None,
            code => {
                let found: Option<(StationId,)> = op.tx.opt(sql::SELECT_STATION_ID, args![warehouse, &code]).await?;
                Some(found.ok_or(StationError::NotFound { what: "station", code })?.0)
            }
        };
        // Nothing below may fail for a business reason.
        let values = args![
            warehouse,
            &code,
            name,
            self.transport,
            address,
            self.language,
            self.dots_per_m,
            self.active,
            stock.name(),
            self.compression,
            self.drawing,
            self.turned,
            self.cutter,
            station
        ];
        let (printer_id,): (PrinterId,) = op.tx.one("printer", sql::PUT_PRINTER, values).await?;
        let data = json!({ "code": code, "transport": self.transport, "address": address, "active": self.active });
        op.record("printer.put", ("printer", printer_id.0), &data);
        Ok(PrinterPut { printer_id })
    }
}

/// A station's printer for a kind of label or paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrinterOfKind {
    /// The kind, as `packing_slip`.
    pub kind: JobKind,
    /// The printer's code.
    pub printer: String,
}

/// Makes a packing station, or changes the one with this code.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PutStation {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The code of the printer that its labels come from.
    #[serde(default)]
    pub label_printer: Option<String>,
    /// Which printers its other labels and papers come from; what isn't said here goes to the nearest printer with the
    /// right stock.
    #[serde(default)]
    pub printers: Vec<PrinterOfKind>,
    /// Where its scanner is: `serial:/dev/ttyUSB0`, `usb:0c2e:0b81/SERIAL`, as `tallyman
    /// devices` writes it; several with semicolons, of the same kind; empty for none. A scanner that types needs nothing
    /// here.
    #[serde(default)]
    pub scanner: String,
    /// How that talks: `serial` (where nothing is said), `ssi`, `keyboard`, `pos`.
    #[serde(default)]
    pub scanner_how: String,
    /// Where its scale is; empty for none.
    #[serde(default)]
    pub scale: String,
    /// What that speaks, as `st_gs`.
    #[serde(default)]
    pub scale_protocol: String,
    /// Whether its devices hang on a packing PC of its own, where `tallyman station` runs, and not on the machine of the
    /// service.
    #[serde(default)]
    pub agent: bool,
}

impl PutStation {
    /// Scanner, its way, scale, its protocol: each pair whole or empty.
    fn devices(&self) -> Result<[String; 4], StationError> {
        let address = |list: &str| {
            let one = |text: &str| {
                let bad = |_| StationError::BadDevice { address: text.to_owned() };
                text.parse::<Address>().map(|address| address.to_string()).map_err(bad)
            };
            several(list).map(one).collect::<Result<Vec<_>, _>>().map(|all| all.join(";"))
        };
        let mut devices = [const { String::new() }; 4];
        let (scanner, scale) = (self.scanner.trim(), self.scale.trim());
        if !scanner.is_empty() {
            let how = if self.scanner_how.is_empty() { "serial" } else { self.scanner_how.as_str() };
            let known = || "serial, ssi, keyboard, pos".to_owned();
            How::named(how).ok_or_else(|| StationError::UnknownWay { way: how.to_owned(), known: known() })?;
            [devices[0], devices[1]] = [address(scanner)?, how.to_owned()];
        }
        if !scale.is_empty() {
            let protocol = self.scale_protocol.as_str();
            let known = || Protocol::ALL.map(Protocol::code).join(", ");
            Protocol::named(protocol)
                .ok_or_else(|| StationError::UnknownWay { way: protocol.to_owned(), known: known() })?;
            [devices[2], devices[3]] = [address(scale)?, protocol.to_owned()];
        }
        Ok(devices)
    }
}

/// A station that was put.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StationPut {
    /// Its id.
    pub station_id: StationId,
}

impl Operation for PutStation {
    const KIND: &'static str = "station.put";
    type Answer = StationPut;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<StationPut, StationError> {
        require(op, Right::ShippingSetup)?;
        let (code, name) = (code("code", &self.code)?, name(&self.name)?);
        let printer = match &self.label_printer {
            Some(printer) => Some(active_printer(op, printer).await?),
            None => None,
        };
        let mut printers = BTreeMap::new();
        for PrinterOfKind { kind, printer } in &self.printers {
            printers.insert(*kind, active_printer(op, printer).await?);
        }
        let [scanner, how, scale, protocol] = self.devices()?;
        // Nothing below may fail for a business reason.
        let warehouse = op.warehouse();
        let values = args![warehouse, &code, name, printer, &scanner, how, &scale, protocol, self.agent];
        let (station_id,): (StationId,) = op.tx.one("station", sql::PUT_STATION, values).await?;
        op.tx.exec(sql::DELETE_STATION_PRINTERS, args![station_id]).await?;
        for (kind, printer) in &printers {
            op.tx.exec_one("station printer", sql::INSERT_STATION_PRINTER, args![station_id, *kind, *printer]).await?;
        }
        let data = json!({ "code": code, "printer": printer, "printers": printers, "scanner": scanner, "scale": scale, "agent": self.agent });
        op.record("station.put", ("station", station_id.0), &data);
        Ok(StationPut { station_id })
    }
}
