//! A device that Linux shows as a file: a USB printer by the kernel's own driver, `/dev/usb/lp0`.

use super::blocking::{Sink, Source, Threads, open_within};
use super::{Connect, ErrorKind, Pending, Transport, TransportError};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::PathBuf,
    time::Duration,
};

/// A pause before a file that would block is tried again.
const AGAIN: Duration = Duration::from_millis(10);

/// A device file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFile {
    /// Its path.
    pub path: PathBuf,
}

impl DeviceFile {
    fn open(&self) -> Result<Threads, TransportError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::fcntl::OFlag::O_NONBLOCK.bits());
        let file = options.open(&self.path).map_err(lost)?;
        // Anything else is somebody's file, and a label would overwrite it.
        #[cfg(unix)]
        if !std::os::unix::fs::FileTypeExt::is_char_device(&file.metadata()?.file_type()) {
            return Err(TransportError { kind: ErrorKind::NotFound, detail: "it is no device file".to_owned() });
        }
        let other = file.try_clone()?;
        Threads::start(&self.path.display().to_string(), Out(file), In(other))
    }
}

impl Connect for DeviceFile {
    fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>> {
        let this = self.clone();
        Box::pin(open_within(limit, move || this.open()))
    }

    fn address(&self) -> String {
        self.path.display().to_string()
    }
}

struct Out(File);
struct In(File);

/// Calls until it does not block, or the time is up.
fn within(limit: Duration, mut call: impl FnMut() -> io::Result<usize>) -> Result<usize, TransportError> {
    let mut waited = Duration::ZERO;
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && waited < limit => {
                std::thread::sleep(AGAIN);
                waited += AGAIN;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(lost(error)),
            Ok(done) => return Ok(done),
        }
    }
}

impl Sink for Out {
    fn write_some(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, TransportError> {
        within(limit, || self.0.write(bytes))
    }

    /// The driver of USB printers takes bytes before the printer has, and throws them away when its file is closed.
    #[cfg(unix)]
    fn settle(&mut self, limit: Duration) -> Result<(), TransportError> {
        use nix::poll::{PollFd, PollFlags, poll};
        use std::os::fd::AsRawFd as _;

        let mut files = [PollFd::new(self.0.as_raw_fd(), PollFlags::POLLOUT)];
        let ready = loop {
            match poll(&mut files, i32::try_from(limit.as_millis()).unwrap_or(i32::MAX)) {
                Err(nix::errno::Errno::EINTR) => {}
                ready => break ready.map_err(|error| lost(error.into()))?,
            }
        };
        let gone = PollFlags::POLLHUP | PollFlags::POLLERR;
        match files[0].revents() {
            _ if ready == 0 => Err(TransportError::new(ErrorKind::TimedOut)),
            Some(said) if said.intersects(gone) => Err(TransportError::new(ErrorKind::Unplugged)),
            _ => Ok(()),
        }
    }
}

impl Source for In {
    fn read_some(&mut self, into: &mut [u8], limit: Duration) -> Result<usize, TransportError> {
        // The driver gives an end of file where the printer has nothing to say.
        match within(limit, || self.0.read(into))? {
            0 => {
                std::thread::sleep(limit);
                Err(TransportError::new(ErrorKind::TimedOut))
            }
            read => Ok(read),
        }
    }
}

fn lost(error: io::Error) -> TransportError {
    let kind = match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::WouldBlock, _) => ErrorKind::TimedOut,
        (io::ErrorKind::NotFound, _) => ErrorKind::NotFound,
        // EBUSY; then EIO, ENXIO and ENODEV.
        (_, Some(16)) => ErrorKind::Busy,
        (_, Some(5 | 6 | 19)) => ErrorKind::Unplugged,
        _ => return error.into(),
    };
    TransportError { kind, detail: error.to_string() }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(3);

    #[tokio::test]
    async fn a_file_that_is_not_there_or_not_ours_says_so() {
        let nowhere = DeviceFile { path: "/dev/usb/lp99".into() };
        let Err(missing) = nowhere.connect(LIMIT).await else { panic!("opened") };
        assert_eq!(missing.kind, ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_file_that_is_no_device_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.txt");
        std::fs::write(&path, "kept").unwrap();
        let Err(refused) = DeviceFile { path: path.clone() }.connect(LIMIT).await else { panic!("opened") };
        assert_eq!((refused.kind, refused.detail.as_str()), (ErrorKind::NotFound, "it is no device file"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept");
        assert!(DeviceFile { path: folder.path().into() }.connect(LIMIT).await.is_err());
    }

    #[tokio::test]
    async fn bytes_pass_and_a_full_device_is_noticed() {
        // A pseudo-terminal stands in: it is a device file that takes so much and no more.
        let (mut far, near) = serialport::TTYPort::pair().unwrap();
        let path = serialport::SerialPort::name(&near).unwrap().into();
        let mut way = DeviceFile { path }.connect(LIMIT).await.unwrap();
        assert_eq!(way.write(b"label", LIMIT).await.ended, Ok(()));
        let mut got = [0; 5];
        far.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"label");
        far.write_all(b"\x00").unwrap();
        let mut into = [9; 4];
        assert_eq!(way.read(&mut into, LIMIT).await, Ok(1));
        let written = way.write(&vec![b'x'; 1 << 20], Duration::from_millis(200)).await;
        assert_eq!(written.ended.unwrap_err().kind, ErrorKind::TimedOut);
        assert!(written.handed_over < 1 << 20);
    }
}
