//! The hand-over: parcels are scanned onto a carrier's list, until the carrier signs for them.

use super::code::{Code, Command};
use super::model::{Heard, Screen, State};
use super::scan::Scan;
use super::{FloorError, refused, wrong_kind};
use crate::args;
use crate::db::{Op, Operation as _};
use crate::kernel::ids::StationId;
use crate::kernel::text::scanned;
use crate::shipping::handover::HandOver;
use crate::shipping::list::PrintManifest;
use crate::shipping::manifest::OpenManifest;
use crate::shipping::scan::ScanOut;

/// Does what the hand-over does with a code.
pub(super) async fn scan(
    op: &mut Op<'_, '_>,
    state: &mut State,
    code: &Code,
    scan: &Scan,
) -> Result<Heard, FloorError> {
    match (code, state.pack.manifest) {
        (Code::Choice(what, carrier), None) if what == "CARRIER" => {
            let opened = OpenManifest { carrier: carrier.clone() }.run(op).await?;
            state.pack.manifest = Some(opened.manifest_id);
            Ok(Heard::ok())
        }
        (Code::Choice(what, manifest), None) if what == "MANIFEST" => {
            let manifest = manifest.parse().map_err(|_| refused("floor.not_here", &[]))?;
            state.pack.manifest = Some(crate::kernel::ids::ManifestId(manifest));
            Ok(Heard::ok())
        }
        (Code::Command(Command::Back), _) => {
            if state.pack.manifest.take().is_none() {
                state.screen = Screen::Pack;
            }
            Ok(Heard::ok())
        }
        (Code::Command(Command::Ok), _) => Ok(Heard::ok()),
        (Code::Waybill(_) | Code::Unknown(_), Some(manifest)) => {
            let out = ScanOut { manifest, scan: scan.raw.clone() }.run(op).await?;
            let heard = Heard::ok();
            Ok(match out.expected_mark.as_str() {
                "" => heard,
                mark => heard.saying("out.expect_mark", &[("waybill", &out.waybill), ("mark", &mark)]),
            })
        }
        (Code::Command(Command::PrintList), Some(manifest)) => {
            let values = args![op.context.warehouse, scanned(&scan.station)];
            let station: Option<(StationId,)> = op.tx.opt(crate::station::sql::SELECT_STATION_ID, values).await?;
            let station = station.map(|(station,)| station);
            let language = crate::messages::Language::ZhCn.code().to_owned();
            PrintManifest { manifest, station, printer: None, language }.run(op).await?;
            Ok(Heard::info("out.list_prints", &[]))
        }
        (Code::Choice(what, name), Some(manifest)) if what == "SIGN" => {
            let done = HandOver { manifest, taken_by: name.clone(), signature: None }.run(op).await?;
            state.pack.manifest = None;
            Ok(Heard::done().saying("out.done", &[("parcels", &done.parcels), ("manifest", &done.number)]))
        }
        (Code::Unknown(text), None) => Err(refused("floor.unknown_here", &[("code", text)])),
        (Code::Command(_) | Code::Choice(..), None) => Err(refused("floor.not_here", &[])),
        (_, None) => Err(refused("out.carrier_first", &[])),
        (other, Some(_)) => Err(wrong_kind(other, "kind.waybill")),
    }
}
