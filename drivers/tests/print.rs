//! One job against each way a printer can behave.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    future::ready,
    io::ErrorKind as IoErrorKind,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tallyman_drivers::{
    fake::{FakePrinter, Mode},
    printer::{
        Doubt, Evidence, Fault, Limits, NotRecorded, PrintOutcome, PrinterProfile, PrinterState, Progress, Unproven,
        print, status,
    },
    transport::{ErrorKind, Pending, Tcp},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const PRINTED: PrintOutcome = PrintOutcome::Printed { evidence: Evidence::IdleAfter };
const READY_ANSWER: &[u8] =
    b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02001,0,0,0,1,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";

/// Limits that a loaded machine keeps; only a printer that is silent on purpose reaches them.
fn profile() -> PrinterProfile {
    let millis = Duration::from_millis;
    PrinterProfile {
        limits: Limits {
            connect: millis(3000),
            answer: millis(1000),
            stall: millis(5000),
            ask_every: millis(5),
            idle: millis(10_000),
            close: millis(100),
        },
        ..PrinterProfile::zpl()
    }
}

/// The same, for a printer that says nothing more once it has the label.
fn profile_with_idle(limit: Duration) -> PrinterProfile {
    let mut profile = profile();
    profile.limits.idle = limit;
    profile
}

fn label(bytes: usize) -> Vec<u8> {
    let mut label = b"^XA^FD".to_vec();
    label.resize(bytes - 6, b'7');
    label.extend(b"^FS^XZ");
    label
}

async fn printer(mode: Mode) -> FakePrinter {
    let printer = FakePrinter::start(0, None).await.unwrap();
    printer.set_mode(mode).await.unwrap();
    printer
}

async fn print_on(address: SocketAddr, bytes: &[u8]) -> PrintOutcome {
    print(&Tcp::new(address), &profile(), bytes, &mut |_| {}).await
}

/// Prints one label of 10,000 bytes, and says how it ended and how many labels came out.
async fn one_label(mode: Mode) -> (PrintOutcome, usize) {
    let printer = printer(mode).await;
    let outcome = print_on(printer.address(), &label(10_000)).await;
    printer.settled().await;
    (outcome, printer.printed())
}

#[tokio::test]
async fn a_ready_printer_prints_and_proves_it() {
    let printer = printer(Mode::Ready).await;
    let label = label(10_000);
    let mut offsets = Vec::new();
    let outcome = print(&Tcp::new(printer.address()), &profile(), &label, &mut |offset| offsets.push(offset)).await;
    assert_eq!(outcome, PRINTED);
    assert_eq!(printer.labels(), [label]);
    assert_eq!(offsets, [4096, 8192, 10_000]);
}

#[tokio::test]
async fn one_label_after_another_on_connections_of_their_own() {
    let printer = printer(Mode::Ready).await;
    for number in 1..=5 {
        assert_eq!(print_on(printer.address(), &label(100 + number)).await, PRINTED);
        assert_eq!(printer.printed(), number);
    }
}

#[tokio::test]
async fn a_busy_printer_is_waited_for() {
    assert_eq!(one_label(Mode::Busy { answers: 6 }).await, (PRINTED, 1));
}

#[tokio::test]
async fn a_printer_that_stays_busy_leaves_the_job_in_doubt() {
    let profile = profile_with_idle(Duration::from_millis(300));
    let printer = printer(Mode::Busy { answers: u32::MAX }).await;
    let outcome = print(&Tcp::new(printer.address()), &profile, &label(100), &mut |_| {}).await;
    assert_eq!(outcome, PrintOutcome::InDoubt { offset: 100, error: Doubt::StillBusy });
}

#[tokio::test]
async fn a_printer_that_says_it_can_not_print_gets_no_byte_until_it_can() {
    let modes = [(Mode::PaperOut, Fault::PaperOut), (Mode::HeadOpen, Fault::HeadOpen), (Mode::Paused, Fault::Paused)];
    for (mode, fault) in modes {
        let printer = printer(mode).await;
        assert_eq!(print_on(printer.address(), &label(100)).await, PrintOutcome::Blocked { faults: vec![fault] });
        printer.set_mode(Mode::Ready).await.unwrap();
        assert_eq!((printer.printed(), printer.kept()), (0, 0));
        assert_eq!(print_on(printer.address(), &label(100)).await, PRINTED);
        assert_eq!(printer.printed(), 1);
    }
}

#[tokio::test]
async fn paper_that_runs_out_in_the_label_leaves_a_doubt_that_names_it() {
    let printer = printer(Mode::RunsOut { after_bytes: 5000 }).await;
    let outcome = print_on(printer.address(), &label(10_000)).await;
    let error = Doubt::Faults { faults: vec![Fault::PaperOut] };
    assert_eq!(outcome, PrintOutcome::InDoubt { offset: 10_000, error });
    assert_eq!((printer.printed(), printer.kept()), (0, 1));
    printer.set_mode(Mode::Ready).await.unwrap();
    assert_eq!(printer.printed(), 1, "new paper lets the label out: sending it again would have made two");
}

#[tokio::test]
async fn a_silent_printer_gets_the_label_and_proves_nothing() {
    let silent = PrintOutcome::Sent { unproven: Unproven::Silent };
    assert_eq!(one_label(Mode::Silent).await, (silent.clone(), 1));
    assert_eq!(one_label(Mode::Garbage).await, (silent, 1));
}

#[tokio::test]
async fn a_slow_printer_is_waited_for() {
    assert_eq!(one_label(Mode::Slow { bytes_per_second: 50_000 }).await, (PRINTED, 1));
}

#[tokio::test]
async fn a_printer_that_stops_answering_leaves_a_doubt() {
    let profile = profile_with_idle(Duration::from_millis(300));
    let printer = printer(Mode::DropsAnswers).await;
    let outcome = print(&Tcp::new(printer.address()), &profile, &label(100), &mut |_| {}).await;
    assert_eq!(outcome, PrintOutcome::InDoubt { offset: 100, error: Doubt::WentSilent });
    assert_eq!(printer.printed(), 1);
}

#[tokio::test]
async fn a_reset_in_the_label_leaves_a_doubt_with_the_offset() {
    for after_bytes in [1, 5000, 9999] {
        let (outcome, printed) = one_label(Mode::Resets { after_bytes }).await;
        let PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } } = outcome else {
            panic!("{outcome:?}")
        };
        assert!((1..=10_000).contains(&offset), "{offset}");
        assert_eq!((error.kind, printed), (ErrorKind::Reset, 0));
    }
}

