//! Printers and the print queue: each label once, and what happens where that can't be known.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tallyman::db::{BoxFuture, Context, Db};
use tallyman::kernel::actor::Role;
use tallyman::kernel::ids::{PlaceId, PrintJobId, PrinterId, StationId, WarehouseId};
use tallyman::order::ops::CancelOrder;
use tallyman::refusal::Refusal;
use tallyman::station::StationError;
use tallyman::station::agent::wire::Attempt;
use tallyman::station::attempt::{LEASE_MS, Outcome, PROOF_MS, PrinterRow};
use tallyman::station::content::Content;
use tallyman::station::label::LabelData;
use tallyman::station::model::{JobState, PrinterLanguage, PrinterTransport};
use tallyman::station::ops::{MoveJob, ProveByScan, ReprintLabel, RetryJob, SettleDoubt};
use tallyman::station::query::{self, JobFilter, JobView};
use tallyman::station::queue::{self, Port, Worked, doubt_overdue, work_one};
use tallyman::station::setup::{PutPrinter, PutStation};

use crate::both;
use crate::support::dock::{QueueLabel, WithdrawLabels, packed};
pub use crate::support::dock::{printer, station};
use crate::support::world::Raw;
use crate::support::{World, at_once, shared};

/// A printer that does as it is told, and remembers what it was given.
#[derive(Default)]
pub struct Script {
    outcomes: Mutex<VecDeque<Outcome>>,
    given: Mutex<Vec<(PrintJobId, LabelData)>>,
}

impl Script {
    fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Self { outcomes: Mutex::new(outcomes.into_iter().collect()), given: Mutex::default() }
    }

    fn jobs(&self) -> Vec<PrintJobId> {
        self.given.lock().unwrap().iter().map(|(job, _)| *job).collect()
    }
}

impl Port for Script {
    fn print<'a>(&'a self, _: &'a PrinterRow, attempt: Attempt, content: &'a Content) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            self.given.lock().unwrap().push((attempt.job, label_of(content).clone()));
            self.outcomes.lock().unwrap().pop_front().unwrap_or_else(printed)
        })
    }
}

fn label_of(content: &Content) -> &LabelData {
    match content {
        Content::ShippingLabel(label) => label,
        other => panic!("{other:?}"),
    }
}

fn printed() -> Outcome {
    Outcome::Printed { evidence: "idle_after".into() }
}

fn held(fault: &str) -> Outcome {
    Outcome::Held { fault: fault.into(), error: String::new() }
}

fn broken() -> Outcome {
    Outcome::InDoubt { error: "the printer broke the connection off".into() }
}

pub async fn with_printer(world: &World, orders: i64) -> (Vec<PlaceId>, PrinterId) {
    let parcels = packed(world, orders, 1).await;
    (parcels, world.does(printer("Z1")).await.printer_id)
}

pub async fn work(world: &World, port: &Script, printer: PrinterId) -> Worked {
    work_one(&world.app, port, printer).await.unwrap()
}

async fn job(world: &World, job: PrintJobId) -> JobView {
    world.db.read(|tx| Box::pin(query::job(tx, WarehouseId(1), job))).await.unwrap()
}

async fn states(world: &World, parcel: PlaceId) -> (String, String) {
    let parcel_state = world.text(format!("SELECT state FROM parcel WHERE place_id = {parcel}").leak()).await;
    let waybill = world.text(format!("SELECT state FROM waybill WHERE parcel_id = {parcel}").leak()).await;
    (parcel_state, waybill)
}

fn both_are(states: &(String, String), parcel: &str, waybill: &str) {
    assert_eq!((states.0.as_str(), states.1.as_str()), (parcel, waybill));
}

