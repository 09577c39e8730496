//! The hand-over list on paper, to be signed by both.

use serde::Serialize;
use tallyman_labels::{Label, Language, Manifest, ManifestLine};

use super::ShippingError;
use super::query::{self, ManifestView};
use crate::db::{Op, Operation};
use crate::kernel::actor::Right;
use crate::kernel::ids::{ManifestId, StationId};
use crate::messages;
use crate::station::StationError;
use crate::station::papers::{NewPaper, PapersQueued, heading, queue};
use crate::station::port::kilograms;

/// Prints a manifest.
#[derive(Debug, Serialize)]
pub struct PrintManifest {
    /// Which.
    pub manifest: ManifestId,
    /// Where it is asked for.
    pub station: Option<StationId>,
    /// The code of a printer, where it shall be that one.
    pub printer: Option<String>,
    /// The language of its captions.
    pub language: String,
}

impl Operation for PrintManifest {
    const KIND: &'static str = "manifest.print";
    type Answer = PapersQueued;
    type Error = StationError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PapersQueued, StationError> {
        if !op.may(Right::Ship) {
            return Err(StationError::Forbidden { right: Right::Ship.code() });
        }
        let warehouse = op.warehouse();
        let view = match query::manifest(op.tx, warehouse, self.manifest).await {
            Err(ShippingError::Db(error)) => return Err(error.into()),
            Err(_) => return Err(StationError::NotFound { what: "manifest", code: self.manifest.to_string() }),
            Ok(view) => view,
        };
        let (house, printed_at) = heading(op).await?;
        let list = Label::Manifest(list(view, house, printed_at, messages::Language::accepted(&self.language)));
        let new = NewPaper { printer: self.printer.as_deref(), ..NewPaper::of(op, list, None, self.station) };
        Ok(PapersQueued { print_job_ids: queue(op, new, 1).await? })
    }
}

fn list(view: ManifestView, warehouse: String, printed_at: String, language: messages::Language) -> Manifest {
    let head = view.manifest;
    let (language, carrier) = match language {
        messages::Language::ZhCn if !head.carrier_zh.is_empty() => (Language::ZhCn, head.carrier_zh),
        messages::Language::ZhCn => (Language::ZhCn, head.carrier_en),
        messages::Language::En => (Language::En, head.carrier_en),
    };
    let lines = view.parcels.into_iter().map(|parcel| ManifestLine {
        waybill_number: parcel.waybill,
        parcel_number: parcel.parcel,
        order_number: parcel.order,
        weight: parcel.weight_grams.map(kilograms).unwrap_or_default(),
    });
    Manifest {
        language,
        number: head.number,
        carrier,
        warehouse,
        printed_at,
        lines: lines.collect(),
        parcels: head.count.to_string(),
        total_weight: kilograms(head.weight_grams),
    }
}
