//! A USB device that lives in the test's own process, as libusb sees it through umockdev's preload library: any descriptor, any
//! answer, a stall, a short write, a device that is pulled out in the middle of a read. No kernel USB, no root.
//!
//! Of umockdev only `libumockdev-preload.so.0` (0.17) is used. The protocol of its ioctl sockets is internal to it and
//! spoken from here, so that a device takes any bytes and gives what a test puts into it.

#![allow(clippy::all, reason = "it mirrors the kernel's own structures, offsets and numbers")]

pub mod gadget;
pub mod models;
pub mod usbip;

use std::collections::VecDeque;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Whether the preload library is at work.
pub fn preloaded() -> bool {
    fs::read_to_string("/proc/self/maps").is_ok_and(|m| m.contains("libumockdev-preload"))
}

fn libudev_linked() -> bool {
    fs::read_to_string("/proc/self/maps").is_ok_and(|m| m.contains("libudev.so"))
}

/// umockdev's preload labels every uevent as from udevd (group 2); libusb's netlink backend only takes the kernel's
/// (group 1). A `recvmsg` in the executable comes before the preload's: call that one and relabel.
/// # Safety
/// plain recvmsg
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recvmsg(fd: i32, msg: *mut libc::msghdr, flags: i32) -> isize {
    type F = unsafe extern "C" fn(i32, *mut libc::msghdr, i32) -> isize;
    static REAL: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let real = REAL.get_or_init(|| unsafe { libc::dlsym(libc::RTLD_NEXT, c"recvmsg".as_ptr()) as usize });
    unsafe {
        let real: F = std::mem::transmute::<usize, F>(*real);
        let r = real(fd, msg, flags);
        let nl = (*msg).msg_name as *mut libc::sockaddr_nl;
        if r > 0
            && !nl.is_null()
            && (*nl).nl_family == libc::AF_NETLINK as u16
            && (*nl).nl_groups == 2
            && !libudev_linked()
        {
            (*nl).nl_groups = 1;
        }
        r
    }
}

/// Where devices are plugged in.
pub struct Testbed {
    root: PathBuf,
}

/// What a device is.
#[derive(Clone, Default)]
pub struct Model {
    pub device: Vec<u8>, // 18-byte device descriptor
    pub config: Vec<u8>, // full configuration descriptor
    pub strings: Vec<String>,
    pub report_desc: Vec<u8>,
    pub ieee1284: Vec<u8>,
    pub port_status: u8,
    pub driver: Option<String>,   // kernel driver that GETDRIVER names
    pub out_limit: Option<usize>, // bulk OUT bytes accepted before the device stops reading (NAKs)
}

/// What a device has got and will give.
#[derive(Default)]
pub struct State {
    pub model: Model,
    pub out: Vec<u8>,                 // bytes received on bulk OUT
    pub inq: VecDeque<(u8, Vec<u8>)>, // (ep, packet) to hand to IN URBs
    pub gone: bool,
    pub log: Vec<String>,
}

/// A device that is plugged in.
pub struct Dev {
    pub st: Arc<Mutex<State>>,
    bus: u8,
    num: u8,
    sys: PathBuf,
    name: String,
    root: PathBuf,
}

const ENOENT: i64 = 2;
const EAGAIN: i64 = 11;
const ENODEV: i64 = 19;
const EINVAL: i64 = 22;
const ENOTTY: i64 = 25;
const ENODATA: i64 = 61;
const EPIPE: i32 = 32;
const ESHUTDOWN: i32 = 108;

struct Urb {
    addr: u64,
    kind: u8,
    ep: u8,
    buf: u64,
    len: usize,
    out: Vec<u8>, // OUT data / setup packet + OUT data
    done_out: usize,
}

struct Conn(UnixStream);
impl Conn {
    fn req(&mut self) -> Option<[u64; 3]> {
        let mut b = [0u8; 24];
        self.0.read_exact(&mut b).ok()?;
        Some(std::array::from_fn(|i| u64::from_ne_bytes(b[i * 8..i * 8 + 8].try_into().unwrap())))
    }
    fn send(&mut self, a: [u64; 3]) {
        let b: Vec<u8> = a.iter().flat_map(|v| v.to_ne_bytes()).collect();
        let _ = self.0.write_all(&b);
    }
    fn read_mem(&mut self, addr: u64, len: usize) -> Vec<u8> {
        let mut b = vec![0; len];
        if len > 0 {
            self.send([5, addr, len as u64]);
            let _ = self.0.read_exact(&mut b);
        }
        b
    }
    fn write_mem(&mut self, addr: u64, d: &[u8]) {
        if !d.is_empty() {
            self.send([6, addr, d.len() as u64]);
            let _ = self.0.write_all(d);
        }
    }
    fn done(&mut self, ret: i64, errno: i64) {
        self.send([3, ret as u64, errno as u64]);
    }
}