both!(a_label_is_printed_once_and_moves_its_parcel_on, |world| {
    let (parcels, printer) = with_printer(world, 1).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    assert_eq!(world.does(QueueLabel(parcels[0])).await, first);
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job").await, 1);
    let port = Script::default();
    assert_eq!(work(world, &port, printer).await, Worked::OneDone);
    assert_eq!(work(world, &port, printer).await, Worked::Idle);
    let (_, label) = port.given.lock().unwrap().pop().unwrap();
    assert_eq!((label.waybill.as_str(), label.carrier_name.as_str(), label.copy), ("SF1", "顺丰", 0));
    assert_eq!((label.receiver.name.as_str(), label.printed_at.as_str()), ("李雷0", "2026-11-21 18:00"));
    assert_eq!((label.parcel_index, label.parcel_count, label.weight_grams), (1, 1, Some(250)));
    both_are(&states(world, parcels[0]).await, "label_printed", "printed");
    let view = job(world, first).await;
    assert_eq!((view.state, view.evidence.as_str(), view.attempts), (JobState::Printed, "idle_after", 1));
    // What was printed is not kept, and never stands anywhere in the open.
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job WHERE payload IS NOT NULL").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE data LIKE '%李雷%'").await, 0);
});

both!(twenty_labels_come_out_in_the_order_they_were_asked_for, |world| {
    let (parcels, _) = with_printer(world, 20).await;
    let mut asked = Vec::new();
    for parcel in parcels {
        asked.push(world.does(QueueLabel(parcel)).await);
    }
    let port = Arc::new(Script::default());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(queue::run(world.app.clone(), port.clone(), stopped));
    while world.number("SELECT COUNT(*) FROM print_job WHERE state = 'printed'").await < 20 {
        tokio::task::yield_now().await;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(port.jobs(), asked);
});

/// A printer that notices when two are at it at once.
#[derive(Default)]
struct OneAtATime {
    busy: std::sync::atomic::AtomicBool,
    given: Mutex<Vec<PrintJobId>>,
}

impl Port for OneAtATime {
    fn print<'a>(&'a self, _: &'a PrinterRow, attempt: Attempt, _: &'a Content) -> BoxFuture<'a, Outcome> {
        use std::sync::atomic::Ordering;
        Box::pin(async move {
            assert!(!self.busy.swap(true, Ordering::SeqCst), "two jobs at once");
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            self.given.lock().unwrap().push(attempt.job);
            self.busy.store(false, Ordering::SeqCst);
            printed()
        })
    }
}

both!(several_workers_at_one_printer_send_one_label_at_a_time_in_order, |world| {
    let (parcels, printer) = with_printer(world, 10).await;
    let mut asked = Vec::new();
    for parcel in parcels {
        asked.push(world.does(QueueLabel(parcel)).await);
    }
    let port = Arc::new(OneAtATime::default());
    let workers = (0..4).map(|_| {
        let (app, port) = (world.app.clone(), port.clone());
        async move {
            while port.given.lock().unwrap().len() < 10 {
                work_one(&app, port.as_ref(), printer).await.unwrap();
            }
        }
    });
    at_once(workers).await;
    assert_eq!(*port.given.lock().unwrap(), asked);
    assert_eq!(world.number("SELECT CAST(SUM(attempts) AS BIGINT) FROM print_job").await, 10);
});

both!(a_fault_holds_the_queue_up_until_it_is_mended, |world| {
    let (parcels, printer) = with_printer(world, 2).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    let second = world.does(QueueLabel(parcels[1])).await;
    let port = Script::of([held("paper_out"), held("paper_out"), printed(), printed()]);
    assert_eq!(work(world, &port, printer).await, Worked::HeldUp);
    assert_eq!(world.text("SELECT fault FROM printer").await, "paper_out");
    assert_eq!(job(world, first).await.state, JobState::Queued);
    assert_eq!(work(world, &port, printer).await, Worked::HeldUp);
    assert_eq!(world.number("SELECT COUNT(*) FROM event WHERE kind = 'printer.held_up'").await, 1);
    assert_eq!(work(world, &port, printer).await, Worked::OneDone);
    assert_eq!(world.text("SELECT fault FROM printer").await, "");
    assert_eq!(work(world, &port, printer).await, Worked::OneDone);
    assert_eq!(port.jobs(), [first, first, first, second]);
    both_are(&states(world, parcels[0]).await, "label_printed", "printed");
});

