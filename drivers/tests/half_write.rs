//! A write that breaks off at each offset. A network swallows whole labels before it notices; this transport, and a real
//! serial or USB one, does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{future::ready, time::Duration};
use tallyman_drivers::{
    printer::{Doubt, PrintOutcome, PrinterProfile, print},
    transport::{Connect, ErrorKind, Pending, Transport, TransportError, Written},
};

/// A device that answers nothing, takes `room` bytes of the job and then ends with an error.
#[derive(Clone, Copy)]
struct Breaks {
    room: usize,
    kind: ErrorKind,
    question_seen: bool,
}

fn error(kind: ErrorKind) -> TransportError {
    TransportError { kind, detail: String::new() }
}

impl Connect for Breaks {
    fn connect(&self, _limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
        Box::pin(ready(Ok(Box::new(*self) as Box<dyn Transport>)))
    }

    fn address(&self) -> String {
        "breaks".into()
    }
}

impl Transport for Breaks {
    fn write<'a>(&'a mut self, bytes: &'a [u8], _limit: Duration) -> Pending<'a, Written> {
        if !self.question_seen {
            self.question_seen = true;
            return Box::pin(ready(Written { handed_over: bytes.len(), ended: Ok(()) }));
        }
        let handed_over = bytes.len().min(self.room);
        self.room -= handed_over;
        let ended = if handed_over < bytes.len() { Err(error(self.kind)) } else { Ok(()) };
        Box::pin(ready(Written { handed_over, ended }))
    }

    fn read<'a>(&'a mut self, _into: &'a mut [u8], _limit: Duration) -> Pending<'a, Result<usize, TransportError>> {
        Box::pin(ready(Err(error(ErrorKind::TimedOut))))
    }

    fn drain(&mut self) -> Pending<'_, Result<Vec<u8>, TransportError>> {
        Box::pin(ready(Ok(Vec::new())))
    }

    fn shutdown(self: Box<Self>, _limit: Duration) -> Pending<'static, ()> {
        Box::pin(ready(()))
    }
}

#[tokio::test]
async fn only_a_write_that_broke_off_at_nothing_is_safe_to_repeat() {
    let label = vec![b'7'; 10_000];
    for kind in [ErrorKind::TimedOut, ErrorKind::Reset, ErrorKind::Closed, ErrorKind::Other] {
        for room in [0, 1, 2, 4095, 4096, 4097, 9999] {
            let mut offsets = Vec::new();
            let device = Breaks { room, kind, question_seen: false };
            let outcome = print(&device, &PrinterProfile::zpl(), &label, &mut |offset| offsets.push(offset)).await;
            let error = error(kind);
            let expected = match room {
                0 => PrintOutcome::FailedBeforeFirstByte { error },
                offset => PrintOutcome::InDoubt { offset, error: Doubt::Transport { error } },
            };
            assert_eq!(outcome, expected);
            assert_eq!(offsets.last().copied().unwrap_or_default(), room);
        }
    }
}