#[tokio::test]
async fn a_reset_after_the_last_byte_leaves_a_doubt_and_a_label() {
    let (outcome, printed) = one_label(Mode::Resets { after_bytes: 10_000 }).await;
    assert!(matches!(outcome, PrintOutcome::InDoubt { offset: 10_000, .. }), "{outcome:?}");
    assert_eq!(printed, 1);
}

#[tokio::test]
async fn a_printer_that_closes_in_the_label_never_counts_as_printed_or_as_safe() {
    let (outcome, printed) = one_label(Mode::Closes { after_bytes: 5000 }).await;
    assert!(matches!(outcome, PrintOutcome::InDoubt { .. } | PrintOutcome::Sent { .. }), "{outcome:?}");
    assert_eq!(printed, 0);
}

#[tokio::test]
async fn a_lying_printer_is_believed_and_only_a_scan_can_tell() {
    assert_eq!(one_label(Mode::Lying).await, (PRINTED, 0));
}

#[tokio::test]
async fn a_printer_that_refuses_fails_before_the_first_byte() {
    let printer = printer(Mode::Refuses).await;
    let outcome = print_on(printer.address(), &label(100)).await;
    let PrintOutcome::FailedBeforeFirstByte { error } = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind, ErrorKind::Refused);
    printer.set_mode(Mode::Ready).await.unwrap();
    assert_eq!(print_on(printer.address(), &label(100)).await, PRINTED);
}

#[tokio::test]
async fn an_empty_job_is_refused() {
    let printer = printer(Mode::Ready).await;
    let outcome = print_on(printer.address(), b"").await;
    let PrintOutcome::FailedBeforeFirstByte { error } = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind, ErrorKind::NothingToSend);
}

/// A record of the job that can fail, and notes what it was told.
struct Journal {
    fails: bool,
    told: Arc<Mutex<Vec<String>>>,
}

impl Progress for Journal {
    fn about_to_send(&mut self) -> Pending<'_, Result<(), NotRecorded>> {
        self.told.lock().unwrap().push("about to send".into());
        Box::pin(ready(if self.fails { Err(NotRecorded("disk full".into())) } else { Ok(()) }))
    }

    fn handed_over(&mut self, offset: usize) {
        self.told.lock().unwrap().push(offset.to_string());
    }
}

