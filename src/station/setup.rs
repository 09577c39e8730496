//! Setting up printers and stations.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{PrinterLanguage, PrinterTransport};
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
    /// `host:port`, or an absolute directory.
    pub address: String,
    /// What it understands.
    pub language: PrinterLanguage,
    /// Its density; 8000 is 203 dpi.
    #[serde(default = "usual_density")]
    pub dots_per_m: i64,
    /// Whether it is in use.
    #[serde(default = "in_use")]
    pub active: bool,
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
        // Nothing below may fail for a business reason.
        let warehouse = op.warehouse();
        let values =
            args![warehouse, &code, name, self.transport, address, self.language, self.dots_per_m, self.active];
        let (printer_id,): (PrinterId,) = op.tx.one("printer", sql::PUT_PRINTER, values).await?;
        let data = json!({ "code": code, "transport": self.transport, "address": address, "active": self.active });
        op.record("printer.put", ("printer", printer_id.0), &data);
        Ok(PrinterPut { printer_id })
    }
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
        // Nothing below may fail for a business reason.
        let warehouse = op.warehouse();
        let (station_id,): (StationId,) =
            op.tx.one("station", sql::PUT_STATION, args![warehouse, &code, name, printer]).await?;
        op.record("station.put", ("station", station_id.0), &json!({ "code": code, "printer": printer }));
        Ok(StationPut { station_id })
    }
}
