//! Hundreds of jobs against a printer that goes wrong at random: what the session says must be true.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::time::Duration;
use tallyman_drivers::{
    fake::{FakePrinter, Mode},
    printer::{Language, Limits, PrintOutcome, PrinterProfile, print},
    transport::Tcp,
};

/// Stories for each language, or as many as `TALLYMAN_PRINT_RUNS` says.
const RUNS: usize = 300;
const AT_ONCE: usize = 8;
const ATTEMPTS: usize = 4;
const SEED: [u8; 32] = *b"a label is printed once or asked";

fn mode() -> impl Strategy<Value = Mode> {
    // Labels have up to 12,000 bytes; an offset past the end is a fault that never comes.
    let after_bytes = 0..14_000usize;
    prop_oneof![
        3 => Just(Mode::Ready),
        1 => (0..4u32).prop_map(|answers| Mode::Busy { answers }),
        1 => Just(Mode::PaperOut),
        1 => Just(Mode::HeadOpen),
        1 => Just(Mode::Paused),
        1 => Just(Mode::Silent),
        1 => Just(Mode::Garbage),
        1 => Just(Mode::DropsAnswers),
        1 => Just(Mode::Refuses),
        1 => (100_000..400_000u32).prop_map(|bytes_per_second| Mode::Slow { bytes_per_second }),
        3 => after_bytes.clone().prop_map(|after_bytes| Mode::RunsOut { after_bytes }),
        3 => after_bytes.clone().prop_map(|after_bytes| Mode::Resets { after_bytes }),
        2 => after_bytes.prop_map(|after_bytes| Mode::Closes { after_bytes }),
    ]
}

/// The size of a label, and how the printer behaves at each attempt to print it.
fn story() -> impl Strategy<Value = (usize, Vec<Mode>)> {
    (20..12_000usize, prop::collection::vec(mode(), ATTEMPTS))
}

fn profile(language: Language) -> PrinterProfile {
    let millis = Duration::from_millis;
    let limits = Limits {
        connect: millis(3000),
        answer: millis(25),
        stall: millis(500),
        ask_every: millis(2),
        idle: millis(150),
        close: millis(50),
    };
    PrinterProfile { language, limits }
}

/// A label of about so many bytes, from the first that a printer takes for its beginning to the last.
fn label(language: Language, bytes: usize) -> Vec<u8> {
    let around = |head: &str, data: Vec<u8>, tail: &str| [head.as_bytes(), &data, tail.as_bytes()].concat();
    match language {
        Language::Zpl => around("^XA^FD", vec![b'7'; bytes - 12], "^FS^XZ"),
        Language::Tspl => {
            let head = format!("SIZE 9 mm,9 mm\r\nCLS\r\nBITMAP 0,0,1,{bytes},0,");
            around(&head, vec![b'\n'; bytes], "\r\nPRINT 1,1\r\n")
        }
        Language::Epl2 => around(&format!("N\nq8\nGW0,0,1,{bytes},"), vec![b'\n'; bytes], "\nP1\n"),
        Language::Cpcl => {
            let head = format!("! 0 200 200 {bytes} 1\r\nEG 1 {bytes} 0 0 ");
            around(&head, vec![b'7'; bytes * 2], "\r\nFORM\r\nPRINT\r\n")
        }
        Language::EscPos => {
            let rows = u16::try_from(bytes).unwrap().to_le_bytes();
            [&b"\x1b@\x1dv0\0\x01\0"[..], &rows, &vec![0x10; bytes], b"\x1dVB\0"].concat()
        }
    }
}

/// Plays one story: the same label is tried again only where the outcome allows it, as a station does.
async fn play(language: Language, bytes: usize, modes: Vec<Mode>) -> PrintOutcome {
    let label = label(language, bytes);
    let bytes = label.len();
    let printer = FakePrinter::speaking(language, 0, None).await.unwrap();
    let device = Tcp::new(printer.address());
    let mut last = None;
    for mode in modes.clone() {
        printer.set_mode(mode).await.unwrap();
        let mut offset = 0;
        let outcome = print(&device, &profile(language), &label, &mut |handed_over| offset = handed_over).await;
        printer.settled().await;
        let printed = printer.printed();
        let story = format!("{language:?}, {bytes} bytes, {modes:?}, now {mode:?}: {outcome:?}, {printed} printed");
        match &outcome {
            PrintOutcome::FailedBeforeFirstByte { .. } | PrintOutcome::Blocked { .. } => {
                assert_eq!((printed, printer.kept(), offset), (0, 0, 0), "{story}");
            }
            PrintOutcome::Printed { .. } => assert_eq!((printed, printer.kept()), (1, 0), "{story}"),
            PrintOutcome::Sent { .. } => assert!(printed <= 1 && offset == bytes, "{story}"),
            PrintOutcome::InDoubt { offset: left, .. } => {
                assert!(printed <= 1 && *left > 0 && *left == offset, "{story}");
            }
        }
        let again = outcome.may_be_tried_again();
        last = Some(outcome);
        if !again {
            break;
        }
    }
    // Whatever is still in the printer comes out when it is put right.
    printer.set_mode(Mode::Ready).await.unwrap();
    assert!(printer.printed() <= 1, "{language:?}, {bytes} bytes, {modes:?}: {last:?}");
    assert!(printer.labels().iter().all(|printed| *printed == label));
    printer.shutdown().await;
    last.unwrap()
}

/// How many stories of each end there were: before the first byte, blocked, sent, printed, in doubt.
async fn stories(language: Language) -> [usize; 5] {
    let runs = std::env::var("TALLYMAN_PRINT_RUNS").map_or(RUNS, |runs| runs.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let stories: Vec<_> = (0..runs).map(|_| story().new_tree(&mut runner).unwrap().current()).collect();
    let mut ends = [0usize; 5];
    for group in stories.chunks(AT_ONCE) {
        let running: Vec<_> =
            group.iter().cloned().map(|(bytes, modes)| tokio::spawn(play(language, bytes, modes))).collect();
        for story in running {
            ends[match story.await.unwrap() {
                PrintOutcome::FailedBeforeFirstByte { .. } => 0,
                PrintOutcome::Blocked { .. } => 1,
                PrintOutcome::Sent { .. } => 2,
                PrintOutcome::Printed { .. } => 3,
                PrintOutcome::InDoubt { .. } => 4,
            }] += 1;
        }
    }
    println!("{language:?}: {ends:?} of {runs}");
    ends
}

macro_rules! told_truly {
    ($($name:ident = $language:ident),+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let ends = stories(Language::$language).await;
            // Otherwise the stories say less than they seem to.
            assert!(ends[2] > 0 && ends[3] > 0 && ends[4] > 0, "{ends:?}");
        }
    )+};
}

told_truly! {
    no_label_comes_out_twice_and_what_is_said_of_it_is_true_in_zpl = Zpl,
    no_label_comes_out_twice_and_what_is_said_of_it_is_true_in_tspl = Tspl,
    no_label_comes_out_twice_and_what_is_said_of_it_is_true_in_epl2 = Epl2,
    no_label_comes_out_twice_and_what_is_said_of_it_is_true_in_cpcl = Cpcl,
    no_label_comes_out_twice_and_what_is_said_of_it_is_true_in_esc_pos = EscPos
}