#[tokio::test]
async fn the_first_byte_leaves_only_after_it_was_recorded() {
    let printer = printer(Mode::Ready).await;
    for (fails, expected) in [(true, vec!["about to send"]), (false, vec!["about to send", "100"])] {
        let told = Arc::default();
        let mut journal = Journal { fails, told: Arc::clone(&told) };
        let outcome = print(&Tcp::new(printer.address()), &profile(), &label(100), &mut journal).await;
        assert_eq!(outcome.may_be_tried_again(), fails);
        assert_eq!(*told.lock().unwrap(), expected);
        assert_eq!(printer.printed(), usize::from(!fails));
    }
}

/// Two questions and one answer: it may be the late one to the question from before the label.
#[tokio::test]
async fn a_late_answer_to_the_first_question_proves_nothing() {
    for questions_before_the_answer in [1, 2] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let printer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut got = Vec::new();
            let mut piece = [0; 1024];
            let seen = |got: &[u8], what: &[u8]| got.windows(3).filter(|bytes| *bytes == what).count();
            while seen(&got, b"^XZ") == 0 || seen(&got, b"~HS") < questions_before_the_answer {
                let read = stream.read(&mut piece).await.unwrap();
                got.extend_from_slice(&piece[..read]);
            }
            stream.write_all(READY_ANSWER).await.unwrap();
            while stream.read(&mut piece).await.is_ok_and(|read| read > 0) {}
        });
        let mut profile = profile_with_idle(Duration::from_millis(500));
        profile.limits.answer = Duration::from_millis(100);
        let outcome = print(&Tcp::new(address), &profile, &label(100), &mut |_| {}).await;
        assert_eq!(outcome, PrintOutcome::InDoubt { offset: 100, error: Doubt::WentSilent });
        printer.await.unwrap();
    }
}

#[tokio::test]
async fn a_printer_that_closes_in_good_order_after_the_last_byte_has_been_sent_the_label() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let printer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = [0; 3];
        stream.read_exact(&mut question).await.unwrap();
        stream.write_all(READY_ANSWER).await.unwrap();
        let mut got = vec![0; 100];
        stream.read_exact(&mut got).await.unwrap();
        stream.shutdown().await.unwrap();
        stream.read_to_end(&mut got).await.unwrap();
    });
    let outcome = print_on(address, &label(100)).await;
    assert_eq!(outcome, PrintOutcome::Sent { unproven: Unproven::Closed });
    printer.await.unwrap();
}

#[tokio::test]
async fn the_status_alone_can_be_asked() {
    let printer = printer(Mode::Ready).await;
    let device = Tcp::new(printer.address());
    assert!(matches!(status(&device, &profile()).await, Ok(PrinterState::Ready(_))));
    printer.set_mode(Mode::Silent).await.unwrap();
    assert_eq!(status(&device, &profile()).await, Ok(PrinterState::Silent));
    printer.set_mode(Mode::HeadOpen).await.unwrap();
    let Ok(PrinterState::Blocked(blocked)) = status(&device, &profile()).await else { panic!("not blocked") };
    assert_eq!(blocked.faults, [Fault::HeadOpen]);
    printer.set_mode(Mode::Refuses).await.unwrap();
    assert_eq!(status(&device, &profile()).await.unwrap_err().kind, ErrorKind::Refused);
}

#[tokio::test]
async fn a_job_given_up_half_way_leaves_no_socket_behind() {
    let printer = printer(Mode::Slow { bytes_per_second: 50_000 }).await;
    let (device, profile, big) = (Tcp::new(printer.address()), profile(), label(10_000));
    let cut = tokio::time::timeout(Duration::from_millis(60), print(&device, &profile, &big, &mut |_| {})).await;
    assert!(cut.is_err());
    printer.settled().await;
    printer.set_mode(Mode::Ready).await.unwrap();
    assert_eq!(print_on(printer.address(), &label(100)).await, PRINTED);
}

#[tokio::test]
async fn the_fake_stores_its_labels_and_gives_its_port_back() {
    let folder = tempfile::tempdir().unwrap();
    let printer = FakePrinter::start(0, Some(folder.path().to_owned())).await.unwrap();
    let address = printer.address();
    for bytes in [50, 60] {
        assert_eq!(print_on(address, &label(bytes)).await, PRINTED);
    }
    assert_eq!(std::fs::read(folder.path().join("00001.zpl")).unwrap(), label(50));
    assert_eq!(std::fs::read(folder.path().join("00002.zpl")).unwrap(), label(60));
    let taken = FakePrinter::start(address.port(), None).await.unwrap_err();
    assert_eq!(taken.kind(), IoErrorKind::AddrInUse);
    printer.shutdown().await;
    FakePrinter::start(address.port(), None).await.unwrap();
}