both!(a_broken_off_label_is_in_doubt_until_its_scan, |world| {
    let (parcels, printer) = with_printer(world, 2).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    world.does(QueueLabel(parcels[1])).await;
    let port = Script::of([broken()]);
    assert_eq!(work(world, &port, printer).await, Worked::OneDone);
    assert_eq!(job(world, first).await.state, JobState::InDoubt);
    both_are(&states(world, parcels[0]).await, "in_doubt", "bound");
    // The next label is printed; the doubtful one is not tried again.
    assert_eq!(work(world, &port, printer).await, Worked::OneDone);
    assert_eq!(work(world, &port, printer).await, Worked::Idle);
    assert_eq!(port.jobs().iter().filter(|job| **job == first).count(), 1);
    let open = JobFilter { state: Some("open".into()), ..JobFilter::default() };
    let open = world.db.read(|tx| Box::pin(async move { query::jobs(tx, WarehouseId(1), &open).await })).await.unwrap();
    assert_eq!(open.iter().map(|job| job.id).collect::<Vec<_>>(), [first]);

    let proved = world.does(ProveByScan { scan: " sf1\r\n".into() }).await;
    assert!(proved.settled && proved.copies == 0);
    assert_eq!(job(world, first).await.evidence, "scan");
    both_are(&states(world, parcels[0]).await, "label_printed", "printed");
    assert!(!world.does(ProveByScan { scan: "SF1".into() }).await.settled);
    assert!(matches!(world.refused(ProveByScan { scan: "SF9".into() }).await, StationError::UnknownLabel { .. }));
});

both!(a_person_says_that_nothing_came_out_and_the_next_copy_is_marked, |world| {
    let (parcels, printer) = with_printer(world, 1).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    let port = Script::of([broken(), Outcome::Sent]);
    work(world, &port, printer).await;
    let said = world.does(SettleDoubt { job: first, came_out: false, evidence: "half a label".into() }).await;
    assert_eq!((said.state, job(world, first).await.state), (JobState::Cancelled, JobState::Cancelled));
    both_are(&states(world, parcels[0]).await, "waybill_bound", "bound");
    // The document has a job again: asking for it gives that one.
    assert_eq!(world.does(QueueLabel(parcels[0])).await, said.new_job_id.unwrap());
    work(world, &port, printer).await;
    assert_eq!(port.given.lock().unwrap().last().unwrap().1.copy, 1);
    let second = said.new_job_id.unwrap();
    assert_eq!(job(world, second).await.state, JobState::Sent);
    let again = world.does(SettleDoubt { job: second, came_out: true, evidence: String::new() }).await;
    assert_eq!(again.state, JobState::Printed);
    both_are(&states(world, parcels[0]).await, "label_printed", "printed");
    let refusal = world.refused(SettleDoubt { job: second, came_out: true, evidence: String::new() }).await;
    assert!(matches!(refusal, StationError::WrongState { state: JobState::Printed, .. }));
    assert_eq!(world.does(ProveByScan { scan: "SF1".into() }).await.copies, 1);
});