impl Testbed {
    /// Call before any thread starts: sets UMOCKDEV_DIR for this process.
    pub fn new() -> Self {
        let root = std::env::temp_dir().join(format!("um{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        for d in [
            "sys/bus/usb/devices",
            "sys/devices",
            "sys/class/tty",
            "dev/bus/usb/001",
            "dev/.node",
            "ioctl/dev/bus/usb/001",
            "run",
        ] {
            fs::create_dir_all(root.join(d)).unwrap();
        }
        // nodes without a handler of their own must still find this socket, or the preload exits the process
        let l = UnixListener::bind(root.join("ioctl/_default")).unwrap();
        std::thread::spawn(move || {
            for c in l.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut c = Conn(c);
                    while c.req().is_some() {
                        c.done(-100, 0); // "not handled": the preload does the real call
                    }
                });
            }
        });
        unsafe { std::env::set_var("UMOCKDEV_DIR", &root) };
        Testbed { root }
    }

    pub fn plug(&self, num: u8, model: Model) -> Dev {
        let name = format!("1-{num}");
        let rel = format!("devices/pci0000:00/usb1/{name}");
        // the preload redirects /sys but the testbed path itself is a plain directory
        let sys = self.root.join("sys").join(&rel);
        fs::create_dir_all(&sys).unwrap();
        let put = |k: &str, v: &[u8]| fs::write(sys.join(k), v).unwrap();
        let minor = num as u32 - 1;
        put("busnum", b"1\n");
        put("devnum", format!("{num}\n").as_bytes());
        put("speed", b"480\n");
        put("bConfigurationValue", b"1\n");
        put("dev", format!("189:{minor}\n").as_bytes());
        put("idVendor", format!("{:02x}{:02x}\n", model.device[9], model.device[8]).as_bytes());
        put("idProduct", format!("{:02x}{:02x}\n", model.device[11], model.device[10]).as_bytes());
        put("descriptors", &[&model.device[..], &model.config[..]].concat());
        put(
            "uevent",
            format!("MAJOR=189\nMINOR={minor}\nDEVNAME=bus/usb/001/{num:03}\nDEVTYPE=usb_device\nBUSNUM=001\nDEVNUM={num:03}\n").as_bytes(),
        );
        symlink("../../../../bus/usb", sys.join("subsystem")).unwrap();
        symlink(format!("../../../{rel}"), self.root.join("sys/bus/usb/devices").join(&name)).unwrap();
        fs::write(self.root.join(format!("dev/bus/usb/001/{num:03}")), b"").unwrap();
        symlink(format!("189:{minor}"), self.root.join(format!("dev/.node/bus_usb_001_{num:03}"))).unwrap();
        let st = Arc::new(Mutex::new(State { model, ..Default::default() }));
        let l = UnixListener::bind(self.root.join(format!("ioctl/dev/bus/usb/001/{num:03}"))).unwrap();
        std::thread::spawn({
            let st = st.clone();
            move || {
                for c in l.incoming().flatten() {
                    let st = st.clone();
                    std::thread::spawn(move || serve(Conn(c), st));
                }
            }
        });
        let d = Dev { st, bus: 1, num, sys, name, root: self.root.clone() };
        d.uevent("add");
        d
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Dev {
    pub fn unplug(self) -> Arc<Mutex<State>> {
        self.st.lock().unwrap().gone = true;
        let _ = fs::remove_file(self.root.join("sys/bus/usb/devices").join(&self.name));
        let _ = fs::remove_dir_all(&self.sys);
        let _ = fs::remove_file(self.root.join(format!("dev/bus/usb/001/{:03}", self.num)));
        let _ = fs::remove_file(self.root.join(format!("dev/.node/bus_usb_001_{:03}", self.num)));
        let _ = fs::remove_file(self.root.join(format!("ioctl/dev/bus/usb/001/{:03}", self.num)));
        self.uevent("remove");
        self.st.clone()
    }

    /// libudev monitor message to every wrapped netlink socket of this process
    fn uevent(&self, action: &str) {
        let p = [
            format!("ACTION={action}"),
            format!("DEVPATH=/devices/pci0000:00/usb1/{}", self.name),
            "SUBSYSTEM=usb".into(),
            format!("DEVNAME=/dev/bus/usb/{:03}/{:03}", self.bus, self.num),
            "DEVTYPE=usb_device".into(),
            format!("BUSNUM={:03}", self.bus),
            format!("DEVNUM={:03}", self.num),
            "MAJOR=189".into(),
            format!("MINOR={}", self.num - 1),
            "SEQNUM=1".into(),
        ];
        let mut props = Vec::new();
        for s in p {
            props.extend_from_slice(s.as_bytes());
            props.push(0);
        }
        if !libudev_linked() {
            // libusb's netlink backend wants the kernel's own format
            let m = [format!("{action}@/devices/pci0000:00/usb1/{}\0", self.name).as_bytes(), &props].concat();
            return self.send(&m);
        }
        let mut m = b"libudev\0".to_vec();
        m.extend(0xfeedcafe_u32.to_be_bytes());
        m.extend(40u32.to_ne_bytes());
        m.extend(40u32.to_ne_bytes());
        m.extend((props.len() as u32).to_ne_bytes());
        m.extend(murmur2(b"usb").to_be_bytes());
        m.extend(murmur2(b"usb_device").to_be_bytes());
        m.extend([0u8; 8]);
        m.extend(props);
        self.send(&m);
    }

    fn send(&self, m: &[u8]) {
        for e in fs::read_dir(&self.root).unwrap().flatten() {
            if e.file_name().to_string_lossy().starts_with("event") {
                let s = UnixDatagram::unbound().unwrap();
                let _ = s.send_to(m, e.path());
            }
        }
    }
}

fn murmur2(d: &[u8]) -> u32 {
    const M: u32 = 0x5bd1e995;
    let mut h = d.len() as u32;
    let mut c = d.chunks_exact(4);
    for k in &mut c {
        let mut k = u32::from_le_bytes(k.try_into().unwrap()).wrapping_mul(M);
        k ^= k >> 24;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let r = c.remainder();
    if !r.is_empty() {
        for (i, b) in r.iter().enumerate() {
            h ^= (*b as u32) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

pub fn control(s: &mut State, setup: &[u8]) -> Result<Vec<u8>, i32> {
    let m = &s.model;
    let (rt, rq, val, len) = (
        setup[0],
        setup[1],
        u16::from_le_bytes([setup[2], setup[3]]),
        u16::from_le_bytes([setup[6], setup[7]]) as usize,
    );
    let cut = |v: &[u8]| Ok(v[..v.len().min(len)].to_vec());
    match (rt, rq) {
        (0x80, 6) => match (val >> 8, val & 0xff) {
            (1, _) => cut(&m.device),
            (2, _) => cut(&m.config),
            (3, 0) => cut(&[4, 3, 9, 4]),
            (3, i) => match m.strings.get(i as usize - 1) {
                Some(t) => {
                    let u: Vec<u8> = t.encode_utf16().flat_map(|c| c.to_le_bytes()).collect();
                    cut(&[&[u.len() as u8 + 2, 3][..], &u].concat())
                }
                None => Err(-EPIPE),
            },
            _ => Err(-EPIPE),
        },
        (0x81, 6) if val >> 8 == 0x22 => cut(&m.report_desc),
        (0xA1, 0) if !m.ieee1284.is_empty() => cut(&m.ieee1284),
        (0xA1, 1) if !m.ieee1284.is_empty() => cut(&[m.port_status]),
        (0x21, _) | (0x00, 9) | (0x01, 11) => Ok(vec![]),
        _ => Err(-EPIPE),
    }
}

fn serve(mut c: Conn, st: Arc<Mutex<State>>) {
    let mut pend: VecDeque<Urb> = VecDeque::new();
    let mut done: VecDeque<(Urb, i32, Vec<u8>, usize)> = VecDeque::new();
    while let Some([cmd, req, arg]) = c.req() {
        if cmd != 1 {
            c.done(-100, 0); // read/write: let the preload do the real one
            continue;
        }
        let gone = st.lock().unwrap().gone;
        if gone {
            for u in pend.drain(..) {
                done.push_back((u, -ESHUTDOWN, vec![], 0));
            }
        }
        match req {
            0x8004551a => {
                c.write_mem(arg, &0x1d_u32.to_ne_bytes()); // ZERO_PACKET | NO_PACKET_SIZE_LIM | BULK_SCATTER_GATHER | REAP_AFTER_DISCONNECT
                c.done(0, 0);
            }
            0x8038550a if !gone => {
                let u = c.read_mem(arg, 56);
                let g = |o: usize| u64::from_ne_bytes(u[o..o + 8].try_into().unwrap());
                let len = i32::from_ne_bytes(u[24..28].try_into().unwrap()) as usize;
                let mut urb = Urb { addr: arg, kind: u[0], ep: u[1], buf: g(16), len, out: vec![], done_out: 0 };
                if urb.kind == 2 || urb.ep & 0x80 == 0 {
                    urb.out = c.read_mem(urb.buf, len);
                }
                pend.push_back(urb);
                c.done(0, 0);
            }
            0x550b => match pend.iter().position(|u| u.addr == arg) {
                Some(i) => {
                    let u = pend.remove(i).unwrap();
                    let n = u.done_out;
                    done.push_back((u, -(ENOENT as i32), vec![], n));
                    c.done(0, 0);
                }
                None => c.done(-1, EINVAL),
            },
            0x4008550c | 0x4008550d => {
                advance(&mut pend, &mut done, &st);
                match done.pop_front() {
                    Some((u, status, data, actual)) => {
                        let off = if u.kind == 2 { 8 } else { 0 };
                        c.write_mem(u.buf + off, &data);
                        c.write_mem(u.addr + 4, &status.to_ne_bytes());
                        c.write_mem(u.addr + 28, &(actual as i32).to_ne_bytes());
                        c.write_mem(arg, &u.addr.to_ne_bytes());
                        c.done(0, 0);
                    }
                    None if gone => c.done(-1, ENODEV),
                    None => {
                        // the fake node always polls ready, so libusb spins: slow it down
                        std::thread::sleep(Duration::from_millis(1));
                        c.done(-1, EAGAIN)
                    }
                }
            }
            _ if gone => c.done(-1, ENODEV),
            // CLAIM, RELEASE, SETCONFIGURATION, SETINTERFACE, CLEAR_HALT, RESET, DISCONNECT_CLAIM
            0x8004550f | 0x80045510 | 0x80045505 | 0x80085504 | 0x80045515 | 0x5514 => c.done(0, 0),
            0x8108551b => {
                st.lock().unwrap().model.driver = None;
                c.done(0, 0)
            }
            0x41045508 => {
                let d = st.lock().unwrap().model.driver.clone();
                match d {
                    Some(d) => {
                        c.write_mem(arg + 4, &[d.as_bytes(), b"\0"].concat());
                        c.done(0, 0)
                    }
                    None => c.done(-1, ENODATA),
                }
            }
            0xc0105512 => c.done(-1, ENODATA), // USBDEVFS_IOCTL (attach/detach kernel driver)
            other => {
                st.lock().unwrap().log.push(format!("unhandled ioctl {other:#x}"));
                c.done(-1, ENOTTY)
            }
        }
    }
}

fn advance(pend: &mut VecDeque<Urb>, done: &mut VecDeque<(Urb, i32, Vec<u8>, usize)>, st: &Mutex<State>) {
    let mut s = st.lock().unwrap();
    let mut keep = VecDeque::new();
    for mut u in pend.drain(..) {
        if u.kind == 2 {
            let r = control(&mut s, &u.out[..8]);
            s.log.push(format!("control {:02x?} -> {:?}", &u.out[..8], r.as_ref().map(|d| d.len())));
            match r {
                Ok(d) => {
                    let n = if u.out[0] & 0x80 != 0 { d.len() } else { u.len - 8 };
                    done.push_back((u, 0, d, n))
                }
                Err(e) => done.push_back((u, e, vec![], 0)),
            }
        } else if u.ep & 0x80 == 0 {
            let room = s.model.out_limit.map_or(usize::MAX, |l| l.saturating_sub(s.out.len()));
            let n = room.min(u.len - u.done_out);
            let part = u.out[u.done_out..u.done_out + n].to_vec();
            s.out.extend_from_slice(&part);
            u.done_out += n;
            if u.done_out == u.len {
                let n = u.len;
                done.push_back((u, 0, vec![], n));
            } else {
                keep.push_back(u);
            }
        } else if let Some(i) = s.inq.iter().position(|(e, _)| *e == u.ep) {
            let (_, d) = s.inq.remove(i).unwrap();
            let n = d.len().min(u.len);
            done.push_back((u, 0, d[..n].to_vec(), n));
        } else {
            keep.push_back(u);
        }
    }
    *pend = keep;
}

/// device + configuration descriptors of a one-interface device
pub fn descriptors(
    vid: u16,
    pid: u16,
    class: (u8, u8, u8),
    hid_report_len: Option<u16>,
    eps: &[(u8, u8, u16)],
) -> (Vec<u8>, Vec<u8>) {
    let mut d = vec![18, 1, 0, 2, 0, 0, 0, 64];
    d.extend(vid.to_le_bytes());
    d.extend(pid.to_le_bytes());
    d.extend([0, 1, 1, 2, 3, 1]);
    let mut c = vec![9, 2, 0, 0, 1, 1, 0, 0xC0, 50];
    c.extend([9, 4, 0, 0, eps.len() as u8, class.0, class.1, class.2, 0]);
    if let Some(l) = hid_report_len {
        c.extend([9, 0x21, 0x11, 1, 0, 1, 0x22]);
        c.extend(l.to_le_bytes());
    }
    for (a, t, m) in eps {
        c.extend([7, 5, *a, *t]);
        c.extend(m.to_le_bytes());
        c.push(if *t == 3 { 4 } else { 0 });
    }
    let l = c.len() as u16;
    c[2..4].copy_from_slice(&l.to_le_bytes());
    (d, c)
}
