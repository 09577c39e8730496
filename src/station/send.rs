//! Brings bytes to a printer, or into a folder as a file, and says how that ended. It keeps nothing and decides nothing
//! about the job. Used where the printer hangs: by the service, and by the program of a packing PC.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tallyman_drivers::printer::{self, NotRecorded, PrintOutcome, Progress};
use tallyman_drivers::transport::{Address, Connect, ErrorKind, Pending, Tcp, UsbKind};

use super::attempt::{IDLE, Outcome, PrinterRow};
use super::model::{FOLDER_FAULT, PrinterLanguage, PrinterTransport};

/// Longest time for one job; shorter than the lease of an attempt.
const LONGEST: Duration = Duration::from_secs(90);

/// The way to a printer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// How it is reached.
    pub transport: PrinterTransport,
    /// Where.
    pub address: String,
    /// What it understands.
    pub language: PrinterLanguage,
}

impl Way {
    /// The way to a printer of the house.
    #[must_use]
    pub fn to(printer: &PrinterRow) -> Self {
        Self { transport: printer.transport, address: printer.address.clone(), language: printer.language }
    }
}

/// Writes down that bytes are about to leave, before the first one does.
pub trait Record: Send {
    /// From here on the job may be on paper.
    fn about_to_send(&mut self) -> Pending<'_, Result<(), NotRecorded>>;
}

/// For where it is written down already: the claim of an attempt was committed before.
pub struct Claimed;

impl Record for Claimed {
    fn about_to_send(&mut self) -> Pending<'_, Result<(), NotRecorded>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Brings bytes to a printer, or puts them into a folder as a file of that name. Ends by itself.
pub async fn send(way: &Way, name: &str, bytes: Vec<u8>, record: &mut dyn Record) -> Outcome {
    if way.transport != PrinterTransport::Folder {
        return to_device(way, &bytes, record).await;
    }
    // The same name again is the same file, so a second try does no harm.
    let (folder, name) = (PathBuf::from(&way.address), name.to_owned());
    let held = |error: String| Outcome::Held { fault: FOLDER_FAULT.to_owned(), error };
    match tokio::task::spawn_blocking(move || write_whole(&folder, &name, &bytes)).await {
        Ok(Ok(())) => Outcome::Printed { evidence: "file".to_owned() },
        Ok(Err(error)) => held(error.to_string()),
        Err(error) => held(error.to_string()),
    }
}

/// A printer's language as drivers name it; `None` for PDF, which no device here takes.
pub(super) fn told_in(language: PrinterLanguage) -> Option<printer::Language> {
    Some(match language {
        PrinterLanguage::Zpl => printer::Language::Zpl,
        PrinterLanguage::Tspl => printer::Language::Tspl,
        PrinterLanguage::Epl2 => printer::Language::Epl2,
        PrinterLanguage::Cpcl => printer::Language::Cpcl,
        PrinterLanguage::EscPos => printer::Language::EscPos,
        PrinterLanguage::Pdf => return None,
    })
}

/// Puts a file into a folder: it is there whole or not at all.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    if Path::new(name).file_name() != Some(std::ffi::OsStr::new(name)) {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "the name of the file leads elsewhere"));
    }
    let (part, whole): (PathBuf, PathBuf) = (folder.join(format!(".{name}.part")), folder.join(name));
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, &whole)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Remembers whether bytes may have left, for an attempt that is cut off.
struct Sending<'a> {
    begun: bool,
    record: &'a mut dyn Record,
}

impl Progress for Sending<'_> {
    fn about_to_send(&mut self) -> Pending<'_, Result<(), NotRecorded>> {
        Box::pin(async {
            self.record.about_to_send().await?;
            self.begun = true;
            Ok(())
        })
    }

    fn handed_over(&mut self, _: usize) {}
}

/// The way to a printer. A name on the network is looked up anew for each job: a printer may have got another address.
async fn connect(way: &Way) -> Result<Arc<dyn Connect>, Outcome> {
    let unreachable =
        |error: &str| Outcome::Held { fault: ErrorKind::Unreachable.code().to_owned(), error: error.to_owned() };
    if way.transport != PrinterTransport::Tcp {
        let address = format!("{}:{}", way.transport.code(), way.address).parse::<Address>();
        return address.map(|address| address.device(UsbKind::Printer)).map_err(unreachable);
    }
    let found = tokio::time::timeout(Duration::from_secs(5), tokio::net::lookup_host(&way.address)).await;
    let first = match found {
        Ok(Ok(mut addresses)) => addresses.next(),
        Ok(Err(error)) => return Err(unreachable(&error.to_string())),
        Err(_) => return Err(unreachable("the name of the printer could not be looked up in time")),
    };
    let address = first.ok_or_else(|| unreachable("the name of the printer means nothing"))?;
    Ok(Arc::new(Tcp::new(address)))
}

async fn to_device(way: &Way, bytes: &[u8], record: &mut dyn Record) -> Outcome {
    let Some(language) = told_in(way.language) else {
        return Outcome::Unprintable { error: "a device takes no PDF".to_owned() };
    };
    let device = match connect(way).await {
        Ok(device) => device,
        Err(outcome) => return outcome,
    };
    let mut sending = Sending { begun: false, record };
    let profile = printer::PrinterProfile::of(language);
    match tokio::time::timeout(LONGEST, printer::print(device.as_ref(), &profile, bytes, &mut sending)).await {
        Ok(outcome) => told(outcome),
        Err(_) if sending.begun => Outcome::InDoubt { error: "the printer took too long".to_owned() },
        Err(_) => Outcome::Held { fault: ErrorKind::TimedOut.code().to_owned(), error: String::new() },
    }
}

fn told(outcome: PrintOutcome) -> Outcome {
    match outcome {
        PrintOutcome::FailedBeforeFirstByte { error } if error.kind == ErrorKind::NothingToSend => {
            Outcome::Unprintable { error: error.to_string() }
        }
        PrintOutcome::FailedBeforeFirstByte { error } => {
            Outcome::Held { fault: error.kind.code().to_owned(), error: error.to_string() }
        }
        PrintOutcome::Blocked { faults } => {
            let codes: Vec<&str> = faults.iter().map(|fault| fault.code()).collect();
            let fault = codes.first().copied().unwrap_or("unknown_answer").to_owned();
            Outcome::Held { fault, error: codes.join(", ") }
        }
        PrintOutcome::Sent { .. } => Outcome::Sent,
        PrintOutcome::Printed { evidence } => match evidence {
            printer::Evidence::Completed => Outcome::Printed { evidence: "completed".to_owned() },
            printer::Evidence::IdleAfter => Outcome::Printed { evidence: "idle_after".to_owned() },
            printer::Evidence::Idle => Outcome::Printed { evidence: IDLE.to_owned() },
        },
        PrintOutcome::InDoubt { offset, error } => {
            let hints: Vec<&str> = error.hints().iter().map(|hint| hint.en).collect();
            Outcome::InDoubt { error: format!("after {offset} bytes: {}", hints.join(" ")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        write_whole(folder.path(), "a.pdf", b"one").unwrap();
        write_whole(folder.path(), "a.pdf", b"two").unwrap();
        assert_eq!(std::fs::read(folder.path().join("a.pdf")).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_whole(&folder.path().join("missing"), "a.pdf", b"one").is_err());
        for elsewhere in ["../a.pdf", "/a.pdf", "b/a.pdf", "..", ""] {
            assert!(write_whole(folder.path(), elsewhere, b"one").is_err(), "{elsewhere}");
        }
    }
}