both!(two_people_settle_the_same_doubt_and_one_copy_comes_of_it, |world| {
    let (parcels, printer) = with_printer(world, 1).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    work(world, &Script::of([broken()]), printer).await;
    let db = shared(world.db.clone());
    let said = at_once((0..4).map(|_| {
        let (db, context) = (db.clone(), world.context());
        async move {
            db.operate(context, SettleDoubt { job: first, came_out: false, evidence: String::new() }).await.is_ok()
        }
    }))
    .await;
    assert_eq!(said.iter().filter(|said| **said).count(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job").await, 2);
});

both!(a_worker_that_dies_while_sending_leaves_a_doubt_and_no_second_label, |world| {
    let (parcels, printer) = with_printer(world, 2).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    let second = world.does(QueueLabel(parcels[1])).await;
    // The worker took the job and was killed before it could say how it went.
    world.sql("UPDATE print_job SET state = 'sending', attempts = 1, lease_until = 1 WHERE id = (SELECT MIN(id) FROM print_job)").await;
    let port = Script::default();
    assert_eq!(work(world, &port, printer).await, Worked::Idle, "one attempt at a time");
    assert_eq!(doubt_overdue(&world.app, true).await.unwrap(), 1);
    assert_eq!(job(world, first).await.state, JobState::InDoubt);
    both_are(&states(world, parcels[0]).await, "in_doubt", "bound");
    assert_eq!(work(world, &port, printer).await, Worked::OneDone);
    assert_eq!(port.jobs(), [second]);
});

both!(an_attempt_that_is_alive_elsewhere_is_left_alone, |world| {
    let (parcels, _) = with_printer(world, 1).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    world.sql("UPDATE print_job SET state = 'sending', attempts = 1, lease_until = 1795255200001").await;
    // Only an embedded database is certain to have no other worker.
    let embedded = world.db.kind() == "sqlite";
    assert_eq!(doubt_overdue(&world.app, false).await.unwrap(), 0);
    assert_eq!(doubt_overdue(&world.app, true).await.unwrap(), i64::from(embedded));
    world.clock.advance_ms(LEASE_MS);
    assert_eq!(doubt_overdue(&world.app, false).await.unwrap(), i64::from(!embedded));
    assert_eq!(job(world, first).await.state, JobState::InDoubt);
});

both!(a_sent_label_that_nobody_scans_in_time_is_in_doubt, |world| {
    let (parcels, printer) = with_printer(world, 1).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    work(world, &Script::of([Outcome::Sent]), printer).await;
    both_are(&states(world, parcels[0]).await, "waybill_bound", "bound");
    world.clock.advance_ms(PROOF_MS - 1);
    assert_eq!(doubt_overdue(&world.app, false).await.unwrap(), 0);
    world.clock.advance_ms(1);
    assert_eq!(doubt_overdue(&world.app, false).await.unwrap(), 1);
    assert_eq!(job(world, first).await.state, JobState::InDoubt);
    both_are(&states(world, parcels[0]).await, "in_doubt", "bound");
});

both!(a_label_that_cannot_be_laid_out_fails_alone, |world| {
    let (parcels, printer) = with_printer(world, 2).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    let second = world.does(QueueLabel(parcels[1])).await;
    let port = Script::of([Outcome::Unprintable { error: "no glyph".into() }]);
    work(world, &port, printer).await;
    work(world, &port, printer).await;
    let failed = job(world, first).await;
    assert_eq!((failed.state, failed.error.as_str()), (JobState::Failed, "no glyph"));
    assert_eq!(job(world, second).await.state, JobState::Printed);
    both_are(&states(world, parcels[0]).await, "waybill_bound", "bound");
    assert_eq!(world.does(RetryJob { job: first }).await.state, JobState::Queued);
    work(world, &port, printer).await;
    assert_eq!(job(world, first).await.state, JobState::Printed);
    assert!(matches!(world.refused(RetryJob { job: first }).await, StationError::WrongState { .. }));
});

both!(a_reprint_is_marked_and_has_a_reason_and_a_right, |world| {
    let (parcels, printer) = with_printer(world, 1).await;
    let parcel = parcels[0];
    let reprint = |reason: &str| ReprintLabel { parcel, reason: reason.into(), station: None };
    assert!(matches!(world.refused(reprint("torn")).await, StationError::NeverQueued { .. }));
    world.does(QueueLabel(parcel)).await;
    assert!(matches!(world.refused(reprint("torn")).await, StationError::WrongState { state: JobState::Queued, .. }));
    let port = Script::default();
    work(world, &port, printer).await;
    assert!(matches!(world.refused(reprint("  ")).await, StationError::ReasonMissing {}));
    let packer = world.db.operate(world.as_role(Role::Packer), reprint("torn")).await.unwrap_err();
    assert_eq!(packer.code(), "forbidden");
    for copy in [1, 2] {
        world.does(reprint("torn")).await;
        work(world, &port, printer).await;
        assert_eq!(port.given.lock().unwrap().last().unwrap().1.copy, copy);
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM waybill WHERE parcel_id IS NOT NULL").await, 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job WHERE reason = 'torn'").await, 2);
    both_are(&states(world, parcel).await, "label_printed", "printed");
});

both!(a_waiting_job_moves_to_another_printer, |world| {
    let (parcels, first) = with_printer(world, 1).await;
    let label = world.does(QueueLabel(parcels[0])).await;
    let other = world.does(printer("Z2")).await.printer_id;
    world.does(PutPrinter { active: false, ..printer("Z3") }).await;
    let to = |printer: &str| MoveJob { job: label, printer: printer.into() };
    assert!(matches!(world.refused(to("Z9")).await, StationError::NotFound { .. }));
    assert!(matches!(world.refused(to("Z3")).await, StationError::PrinterInactive { .. }));
    world.does(to("z2")).await;
    let port = Script::default();
    assert_eq!(work(world, &port, first).await, Worked::Idle);
    assert_eq!(work(world, &port, other).await, Worked::OneDone);
    assert!(matches!(world.refused(to("Z1")).await, StationError::WrongState { .. }));
    assert!(matches!(
        world.refused(MoveJob { job: PrintJobId(99), printer: "Z1".into() }).await,
        StationError::NotFound { .. }
    ));
});

both!(labels_come_from_the_stations_printer_or_from_the_first, |world| {
    let parcels = packed(world, 2, 1).await;
    assert!(matches!(world.refused(QueueLabel(parcels[0])).await, StationError::NoPrinter { .. }));
    world.does(printer("Z1")).await;
    let second = world.does(printer("Z2")).await.printer_id;
    let put = PutStation { label_printer: Some("Z2".into()), ..station("PACK-1") };
    let station: StationId = world.does(put).await.station_id;
    world.does(QueueLabel(parcels[0])).await;
    assert_eq!(job(world, PrintJobId(1)).await.printer, "Z1");
    let port = Script::default();
    work(world, &port, PrinterId(1)).await;
    let reprint = ReprintLabel { parcel: parcels[0], reason: "torn".into(), station: Some(station) };
    let again = world.does(reprint).await.new_job_id.unwrap();
    let view = job(world, again).await;
    assert_eq!((view.printer.as_str(), view.station.as_str(), second), ("Z2", "PACK-1", PrinterId(2)));
});

both!(a_cancelled_orders_label_is_not_printed, |world| {
    let (parcels, printer) = with_printer(world, 1).await;
    let label = world.does(QueueLabel(parcels[0])).await;
    let order = tallyman::kernel::ids::OrderId(world.number("SELECT order_id FROM parcel").await);
    world.does(CancelOrder { order, reason: "changed their mind".into() }).await;
    let port = Script::default();
    assert_eq!(work(world, &port, printer).await, Worked::Idle);
    assert_eq!((job(world, label).await.state, port.jobs().len()), (JobState::Cancelled, 0));
    assert!(matches!(world.refused(QueueLabel(parcels[0])).await, StationError::OrderStopped { .. }));
});

both!(a_doubt_about_a_cancelled_order_ends_without_another_label, |world| {
    let (parcels, printer) = with_printer(world, 1).await;
    let label = world.does(QueueLabel(parcels[0])).await;
    work(world, &Script::of([broken()]), printer).await;
    let order = tallyman::kernel::ids::OrderId(world.number("SELECT order_id FROM parcel").await);
    world.does(CancelOrder { order, reason: "changed their mind".into() }).await;
    let said = world.does(SettleDoubt { job: label, came_out: false, evidence: String::new() }).await;
    assert_eq!((said.state, said.new_job_id), (JobState::Cancelled, None));
    assert_eq!(world.number("SELECT COUNT(*) FROM print_job").await, 1);
});

both!(labels_are_taken_back_only_while_none_can_be_on_paper, |world| {
    let (parcels, printer) = with_printer(world, 2).await;
    let first = world.does(QueueLabel(parcels[0])).await;
    world.does(WithdrawLabels(parcels[0])).await;
    assert_eq!(job(world, first).await.state, JobState::Cancelled);
    let second = world.does(QueueLabel(parcels[0])).await;
    assert_ne!(second, first);
    assert_eq!(job(world, second).await.copy, 0, "nobody ever saw the first one");
    work(world, &Script::of([broken()]), printer).await;
    assert!(matches!(world.refused(WithdrawLabels(parcels[0])).await, StationError::LabelOut { .. }));

    // A number that was taken back is not printed, and its parcel gets another label with another number.
    let third = world.does(QueueLabel(parcels[1])).await;
    world.sql("UPDATE waybill SET state = 'void' WHERE number = 'SF2'").await;
    let port = Script::default();
    assert_eq!(work(world, &port, printer).await, Worked::Idle);
    assert_eq!((job(world, third).await.state, port.jobs().len()), (JobState::Cancelled, 0));
    assert!(matches!(world.refused(QueueLabel(parcels[1])).await, StationError::NoWaybill { .. }));
    world.sql("INSERT INTO waybill (carrier_id, number, state, parcel_id) SELECT carrier_id, 'SF22', 'bound', parcel_id FROM waybill WHERE number = 'SF2'").await;
    world.does(QueueLabel(parcels[1])).await;
    work(world, &port, printer).await;
    assert_eq!(port.given.lock().unwrap()[0].1.waybill, "SF22");
});

both!(a_label_is_taken_back_or_printed_but_never_both, |world| {
    let (parcels, printer) = with_printer(world, 8).await;
    for parcel in parcels {
        world.does(QueueLabel(parcel)).await;
        let port = Arc::new(Script::default());
        let (app, worker) = (world.app.clone(), port.clone());
        let working = tokio::spawn(async move { work_one(&app, worker.as_ref(), printer).await.unwrap() });
        let taken_back = world.db.operate(world.context(), WithdrawLabels(parcel)).await.is_ok();
        working.await.unwrap();
        assert_eq!(port.jobs().is_empty(), taken_back);
    }
});

both!(setting_up_printers_and_stations_refuses_what_cannot_work, |world| {
    let refused = |change: fn(&mut PutPrinter)| {
        let mut put = printer("Z1");
        change(&mut put);
        world.refused(put)
    };
    assert!(matches!(refused(|p| p.code = " ".into()).await, StationError::BadName { .. }));
    assert!(matches!(refused(|p| p.address = "printer".into()).await, StationError::BadAddress { .. }));
    assert!(matches!(refused(|p| p.address = "printer:0".into()).await, StationError::BadAddress { .. }));
    assert!(matches!(refused(|p| p.transport = PrinterTransport::Folder).await, StationError::BadAddress { .. }));
    assert!(matches!(refused(|p| p.transport = PrinterTransport::Usb).await, StationError::BadAddress { .. }));
    assert!(matches!(refused(|p| p.transport = PrinterTransport::File).await, StationError::BadAddress { .. }));
    assert!(matches!(refused(|p| p.language = PrinterLanguage::Pdf).await, StationError::PdfDevice { .. }));
    assert!(matches!(refused(|p| p.stock = "wide".into()).await, StationError::BadStock { .. }));
    assert!(matches!(refused(|p| p.dots_per_m = 203).await, StationError::BadDensity { .. }));
    let packer = world.db.operate(world.as_role(Role::Packer), printer("Z1")).await.unwrap_err();
    assert_eq!(packer.code(), "forbidden");
    let unknown = PutStation { label_printer: Some("Z9".into()), ..station("S1") };
    assert!(matches!(world.refused(unknown).await, StationError::NotFound { .. }));
    let refused = |change: fn(&mut PutStation)| {
        let mut put = station("S1");
        change(&mut put);
        world.refused(put)
    };
    assert!(matches!(refused(|s| s.scanner = "ttyUSB0".into()).await, StationError::BadDevice { .. }));
    let spoken = refused(|s| (s.scanner, s.scanner_how) = ("serial:/dev/x".into(), "morse".into())).await;
    assert!(matches!(spoken, StationError::UnknownWay { .. }));
    assert!(matches!(refused(|s| s.scale = "serial:/dev/x".into()).await, StationError::UnknownWay { .. }));
    for (code, transport, address) in [
        ("U1", PrinterTransport::Usb, "0a5f:00d3/28J1"),
        ("S1", PrinterTransport::Serial, "/dev/serial/by-id/usb-1,115200 8N1"),
        ("F1", PrinterTransport::File, "/dev/usb/lp0"),
    ] {
        world.does(PutPrinter { transport, address: address.into(), stock: " A6 ".into(), ..printer(code) }).await;
    }
    assert_eq!(world.text("SELECT stock FROM printer WHERE code = 'U1'").await, "105x148");
    let first = world.does(printer("Z1")).await.printer_id;
    assert_eq!(world.does(PutPrinter { name: "Front".into(), ..printer("z1") }).await.printer_id, first);
});

#[test]
fn every_refusal_has_its_sentence_with_its_facts() {
    let codes = StationError::CODES
        .iter()
        .chain(tallyman::shipping::ShippingError::CODES)
        .chain(tallyman::packing::PackError::CODES)
        .chain(tallyman_labels::LayoutReason::CODES)
        .map(|(code, facts)| (*code, facts.to_vec()));
    for (code, facts) in codes.chain(tallyman_labels::LabelError::codes()) {
        let text = tallyman::messages::all().find(|(name, _)| *name == code).unwrap_or_else(|| panic!("{code}")).1;
        for named in text.en.split('{').skip(1).map(|part| part.split('}').next().unwrap()) {
            assert!(
                facts.contains(&named) || (code == "shipping.bad_tracking_url" && named == "number"),
                "{code}: {named}"
            );
        }
    }
}

both!(the_station_works_over_the_api, |world| {
    use crate::support::http::Client;
    use serde_json::json;

    let parcels = packed(world, 1, 1).await;
    let lead = Client::of(world, Role::ShiftLead).await;
    let manager = Client::of(world, Role::Manager).await;
    let z1 =
        json!({ "code": "z1", "name": "Front", "transport": "tcp", "address": "127.0.0.1:9100", "language": "zpl" });
    assert_eq!(lead.send("PUT", "/printers", "k1", z1.clone()).await.status.as_u16(), 403);
    let id = PrinterId(manager.send("PUT", "/printers", "k2", z1).await.json()["printer_id"].as_i64().unwrap());
    let station = json!({ "code": "PACK-1", "name": "1", "label_printer": "Z1" });
    assert_eq!(manager.send("PUT", "/stations", "k3", station).await.json()["station_id"], 1);
    assert_eq!(manager.get("/stations").await.json()[0]["label_printer"], "Z1");

    let label = world.does(QueueLabel(parcels[0])).await;
    let port = Script::of([held("head_open"), broken()]);
    work(world, &port, id).await;
    let shown = lead.get("/printers").await.json();
    assert_eq!((shown[0]["fault"].as_str(), shown[0]["waiting"].as_i64()), (Some("head_open"), Some(1)));
    assert_eq!(shown[0]["sentence"], "打印头未合上：请合上打印头。");
    work(world, &port, id).await;
    let open = lead.get("/print-jobs?state=open&printer=Z1&limit=5").await.json();
    assert_eq!((open[0]["id"].as_i64(), open[0]["state"].as_str()), (Some(label.0), Some("in_doubt")));
    assert_eq!((open[0]["waybill"].as_str(), open[0].get("payload")), (Some("SF1"), None));
    let settled = lead.send("POST", &format!("/print-jobs/{label}/settle"), "k4", json!({ "came_out": false })).await;
    let second = settled.json()["new_job_id"].as_i64().unwrap();
    let moved = lead.send("POST", &format!("/print-jobs/{second}/move"), "k5", json!({ "printer": "Z9" })).await;
    assert_eq!(moved.status.as_u16(), 404);
    work(world, &port, id).await;
    assert_eq!(lead.get(&format!("/print-jobs/{second}")).await.json()["state"], "printed");
    assert_eq!(lead.send("POST", &format!("/print-jobs/{second}/retry"), "k6", json!(null)).await.status.as_u16(), 409);
    let reprint = json!({ "parcel": parcels[0], "reason": "torn" });
    assert_eq!(lead.send("POST", "/labels/reprint", "k7", reprint).await.status.as_u16(), 200);
    assert_eq!(lead.send("POST", "/labels/prove", "k8", json!({ "scan": "SF1" })).await.json()["copies"], 2);
    assert_eq!(lead.get("/print-jobs?limit=x").await.status.as_u16(), 400);
});

/// A printer during whose work the parcel gets another number.
struct Renumbers {
    db: Db,
    contexts: Mutex<Vec<Context>>,
    outcome: Outcome,
}

const ANOTHER_NUMBER: [&str; 3] = [
    "INSERT INTO waybill (carrier_id, number, state) SELECT carrier_id, 'SF77', 'free' FROM waybill WHERE number = 'SF1'",
    "UPDATE waybill SET state = 'void', parcel_id = NULL WHERE number = 'SF1'",
    "UPDATE waybill SET state = 'bound', parcel_id = (SELECT MIN(place_id) FROM parcel) WHERE number = 'SF77'",
];

impl Port for Renumbers {
    fn print<'a>(&'a self, _: &'a PrinterRow, _: Attempt, _: &'a Content) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            for text in ANOTHER_NUMBER {
                let context = self.contexts.lock().unwrap().pop().unwrap();
                self.db.operate(context, Raw(text)).await.unwrap();
            }
            self.outcome.clone()
        })
    }
}

