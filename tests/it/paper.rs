//! The whole way to paper: drawn, sent over a real socket to a printer that does not exist, or put into a folder.

use std::sync::Arc;

use tallyman::kernel::ids::{PlaceId, PrintJobId, PrinterId, WarehouseId};
use tallyman::messages;
use tallyman::shipping::manifest::OpenManifest;
use tallyman::shipping::scan::ScanOut;
use tallyman::station::faults;
use tallyman::station::model::{Compression, Drawing, JobState, PrinterLanguage, PrinterTransport};
use tallyman::station::ops::{ProveByScan, ReprintLabel};
use tallyman::station::port::Printers;
use tallyman::station::query::{self, JobView};
use tallyman::station::queue::{self, Worked, doubt_overdue, work_one};
use tallyman::station::setup::PutPrinter;
use tallyman_drivers::fake::{FakePrinter, Mode};
use tallyman_drivers::printer::Language;

use crate::both;
use crate::printing::printer;
use crate::support::World;
use crate::support::dock::{QueueLabel, packed};

async fn zebra(world: &World, orders: i64) -> (FakePrinter, PrinterId, Vec<PlaceId>) {
    let fake = FakePrinter::start(0, None).await.unwrap();
    let put = PutPrinter { address: fake.address().to_string(), ..printer("Z1") };
    let parcels = packed(world, orders, 1).await;
    (fake, world.does(put).await.printer_id, parcels)
}

async fn work(world: &World, printer: PrinterId) -> Worked {
    work_one(&world.app, &Printers::new(&world.app), printer).await.unwrap()
}

async fn job(world: &World, job: PrintJobId) -> JobView {
    world.db.read(|tx| Box::pin(query::job(tx, WarehouseId(1), job))).await.unwrap()
}

async fn fault(world: &World) -> (String, String) {
    let code = world.text("SELECT fault FROM printer ORDER BY id LIMIT 1").await;
    let sentence = faults::sentence(&code, messages::Language::ZhCn);
    (code, sentence)
}

both!(a_ready_printer_prints_and_proves_it, |world| {
    let (fake, printer, parcels) = zebra(world, 1).await;
    let label = world.does(QueueLabel(parcels[0])).await;
    assert_eq!(work(world, printer).await, Worked::OneDone);
    let view = job(world, label).await;
    assert_eq!((view.state, view.evidence.as_str(), fake.printed()), (JobState::Printed, "idle_after", 1));
    assert!(fake.labels()[0].starts_with(b"^XA"));
    // A second copy is another picture: it bears its mark.
    world.does(ReprintLabel { parcel: parcels[0], reason: "torn".into(), station: None }).await;
    assert_eq!(work(world, printer).await, Worked::OneDone);
    assert_eq!(fake.printed(), 2);
    assert_ne!(fake.labels()[0], fake.labels()[1]);
});

both!(each_language_is_printed_and_its_proof_counts_for_what_it_is, |world| {
    let parcels = packed(world, 4, 1).await;
    let cases = [
        (PrinterLanguage::Tspl, Language::Tspl, JobState::Sent, ""),
        (PrinterLanguage::Epl2, Language::Epl2, JobState::Sent, ""),
        (PrinterLanguage::Cpcl, Language::Cpcl, JobState::Printed, "idle_after"),
        (PrinterLanguage::EscPos, Language::EscPos, JobState::Printed, "completed"),
    ];
    let mut pictures = Vec::new();
    for ((language, spoken, state, evidence), parcel) in cases.into_iter().zip(parcels) {
        let fake = FakePrinter::speaking(spoken, 0, None).await.unwrap();
        let put = PutPrinter { address: fake.address().to_string(), language, ..printer("Z1") };
        let id = world.does(put).await.printer_id;
        let label = world.does(QueueLabel(parcel)).await;
        assert_eq!(work(world, id).await, Worked::OneDone);
        let view = job(world, label).await;
        assert_eq!((view.state, view.evidence.as_str(), fake.printed()), (state, evidence, 1), "{language:?}");
        // What no proof settles, the scan of the label does.
        let scan = ProveByScan { scan: view.waybill.clone() };
        assert_eq!(world.does(scan).await.settled, state == JobState::Sent);
        assert_eq!(job(world, label).await.state, JobState::Printed);
        pictures.extend(fake.pictures().remove(0));
    }
    assert_eq!(pictures.len(), 4);
    let sizes: Vec<_> = pictures.iter().map(|picture| (picture.width, picture.height)).collect();
    assert_eq!(sizes, [(800, 1200); 4]);
});

both!(stock_and_ways_of_drawing_are_the_printers_own, |world| {
    let (fake, _, parcels) = zebra(world, 1).await;
    let put = PutPrinter {
        address: fake.address().to_string(),
        stock: "76x130".into(),
        compression: Compression::Z64,
        drawing: Drawing::Mixed,
        turned: true,
        cutter: true,
        ..printer("Z1")
    };
    let id = world.does(put).await.printer_id;
    world.does(QueueLabel(parcels[0])).await;
    assert_eq!(work(world, id).await, Worked::OneDone);
    let label = String::from_utf8(fake.labels().remove(0)).unwrap();
    assert!(label.starts_with("^XA^PW608^LL1040^LH0,0^POI"), "{}", &label[..40]);
    assert!(label.contains("^BCN,") && label.contains(":Z64:") && label.ends_with("^MMC^XZ"));
});

