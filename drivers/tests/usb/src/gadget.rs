//! Devices that the kernel itself pretends: gadgets of configfs, plugged into a virtual host controller (dummy_hcd). The
//! other end of each is a device file, in the hands of the test. Needs root, and a kernel with these modules.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const CONFIGFS: &str = "/sys/kernel/config/usb_gadget";

/// Whether gadgets can be made here.
pub fn available() -> bool {
    Path::new(CONFIGFS).is_dir()
}

fn write(path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    let path = path.as_ref();
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// What a gadget does.
pub enum Function<'a> {
    /// A printer with this IEEE-1284 device id.
    Printer(&'a str),
    /// A HID device: subclass, protocol, length of its reports, report descriptor.
    Hid(u8, u8, usize, &'a [u8]),
    /// A serial line.
    Acm,
}

/// A device. It is pulled out and taken apart when it is dropped.
pub struct Gadget {
    folder: PathBuf,
    function: PathBuf,
    link: PathBuf,
    is_printer: bool,
    plugged: bool,
    /// Its serial number.
    pub serial: String,
}

impl Gadget {
    /// Makes one, not plugged in yet.
    pub fn new(ids: (u16, u16), maker: &str, model: &str, function: Function<'_>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let serial = format!("SN{number}");
        let folder = Path::new(CONFIGFS).join(format!("g{number}"));
        fs::create_dir(&folder).unwrap();
        write(folder.join("idVendor"), format!("{:#06x}", ids.0));
        write(folder.join("idProduct"), format!("{:#06x}", ids.1));
        write(folder.join("bcdUSB"), "0x0200");
        let strings = folder.join("strings/0x409");
        fs::create_dir(&strings).unwrap();
        write(strings.join("manufacturer"), maker);
        write(strings.join("product"), model);
        write(strings.join("serialnumber"), &serial);
        let config = folder.join("configs/c.1");
        fs::create_dir(&config).unwrap();
        write(config.join("MaxPower"), "100");
        // The printer function cuts the last two characters of its id off.
        let (name, attributes): (&str, Vec<(&str, Vec<u8>)>) = match function {
            Function::Printer(id) => {
                ("printer", vec![("pnp_string", format!("{id}  ").into_bytes()), ("q_len", b"10".to_vec())])
            }
            Function::Hid(subclass, protocol, length, descriptor) => {
                let numbers = [("subclass", subclass.to_string()), ("protocol", protocol.to_string())];
                let mut all: Vec<_> = numbers.map(|(name, text)| (name, text.into_bytes())).into();
                all.push(("report_length", length.to_string().into_bytes()));
                all.push(("report_desc", descriptor.to_vec()));
                ("hid", all)
            }
            Function::Acm => ("acm", Vec::new()),
        };
        let named = format!("{name}.f{number}");
        let function = folder.join("functions").join(&named);
        fs::create_dir(&function).unwrap_or_else(|error| panic!("{}: {error}", function.display()));
        for (attribute, value) in attributes {
            write(function.join(attribute), value);
        }
        let link = config.join(named);
        symlink(&function, &link).unwrap();
        Self { folder, function, link, is_printer: name == "printer", plugged: false, serial }
    }

    /// Plugs it in, and gives the device file of its other end.
    pub fn plug(&mut self) -> PathBuf {
        let before = printer_files();
        let mut ports: Vec<_> =
            fs::read_dir("/sys/class/udc").unwrap().map(|entry| entry.unwrap().file_name()).collect();
        ports.sort();
        // A port that is taken refuses.
        let free = ports.iter().find(|port| fs::write(self.folder.join("UDC"), port.as_encoded_bytes()).is_ok());
        assert!(free.is_some(), "no free port of {ports:?}");
        self.plugged = true;
        let since = Instant::now();
        loop {
            let read = |name: &str| fs::read_to_string(self.function.join(name)).unwrap_or_default().trim().to_owned();
            let file = if self.is_printer {
                printer_files().difference(&before).next().cloned()
            } else if self.function.join("port_num").exists() {
                Some(PathBuf::from(format!("/dev/ttyGS{}", read("port_num"))))
            } else {
                read("dev").split_once(':').map(|(_, minor)| PathBuf::from(format!("/dev/hidg{minor}")))
            };
            match file {
                Some(file) if file.exists() => return file,
                file => assert!(since.elapsed() < Duration::from_secs(5), "no device file: {file:?}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it is a printer.
    pub fn is_printer(&self) -> bool {
        self.is_printer
    }

    /// Pulls it out.
    pub fn pull(&mut self) {
        if std::mem::take(&mut self.plugged) {
            write(self.folder.join("UDC"), "\n");
        }
    }
}

impl Drop for Gadget {
    fn drop(&mut self) {
        self.pull();
        let config = self.folder.join("configs/c.1");
        drop(fs::remove_file(&self.link));
        for folder in [&config, &self.function, &self.folder.join("strings/0x409"), &self.folder] {
            if let Err(error) = fs::remove_dir(folder) {
                eprintln!("{}: {error}", folder.display());
            }
        }
    }
}

fn printer_files() -> BTreeSet<PathBuf> {
    let files = fs::read_dir("/dev").unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.file_name().unwrap().to_string_lossy().starts_with("g_printer")).collect()
}

/// Opens the other end of a printer, which is there once the host has set it up.
pub fn open_printer(file: &Path) -> File {
    let since = Instant::now();
    loop {
        match OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(file) {
            Ok(file) => return file,
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) && since.elapsed() < Duration::from_secs(10) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => panic!("{}: {error}", file.display()),
        }
    }
}

/// What a printer answers when it is asked for its port status from now on.
pub fn set_port_status(file: &File, status: u8) {
    // GADGET_SET_PRINTER_STATUS, _IOWR('g', 0x22, unsigned char): its argument is the value itself.
    const SET: libc::c_ulong = 0xc001_6722;
    let done = unsafe { libc::ioctl(file.as_raw_fd(), SET as _, libc::c_ulong::from(status)) };
    assert!(done >= 0, "{}", io::Error::last_os_error());
}

/// While it lives, the whole process is an account that owns nothing.
pub struct Nobody(());

impl Nobody {
    /// Becomes that account.
    #[allow(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        set_account(65_534);
        Self(())
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        set_account(0);
    }
}

fn set_account(user: libc::uid_t) {
    // The saved account stays root, so that there is a way back.
    assert_eq!(unsafe { libc::setresuid(user, user, 0) }, 0, "{}", io::Error::last_os_error());
}