both!(a_label_of_a_number_that_is_no_more_moves_no_parcel_on, |world| {
    for (outcome, then) in [(printed(), None), (broken(), Some(true)), (broken(), Some(false))] {
        if world.number("SELECT COUNT(*) FROM parcel").await == 0 {
            with_printer(world, 1).await;
        } else {
            // The scene again: the first number lives, the second was never there.
            world
                .sql("UPDATE waybill SET state = 'void', parcel_id = NULL, number = 'X' || id WHERE number = 'SF77'")
                .await;
            world.sql("UPDATE waybill SET state = 'bound', parcel_id = (SELECT MIN(place_id) FROM parcel) WHERE number = 'SF1'").await;
            world.sql("UPDATE print_job SET state = 'cancelled'").await;
        }
        let parcel = PlaceId(world.number("SELECT MIN(place_id) FROM parcel").await);
        let printer = PrinterId(world.number("SELECT MIN(id) FROM printer").await);
        let queued = world.does(QueueLabel(parcel)).await;
        let contexts = Mutex::new((0..3).map(|_| world.context()).collect());
        let port = Renumbers { db: world.db.clone(), contexts, outcome };
        work_one(&world.app, &port, printer).await.unwrap();
        both_are(&states(world, parcel).await, "waybill_bound", "bound");
        if let Some(came_out) = then {
            world.does(SettleDoubt { job: queued, came_out, evidence: "looked".into() }).await;
            both_are(&states(world, parcel).await, "waybill_bound", "bound");
        }
    }
});