both!(no_paper_and_no_connection_hold_the_queue_up_with_a_sentence, |world| {
    let (fake, printer, parcels) = zebra(world, 1).await;
    let label = world.does(QueueLabel(parcels[0])).await;
    fake.set_mode(Mode::PaperOut).await.unwrap();
    assert_eq!(work(world, printer).await, Worked::HeldUp);
    assert_eq!(fault(world).await, ("paper_out".into(), "标签用完：请装入新卷并合上打印机。".into()));
    fake.set_mode(Mode::Refuses).await.unwrap();
    assert_eq!(work(world, printer).await, Worked::HeldUp);
    assert_eq!(fault(world).await.0, "refused");
    assert_eq!((job(world, label).await.state, fake.printed(), fake.kept()), (JobState::Queued, 0, 0));
    fake.set_mode(Mode::Ready).await.unwrap();
    assert_eq!(work(world, printer).await, Worked::OneDone);
    assert_eq!((job(world, label).await.state, fake.printed()), (JobState::Printed, 1));
    assert_eq!(fault(world).await, (String::new(), String::new()));
});

both!(a_printer_that_dies_in_the_middle_leaves_a_doubt_that_the_dock_settles, |world| {
    let (fake, printer, parcels) = zebra(world, 1).await;
    let label = world.does(QueueLabel(parcels[0])).await;
    fake.set_mode(Mode::Resets { after_bytes: 1000 }).await.unwrap();
    assert_eq!(work(world, printer).await, Worked::OneDone);
    assert_eq!(job(world, label).await.state, JobState::InDoubt);
    assert_eq!(world.text("SELECT state FROM parcel").await, "in_doubt");
    fake.set_mode(Mode::Ready).await.unwrap();
    assert_eq!(work(world, printer).await, Worked::Idle);
    let manifest = world.does(OpenManifest { carrier: "SF".into() }).await.manifest_id;
    let scanned = world.does(ScanOut { manifest, scan: "SF1".into() }).await;
    assert!(scanned.settled && scanned.expected_mark.is_empty());
    assert_eq!((job(world, label).await.state, fake.printed()), (JobState::Printed, 0));
    assert_eq!(world.text("SELECT state FROM parcel").await, "label_printed");
});

both!(a_silent_printers_label_is_sent_until_it_is_scanned, |world| {
    let (fake, printer, parcels) = zebra(world, 1).await;
    let label = world.does(QueueLabel(parcels[0])).await;
    fake.set_mode(Mode::Silent).await.unwrap();
    assert_eq!(work(world, printer).await, Worked::OneDone);
    assert_eq!((job(world, label).await.state, fake.printed()), (JobState::Sent, 1));
    assert!(world.does(ProveByScan { scan: "SF1".into() }).await.settled);
    assert_eq!(job(world, label).await.evidence, "scan");
});

both!(a_worker_that_is_stopped_and_started_prints_no_label_twice, |world| {
    let (fake, printer, parcels) = zebra(world, 3).await;
    for parcel in &parcels {
        world.does(QueueLabel(*parcel)).await;
    }
    // Cut off in the middle of the first label, as by a crash: nobody writes down how it went.
    fake.set_mode(Mode::Slow { bytes_per_second: 2000 }).await.unwrap();
    let app = world.app.clone();
    let first = tokio::spawn(async move { work_one(&app, &Printers::new(&app), printer).await });
    while world.number("SELECT COUNT(*) FROM print_job WHERE state = 'sending'").await == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    fake.set_mode(Mode::Ready).await.unwrap();
    world.clock.advance_ms(tallyman::station::attempt::LEASE_MS);

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(queue::run(world.app.clone(), Arc::new(Printers::new(&world.app)), stopped));
    while world.number("SELECT COUNT(*) FROM print_job WHERE state = 'printed'").await < 2 {
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(world.text("SELECT state FROM print_job ORDER BY id LIMIT 1").await, "in_doubt");
    assert_eq!(world.number("SELECT CAST(SUM(attempts) AS BIGINT) FROM print_job").await, 3);
    assert_eq!(doubt_overdue(&world.app, true).await.unwrap(), 0);
    fake.settled().await;
    assert!(fake.printed() <= 3);
});

both!(a_folder_gets_each_label_as_one_whole_file, |world| {
    let folder = tempfile::tempdir().unwrap();
    let parcels = packed(world, 1, 1).await;
    let put = PutPrinter {
        transport: PrinterTransport::Folder,
        address: folder.path().join("missing").display().to_string(),
        language: PrinterLanguage::Pdf,
        ..printer("PDF")
    };
    let id = world.does(put).await.printer_id;
    let label = world.does(QueueLabel(parcels[0])).await;
    assert_eq!(work(world, id).await, Worked::HeldUp);
    assert_eq!(fault(world).await.0, "folder");
    std::fs::create_dir(folder.path().join("missing")).unwrap();
    assert_eq!(work(world, id).await, Worked::OneDone);
    let view = job(world, label).await;
    assert_eq!((view.state, view.evidence.as_str()), (JobState::Printed, "file"));
    let files: Vec<_> = std::fs::read_dir(folder.path().join("missing")).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].file_name(), format!("label-{:08}-P00000001-1.pdf", label.0).as_str());
    assert!(std::fs::read(files[0].path()).unwrap().starts_with(b"%PDF"));
});

both!(a_receiver_that_no_font_can_write_fails_alone_and_is_said, |world| {
    let (fake, printer, parcels) = zebra(world, 2).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    let second = world.does(QueueLabel(parcels[1])).await;
    world.does(crate::support::dock::SpoilLabel(first)).await;
    assert_eq!(work(world, printer).await, Worked::OneDone);
    assert_eq!(work(world, printer).await, Worked::OneDone);
    let failed = job(world, first).await;
    assert_eq!((failed.state, job(world, second).await.state), (JobState::Failed, JobState::Printed));
    assert!(failed.error.contains("receiver"), "{}", failed.error);
    assert_eq!((fake.printed(), failed.attempts), (1, 1));
});
