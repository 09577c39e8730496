//! Labels and papers beside the shipping label: which printer each goes to, and what comes out of it.

use serde_json::{Value, json};
use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{PrintJobId, StationId, WarehouseId};
use tallyman::packing::slip::PrintPackingSlip;
use tallyman::shipping::manifest::OpenManifest;
use tallyman::shipping::scan::ScanOut;
use tallyman::station::StationError;
use tallyman::station::model::{JobKind, JobState, PrinterLanguage, PrinterTransport};
use tallyman::station::ops::{RetryJob, SettleDoubt};
use tallyman::station::papers::{PapersQueued, PrintPaper};
use tallyman::station::port::Printers;
use tallyman::station::query::{self, JobView};
use tallyman::station::queue::{Worked, work_one};
use tallyman::station::setup::{PrinterOfKind, PutPrinter, PutStation};
use tallyman_drivers::fake::{FakePrinter, Mode};
use tallyman_drivers::printer::Language;

use crate::both;
use crate::printing::{printer, station};
use crate::support::World;
use crate::support::dock::{QueueLabel, begun, packed, scan, tote_of};
use crate::support::floor::{pick_all, released};
use crate::support::http::Client;

/// A printer that is a folder.
fn folder(code: &str, at: &std::path::Path, stock: &str, language: PrinterLanguage) -> PutPrinter {
    let address = at.display().to_string();
    PutPrinter { transport: PrinterTransport::Folder, address, stock: stock.into(), language, ..printer(code) }
}

fn of_kind(kind: JobKind, printer: &str) -> PrinterOfKind {
    PrinterOfKind { kind, printer: printer.into() }
}

async fn job(world: &World, job: PrintJobId) -> JobView {
    world.db.read(|tx| Box::pin(query::job(tx, WarehouseId(1), job))).await.unwrap()
}

async fn work_all(world: &World) {
    let printers: i64 = world.number("SELECT COUNT(*) FROM printer").await;
    for id in 1..=printers {
        let id = tallyman::kernel::ids::PrinterId(id);
        while work_one(&world.app, &Printers::new(&world.app), id).await.unwrap() == Worked::OneDone {}
    }
}

fn paper(kind: &str, data: Value, station: Option<StationId>) -> PrintPaper {
    PrintPaper { kind: kind.into(), data, station, printer: None, copies: 1 }
}

fn location(code: &str) -> Value {
    json!({ "language": "zh-CN", "location": code, "barcode": code, "check_digits": "42", "zone": "A" })
}

