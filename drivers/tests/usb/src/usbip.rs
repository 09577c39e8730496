//! Devices that live in the test's own process, as a real kernel sees them: plugged into its virtual host controller
//! (vhci_hcd), which speaks USB/IP over a socket. Any descriptor, any answer, and pulled out at any moment. Needs root, and a
//! kernel with that module.
//!
//! Of a transfer that the kernel takes back it is not told how much had arrived: USB/IP has no place for it.

use crate::{Model, State, control};
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

const CONTROLLER: &str = "/sys/devices/platform/vhci_hcd.0";
/// USB/IP: a transfer, one that is taken back, and the answers to both.
const SUBMIT: u32 = 1;
const UNLINK: u32 = 2;
const SUBMITTED: u32 = 3;
const UNLINKED: u32 = 4;
/// Linux's ECONNRESET: the transfer was taken back.
const TAKEN_BACK: i32 = -104;
/// High speed.
const SPEED: u32 = 3;

/// Whether devices can be plugged in here.
pub fn available() -> bool {
    Path::new(CONTROLLER).is_dir()
}

/// A device that is plugged in. It is pulled out when it is dropped.
pub struct Plugged {
    /// What it has got and will give.
    pub state: Arc<Mutex<State>>,
    socket: UnixStream,
    port: u32,
}

impl Plugged {
    /// Plugs a device in.
    pub fn new(model: Model) -> Self {
        let (ours, kernels) = UnixStream::pair().unwrap();
        let state = Arc::new(Mutex::new(State { model, ..State::default() }));
        let (served, served_by) = (state.clone(), ours.try_clone().unwrap());
        thread::spawn(move || {
            serve(served_by, &served);
            served.lock().unwrap().gone = true;
        });
        let port = ports().into_iter().find(|(_, free)| *free).expect("a free port").0;
        let order = format!("{port} {} {} {SPEED}", kernels.as_raw_fd(), 1 << 16 | (port + 1));
        fs::write(format!("{CONTROLLER}/attach"), order).unwrap();
        Self { state, socket: ours, port }
    }

    /// Pulls it out, and waits until its port is free.
    pub fn pull(&self) {
        drop(self.socket.shutdown(Shutdown::Both));
        let since = Instant::now();
        while !ports().contains(&(self.port, true)) {
            assert!(since.elapsed() < Duration::from_secs(10), "the kernel does not let go of it");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        drop(self.socket.shutdown(Shutdown::Both));
    }
}

/// The ports of high speed, and whether each is free.
fn ports() -> Vec<(u32, bool)> {
    let status = fs::read_to_string(format!("{CONTROLLER}/status")).unwrap();
    let fields = status.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields.filter(|fields| fields[0] == "hs").map(|fields| (fields[1].parse().unwrap(), fields[2] == "004")).collect()
}

/// A transfer that the device has not finished.
struct Pending {
    number: u32,
    end: u8,
    wanted: usize,
    bytes: Vec<u8>,
    taken: usize,
}

fn answer(to: &Mutex<UnixStream>, kind: u32, number: u32, status: i32, length: usize, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(length).unwrap();
    let fields = [kind, number, 0, 0, 0, status.cast_unsigned(), length, 0, u32::MAX, 0, 0, 0];
    let mut message: Vec<u8> = fields.iter().flat_map(|field| field.to_be_bytes()).collect();
    message.extend_from_slice(bytes);
    to.lock().unwrap().write_all(&message)
}

fn serve(mut socket: UnixStream, state: &Arc<Mutex<State>>) {
    let to = Arc::new(Mutex::new(socket.try_clone().unwrap()));
    let pending = Arc::<Mutex<VecDeque<Pending>>>::default();
    let (moves, answers, of) = (pending.clone(), to.clone(), state.clone());
    thread::spawn(move || {
        while !of.lock().unwrap().gone && advance(&mut moves.lock().unwrap(), &mut of.lock().unwrap(), &answers).is_ok()
        {
            thread::sleep(Duration::from_millis(1));
        }
    });
    let mut head = [0; 48];
    while socket.read_exact(&mut head).is_ok() {
        let field = |at: usize| u32::from_be_bytes(head[at * 4..at * 4 + 4].try_into().unwrap());
        let (kind, number, towards_us, end) = (field(0), field(1), field(3) == 0, u8::try_from(field(4)).unwrap());
        let sent = match kind {
            SUBMIT => {
                let wanted = field(6) as usize;
                let mut bytes = vec![0; if towards_us { wanted } else { 0 }];
                if socket.read_exact(&mut bytes).is_err() {
                    return;
                }
                if end == 0 {
                    let answered = control(&mut state.lock().unwrap(), &head[40..48]);
                    match answered {
                        Ok(_) if towards_us => answer(&to, SUBMITTED, number, 0, wanted, &[]),
                        Ok(given) => answer(&to, SUBMITTED, number, 0, given.len(), &given),
                        Err(error) => answer(&to, SUBMITTED, number, error, 0, &[]),
                    }
                } else {
                    let end = if towards_us { end } else { end | 0x80 };
                    pending.lock().unwrap().push_back(Pending { number, end, wanted, bytes, taken: 0 });
                    Ok(())
                }
            }
            UNLINK => {
                let mut pending = pending.lock().unwrap();
                let before = pending.len();
                pending.retain(|one| one.number != field(5));
                let status = if pending.len() < before { TAKEN_BACK } else { 0 };
                answer(&to, UNLINKED, number, status, 0, &[])
            }
            _ => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Finishes the transfers that the device has bytes for, or room.
fn advance(pending: &mut VecDeque<Pending>, state: &mut State, to: &Mutex<UnixStream>) -> io::Result<()> {
    for mut one in std::mem::take(pending) {
        if one.end & 0x80 != 0 {
            match state.inq.iter().position(|(end, _)| *end == one.end) {
                Some(at) => {
                    let (_, mut bytes) = state.inq.remove(at).unwrap();
                    bytes.truncate(one.wanted);
                    answer(to, SUBMITTED, one.number, 0, bytes.len(), &bytes)?;
                }
                None => pending.push_back(one),
            }
            continue;
        }
        let room = state.model.out_limit.map_or(usize::MAX, |limit| limit.saturating_sub(state.out.len()));
        let taken = room.min(one.wanted - one.taken);
        state.out.extend_from_slice(&one.bytes[one.taken..one.taken + taken]);
        one.taken += taken;
        if one.taken < one.wanted {
            pending.push_back(one);
        } else {
            answer(to, SUBMITTED, one.number, 0, one.wanted, &[])?;
        }
    }
    Ok(())
}