both!(the_labels_of_an_aisle_are_printed_along_the_walk, |world| {
    released(world, 1, 1).await;
    let at = tempfile::tempdir().unwrap();
    world.does(folder("SMALL", at.path(), "100x50", PrinterLanguage::Zpl)).await;
    let packer = Client::of(world, Role::Packer).await;
    let labels = world
        .number(
            "SELECT COUNT(*) FROM location l JOIN place p ON p.id = l.place_id WHERE l.active AND p.code LIKE 'A-%'",
        )
        .await;
    assert!(labels > 3);
    let asked = json!({ "locations": " a-", "printer": "SMALL" });
    let queued = packer.send("POST", "/print-jobs/locations", "aisle", asked.clone()).await.json();
    assert_eq!(i64::try_from(queued["print_job_ids"].as_array().unwrap().len()).unwrap(), labels);
    assert_eq!(
        packer.send("POST", "/print-jobs/locations", "aisle", asked).await.json(),
        queued,
        "asked twice, printed once"
    );
    work_all(world).await;
    let printed = world.number("SELECT COUNT(*) FROM print_job WHERE kind = 'location' AND state = 'printed'").await;
    assert_eq!(printed, labels);
    let files: Vec<String> = std::fs::read_dir(at.path())
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default())
        .collect();
    assert_eq!(i64::try_from(files.len()).unwrap(), labels);
    let one = json!({ "locations": "A-04" });
    assert_eq!(
        packer.send("POST", "/print-jobs/locations", "one", one).await.json()["print_job_ids"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let none = packer.send("POST", "/print-jobs/locations", "none", json!({ "locations": "Q%" })).await;
    assert_eq!((none.status.as_u16(), none.json()["code"].as_str()), (404, Some("not_found")));
});

both!(each_paper_goes_to_the_nearest_printer_with_its_stock, |world| {
    let at = tempfile::tempdir().unwrap();
    world.does(folder("LABELS", at.path(), "100x150", PrinterLanguage::Zpl)).await;
    world.does(folder("SMALL", at.path(), "100x50", PrinterLanguage::Zpl)).await;
    world.does(folder("SHEETS", at.path(), "A4", PrinterLanguage::Pdf)).await;
    let there = world.does(station("PACK-1")).await.station_id;
    world
        .does(PutPrinter { station: "PACK-1".into(), ..folder("NEAR", at.path(), "100x50", PrinterLanguage::Tspl) })
        .await;
    let printed_by = async |paper: PrintPaper| {
        let queued = world.does(paper).await;
        job(world, queued.print_job_ids[0]).await.printer
    };
    assert_eq!(printed_by(paper("location", location("A-01"), None)).await, "SMALL");
    assert_eq!(printed_by(paper("location", location("A-02"), Some(there))).await, "NEAR");
    let sheet = json!({ "language": "en", "number": "CS-1", "zone": "A", "printed_at": "2026-11-21", "blind": true });
    let counted = printed_by(paper("count_sheet", sheet.clone(), Some(there))).await;
    // What somebody has said counts more than what is near.
    let said = PutStation { printers: vec![of_kind(JobKind::CountSheet, "sheets")], ..station("PACK-1") };
    world.does(said).await;
    assert_eq!(printed_by(paper("count_sheet", sheet.clone(), Some(there))).await, "SHEETS", "before: {counted}");
    let one =
        PrintPaper { printer: Some("small".into()), ..paper("tote", json!({ "number": "T000001" }), Some(there)) };
    assert_eq!(printed_by(one).await, "SMALL");
    // A label in two copies is two jobs.
    let two = world.does(PrintPaper { copies: 2, ..paper("tote", json!({ "number": "T000002" }), Some(there)) }).await;
    assert_eq!(two.print_job_ids.len(), 2);
    work_all(world).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job WHERE state <> 'printed'").await, 0);
    let mut files: Vec<String> =
        std::fs::read_dir(at.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files.len(), 7, "{files:?}");
    assert!(files.contains(&format!("location-{:08}.tspl", 2)) && files[0].starts_with("count_sheet-"), "{files:?}");

    // No such paper, bad data, no printer with its stock.
    for (kind, data) in [("shipping", json!({})), ("poem", json!({}))] {
        assert!(matches!(world.refused(paper(kind, data, None)).await, StationError::UnknownPaper { .. }), "{kind}");
    }
    let bad = world.refused(paper("tote", json!({ "nmber": "T1" }), None)).await;
    assert!(matches!(bad, StationError::BadPaper { why, .. } if why.contains("nmber")));
    let badge = json!({ "name": "Li", "code": "%B1" });
    let none = world.refused(paper("badge", badge, None)).await;
    assert!(matches!(none, StationError::NoPrinter { kind: "badge", .. } | StationError::BadPaper { .. }), "{none:?}");
    let many = PrintPaper { copies: 101, ..paper("tote", json!({ "number": "T1" }), None) };
    assert!(matches!(world.refused(many).await, StationError::BadCopies { copies: 101 }));
});

both!(the_packing_slip_comes_with_the_last_piece_where_the_station_prints_it, |world| {
    let at = tempfile::tempdir().unwrap();
    world.does(folder("SLIPS", at.path(), "100x150", PrinterLanguage::Pdf)).await;
    let slips = vec![of_kind(JobKind::PackingSlip, "SLIPS")];
    world.does(PutStation { printers: slips, ..station("PACK-1") }).await;
    released(world, 2, 3).await;
    for n in 1..=2 {
        pick_all(world, &format!("T{n:06}")).await;
    }
    let tote = tote_of(world, 1).await;
    let start = tallyman::packing::start::StartPacking { tote, station: Some("PACK-1".into()), take_over: false };
    let parcel = world.does(start).await.parcel_id;
    let slips = async || world.number("SELECT COUNT(*) FROM print_job WHERE kind = 'packing_slip'").await;
    world.does(scan(parcel, 2)).await;
    assert_eq!(slips().await, 0, "a piece is missing");
    world.does(scan(parcel, 1)).await;
    assert_eq!(slips().await, 1);
    work_all(world).await;
    let name = std::fs::read_dir(at.path()).unwrap().next().unwrap().unwrap().file_name();
    let pdf = std::fs::read(at.path().join(&name)).unwrap();
    assert!(pdf.starts_with(b"%PDF"), "{name:?}");
    // Asked for again, it is printed again; that harms nobody.
    let again = world.does(PrintPackingSlip { parcel, station: None }).await;
    assert_eq!((again.print_job_ids.len(), slips().await), (1, 2));

    // Elsewhere it comes when somebody asks.
    let other = begun(world, &tote_of(world, 2).await).await;
    world.does(scan(other, 3)).await;
    assert_eq!(slips().await, 2);
    let packer = Client::of(world, Role::Packer).await;
    let asked = packer.send("POST", &format!("/packing/{other}/slip"), "slip-1", json!({})).await;
    assert_eq!(asked.status.as_u16(), 200, "{}", asked.text);
    assert_eq!(slips().await, 3);
});

both!(a_manifest_is_printed_to_be_signed, |world| {
    let at = tempfile::tempdir().unwrap();
    let parcels = packed(world, 1, 1).await;
    world.does(folder("LABELS", at.path(), "100x150", PrinterLanguage::Zpl)).await;
    world.does(folder("SHEETS", at.path(), "A4", PrinterLanguage::Pdf)).await;
    world.does(QueueLabel(parcels[0])).await;
    work_all(world).await;
    let manifest = world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id;
    world.does(ScanOut { manifest, scan: "SF1".into() }).await;
    let packer = Client::of(world, Role::Packer).await;
    let path = format!("/manifests/{manifest}/print");
    let asked = packer.send("POST", &path, "m-1", json!({ "printer": "SHEETS" })).await.json();
    let queued: PapersQueued = serde_json::from_value(asked).unwrap();
    work_all(world).await;
    assert_eq!(job(world, queued.print_job_ids[0]).await.state, JobState::Printed);
    let pdf = std::fs::read(at.path().join(format!("manifest-{:08}.pdf", queued.print_job_ids[0].0))).unwrap();
    assert!(pdf.starts_with(b"%PDF"));
    assert_eq!(packer.send("POST", "/manifests/99/print", "m-2", json!({})).await.refusal().0, 404);
    let picker = Client::of(world, Role::Picker).await;
    assert_eq!(picker.send("POST", &path, "m-3", json!({})).await.refusal().0, 403);
});

both!(a_document_of_a_carrier_passes_unchanged_to_a_printer_of_its_language, |world| {
    use base64::Engine as _;
    let fake = FakePrinter::start(0, None).await.unwrap();
    let at = tempfile::tempdir().unwrap();
    world.does(folder("SHEETS", at.path(), "A4", PrinterLanguage::Pdf)).await;
    world.does(PutPrinter { address: fake.address().to_string(), ..printer("Z1") }).await;
    let label = "^XA^FO20,20^A0N,40,40^FDCARRIER^FS^XZ";
    let document = base64::engine::general_purpose::STANDARD.encode(label);
    let packer = Client::of(world, Role::Packer).await;
    let print = async |key: &str, body: Value| packer.send("POST", "/documents/print", key, body).await;
    let queued = print("d-1", json!({ "language": "zpl", "document": document })).await;
    let queued: PapersQueued = serde_json::from_value(queued.json()).unwrap();
    work_all(world).await;
    assert_eq!(job(world, queued.print_job_ids[0]).await.state, JobState::Printed);
    assert_eq!(fake.labels(), [label.as_bytes()]);
    let code = async |key: &str, body: Value| print(key, body).await.refusal();
    let other = json!({ "language": "zpl", "document": document, "printer": "SHEETS" });
    assert_eq!(code("d-2", other).await, (409, "station.other_language".into()));
    let none = json!({ "language": "tspl", "document": document });
    assert_eq!(code("d-3", none).await, (409, "station.no_printer".into()));
    for (key, bad) in [("d-4", ""), ("d-5", "no base64!")] {
        assert_eq!(code(key, json!({ "language": "zpl", "document": bad })).await.1, "station.bad_paper");
    }
});

both!(a_printer_at_rest_proves_a_paper_and_not_a_label, |world| {
    let fake = FakePrinter::speaking(Language::Tspl, 0, None).await.unwrap();
    let put = PutPrinter {
        address: fake.address().to_string(),
        language: PrinterLanguage::Tspl,
        stock: "100x50".into(),
        ..printer("T1")
    };
    world.does(put).await;
    let queued = world.does(paper("tote", json!({ "number": "T000001" }), None)).await;
    work_all(world).await;
    let view = job(world, queued.print_job_ids[0]).await;
    assert_eq!((view.state, view.evidence.as_str(), view.kind), (JobState::Printed, "idle", JobKind::Tote));

    // Broken off in the middle it is in doubt as a label is, and a person has it printed again.
    fake.set_mode(Mode::Resets { after_bytes: 500 }).await.unwrap();
    let broken = world.does(paper("tote", json!({ "number": "T000002" }), None)).await.print_job_ids[0];
    work_all(world).await;
    assert_eq!(job(world, broken).await.state, JobState::InDoubt);
    fake.set_mode(Mode::Ready).await.unwrap();
    let anew =
        world.does(SettleDoubt { job: broken, came_out: false, evidence: "torn".into() }).await.new_job_id.unwrap();
    work_all(world).await;
    let anew = job(world, anew).await;
    assert_eq!((anew.state, anew.copy, anew.reason.as_str()), (JobState::Printed, 1, "did not come out"));
    assert_eq!(job(world, broken).await.state, JobState::Cancelled);
});

both!(a_paper_that_does_not_fit_can_be_tried_again, |world| {
    let at = tempfile::tempdir().unwrap();
    world.does(folder("SMALL", at.path(), "100x50", PrinterLanguage::Zpl)).await;
    let long = json!({ "number": "T".repeat(80) });
    let queued = world.does(paper("tote", long, None)).await.print_job_ids[0];
    work_all(world).await;
    let view = job(world, queued).await;
    assert_eq!(view.state, JobState::Failed, "{view:?}");
    world.does(RetryJob { job: queued }).await;
    assert_eq!(job(world, queued).await.state, JobState::Queued);
});
