//! `tallyman devices`: what hangs on this machine, and whether it works. Without a warehouse and without a database.

use std::time::Duration;

use clap::{Args, Subcommand};
use tallyman_drivers::Sentence;
use tallyman_drivers::discover::{self, Found};
use tallyman_drivers::owner::{self, Told, Weighing};
use tallyman_drivers::printer::{self, DeviceId, Language as Spoken, PrintOutcome, PrinterState};
use tallyman_drivers::scale::{Protocol, Reading, Settled};
use tallyman_drivers::scanner::{self, Event, How, Scan};
use tallyman_drivers::transport::{Address, TransportError, Usb, UsbKind};
use tallyman_labels::{Kind, Label, Layouts, Media, PrinterProfile, TestPage, printer_bytes};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Failure, complain, say};
use crate::messages::{self, Language};
use crate::station::port::drawn_in;

/// List the printers, scanners and scales of this machine, try them, and watch them.
#[derive(Args)]
pub(super) struct Devices {
    /// Say it as JSON.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Try one device: print a test page, read a scan, read a weight.
    #[command(subcommand)]
    Test(Test),
    /// Show what is plugged in and pulled out, and what scanners and scales say, until Ctrl-C.
    Watch {
        /// A scanner to listen to, as `serial:/dev/ttyUSB0`; may be given several times.
        #[arg(long)]
        scanner: Vec<Address>,
        /// A scale to listen to and its protocol, as `serial:/dev/ttyUSB1=st_gs`; may be given several times.
        #[arg(long)]
        scale: Vec<String>,
        /// End after so many seconds.
        #[arg(long)]
        seconds: Option<u64>,
    },
}

#[derive(Subcommand)]
enum Test {
    /// Print a test page and say what the printer said.
    Printer {
        /// Where it is, as `tallyman devices` lists it, or `tcp:192.168.1.20:9100`.
        address: Address,
        /// zpl, tspl, epl2, cpcl or esc_pos; where it isn't said, the printer is asked who it is, else zpl.
        #[arg(long)]
        language: Option<String>,
        /// What is in it, in millimetres.
        #[arg(long, default_value = "100x150")]
        stock: String,
        /// Dots an inch: 203, 300 or 600.
        #[arg(long, default_value_t = 203)]
        dpi: u32,
        /// Only ask how it stands; print nothing.
        #[arg(long)]
        status: bool,
    },
    /// Wait for one scan and show what is in it.
    Scanner {
        /// Where it is.
        address: Address,
        /// serial, ssi, keyboard or pos; where it isn't said, what is usual there.
        #[arg(long)]
        how: Option<String>,
        /// How long to wait.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Wait for a weight that stands still.
    Scale {
        /// Where it is.
        address: Address,
        /// mt_sics, st_gs, toledo, xk3190, xk3190_reversed, xk3190_forward, xk3190_a12 or hid.
        #[arg(long)]
        protocol: String,
        /// How long to wait.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
}

/// Prints the rules that let a group use devices.
#[derive(Args)]
pub(super) struct UdevRules {
    /// The group that the program's account is in.
    #[arg(long, default_value = "tallyman")]
    group: String,
}

pub(super) fn rules(asked: &UdevRules) -> Result<(), Failure> {
    let simple = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if asked.group.is_empty() || !asked.group.chars().all(simple) {
        return Err(Failure::Said(format!("{:?} is no group", asked.group)));
    }
    say(discover::udev_rules(&asked.group).trim_end());
    Ok(())
}

pub(super) async fn run(asked: Devices, language: Language) -> Result<(), Failure> {
    match asked.what {
        None => list(asked.json, language).await,
        Some(What::Test(Test::Printer { address, language: spoken, stock, dpi, status })) => {
            let spoken =
                spoken.as_deref().map(|name| known(name, &Spoken::ALL.map(|one| (one.code(), one)))).transpose()?;
            test_printer(&address, spoken, &stock, dpi, status, language).await
        }
        Some(What::Test(Test::Scanner { address, how, seconds })) => {
            let how = match how {
                None => usual(&address).await?,
                Some(name) => How::named(&name).ok_or_else(|| unknown(&name, "serial, ssi, keyboard, pos"))?,
            };
            test_scanner(&address, how, seconds, language).await
        }
        Some(What::Test(Test::Scale { address, protocol, seconds })) => {
            test_scale(&address, protocol_of(&protocol)?, seconds, language).await
        }
        Some(What::Watch { scanner, scale, seconds }) => watch(scanner, &scale, seconds, language).await,
    }
}

fn unknown(name: &str, known: &str) -> Failure {
    Failure::Said(format!("there is no {name:?}; there are {known}"))
}

fn known<T: Copy>(name: &str, all: &[(&str, T)]) -> Result<T, Failure> {
    let names = || all.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    all.iter().find(|(code, _)| *code == name).map(|(_, one)| *one).ok_or_else(|| unknown(name, &names()))
}

fn protocol_of(name: &str) -> Result<Protocol, Failure> {
    known(name, &Protocol::ALL.map(|one| (one.code(), one)))
}

fn spoken(sentence: Sentence, language: Language) -> &'static str {
    match language {
        Language::En => sentence.en,
        Language::ZhCn => sentence.zh,
    }
}

fn trouble(error: &TransportError, language: Language) -> Failure {
    Failure::Said(format!("{} {}", spoken(error.hint(), language), error.detail).trim().to_owned())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Said(error.to_string()))
}

async fn usual(address: &Address) -> Result<How, Failure> {
    let address = address.clone();
    blocking(move || How::usual(&address)).await
}

async fn list(json: bool, language: Language) -> Result<(), Failure> {
    let found = blocking(discover::devices).await?;
    if json {
        let text = serde_json::to_string_pretty(&found).map_err(|error| Failure::Said(error.to_string()))?;
        say(&text);
        return Ok(());
    }
    if found.is_empty() {
        say(&messages::say(language, "cli.no_devices", &[]));
    }
    for device in &found {
        say(&line(device, language));
        if let Some(error) = &device.trouble {
            say(&format!("    {}", spoken(error.hint(), language)));
        }
    }
    Ok(())
}

fn line(device: &Found, language: Language) -> String {
    let role = messages::say(language, &format!("device.{}", device.role.code()), &[]);
    let told = device.language.map(|spoken| format!("  {}", spoken.code())).unwrap_or_default();
    format!("{role}  {}  {}{told}", device.name, device.address)
}

async fn test_printer(
    address: &Address,
    spoken_language: Option<Spoken>,
    stock: &str,
    dpi: u32,
    status: bool,
    language: Language,
) -> Result<(), Failure> {
    let own = match (spoken_language, address) {
        (Some(spoken), _) => spoken,
        (None, Address::Usb(identity)) => {
            let usb = Usb { identity: identity.clone(), kind: UsbKind::Printer };
            let id = blocking(move || usb.device_id()).await?.map_err(|error| trouble(&error, language))?;
            DeviceId::read(&id).language().unwrap_or(Spoken::Zpl)
        }
        // The kernel has asked it already.
        (None, Address::File(_)) => {
            let found = blocking(discover::devices).await?;
            let same = found.into_iter().find(|found| found.address == *address);
            same.and_then(|found| found.language).unwrap_or(Spoken::Zpl)
        }
        (None, _) => {
            let asked = printer::identify(address.device(UsbKind::Printer).as_ref()).await;
            match asked.map_err(|error| trouble(&error, language))? {
                Some(printer::Identity { language: own, model }) => {
                    let facts = [("language", own.code().to_owned()), ("model", model)];
                    say(messages::say(language, "cli.printer_is", &facts).trim_end());
                    own
                }
                None => Spoken::Zpl,
            }
        }
    };
    let device = address.device(UsbKind::Printer);
    let profile = printer::PrinterProfile::of(own);
    if status {
        let state = printer::status(device.as_ref(), &profile).await.map_err(|error| trouble(&error, language))?;
        return tell_state(&state, language);
    }
    let bytes = test_page(own, stock, dpi, &address.to_string())?;
    let mut offset = 0;
    let outcome = printer::print(device.as_ref(), &profile, &bytes, &mut |handed_over| offset = handed_over).await;
    let facts = [("bytes", offset.to_string()), ("all", bytes.len().to_string())];
    match outcome {
        PrintOutcome::Printed { evidence } => {
            let grade = [("grade", evidence.grade().to_string())];
            say(&messages::say(language, "cli.test_printed", &grade));
            Ok(())
        }
        PrintOutcome::Sent { .. } => {
            say(&messages::say(language, "cli.test_sent", &facts));
            Ok(())
        }
        PrintOutcome::FailedBeforeFirstByte { error } => Err(trouble(&error, language)),
        PrintOutcome::Blocked { faults } => {
            let hints: Vec<&str> = faults.iter().map(|fault| spoken(fault.hint(), language)).collect();
            Err(Failure::Said(hints.join("\n")))
        }
        PrintOutcome::InDoubt { error, .. } => {
            let hints: Vec<&str> = error.hints().iter().map(|hint| spoken(*hint, language)).collect();
            Err(Failure::Said(format!("{} {}", messages::say(language, "cli.test_doubt", &facts), hints.join(" "))))
        }
    }
}

fn tell_state(state: &PrinterState, language: Language) -> Result<(), Failure> {
    match state {
        PrinterState::Ready(status) => {
            say(&messages::say(language, "cli.printer_ready", &[]));
            status.warnings.iter().for_each(|warning| say(spoken(warning.hint(), language)));
            Ok(())
        }
        PrinterState::Blocked(status) => {
            let hints: Vec<&str> = status.faults.iter().map(|fault| spoken(fault.hint(), language)).collect();
            Err(Failure::Said(hints.join("\n")))
        }
        PrinterState::Silent => Err(Failure::Said(messages::say(language, "cli.printer_silent", &[]))),
    }
}

fn test_page(own: Spoken, stock: &str, dpi: u32, address: &str) -> Result<Vec<u8>, Failure> {
    let refused = |error: String| Failure::Said(error);
    let media = Media::named(stock).ok_or_else(|| unknown(stock, "100x150, 76x130, A6 ..."))?;
    let profile = match dpi {
        203 => PrinterProfile::DPI_203,
        300 => PrinterProfile::DPI_300,
        600 => PrinterProfile::DPI_600,
        _ => return Err(unknown(&dpi.to_string(), "203, 300, 600")),
    };
    let profile = PrinterProfile { language: drawn_in(own), ..profile };
    let sample = Kind::named("test_page").ok_or_else(|| refused("no test page".to_owned()))?;
    let label = sample.sample().map_err(|error| refused(error.to_string()))?;
    let label = match label {
        Label::TestPage(page) => Label::TestPage(TestPage {
            printer: address.to_owned(),
            profile: format!("{} · {dpi} dpi · {stock} mm", own.code()),
            printed_at: String::new(),
            ..page
        }),
        other => other,
    };
    let sheets = Layouts::default().lay_out(&label, &media, &profile).map_err(|error| refused(error.to_string()))?;
    let pages: Result<Vec<Vec<u8>>, _> = sheets.iter().map(|sheet| printer_bytes(sheet, &media, &profile)).collect();
    Ok(pages.map_err(|error| refused(error.to_string()))?.concat())
}

fn tell_scan(scan: &Scan) {
    let symbology = scan.symbology.map(|found| format!("  {found:?}")).unwrap_or_default();
    say(&format!("{}{symbology}", scan.text.escape_debug()));
    if let Some(word) = scan.command() {
        say(&format!("    % {word}"));
    }
    match scan.elements() {
        Some(Ok(elements)) => say(&format!("    {}", elements.bracketed())),
        Some(Err(error)) => say(&format!("    GS1: {error}")),
        None => {}
    }
}

async fn test_scanner(address: &Address, how: How, seconds: u64, language: Language) -> Result<(), Failure> {
    let (device, codec) = scanner::way(address, how);
    let (into, mut events) = mpsc::channel(16);
    let owner = tokio::spawn(owner::scanner(device, codec, into));
    say(&messages::say(language, "cli.scan_now", &[]));
    let waited = timeout(Duration::from_secs(seconds), async {
        while let Some(told) = events.recv().await {
            match told {
                Told::Here => {}
                Told::Gone(error) => say(spoken(error.hint(), language)),
                Told::Event(Event::Scan(scan)) => return Some(scan),
                Told::Event(Event::TooLong | Event::NotText) => {
                    say(&messages::say(language, "cli.scan_unreadable", &[]));
                }
                Told::Event(Event::Answer(_)) => {}
            }
        }
        None
    });
    let scan = waited.await.ok().flatten();
    owner.abort();
    match scan {
        Some(scan) => {
            tell_scan(&scan);
            Ok(())
        }
        None => Err(Failure::Said(messages::say(language, "cli.nothing_came", &[("seconds", seconds.to_string())]))),
    }
}

fn grams(milligrams: i64) -> String {
    format!("{} g", milligrams / 1_000)
}

async fn test_scale(address: &Address, protocol: Protocol, seconds: u64, language: Language) -> Result<(), Failure> {
    let (into, mut events) = mpsc::channel(16);
    let owner = tokio::spawn(owner::scale(address.device(UsbKind::Hid), protocol, into));
    say(&messages::say(language, "cli.weigh_now", &[]));
    let waited = timeout(Duration::from_secs(seconds), async {
        while let Some(told) = events.recv().await {
            match told {
                Told::Gone(error) => say(spoken(error.hint(), language)),
                Told::Event(Weighing::Settled(Settled::Weight(milligrams))) => return Some(milligrams),
                Told::Event(event) => tell_weighing(event, language),
                Told::Here => {}
            }
        }
        None
    });
    let weight = waited.await.ok().flatten();
    owner.abort();
    match weight {
        Some(milligrams) => {
            say(&messages::say(language, "cli.weight", &[("weight", grams(milligrams))]));
            Ok(())
        }
        None => Err(Failure::Said(messages::say(language, "cli.nothing_came", &[("seconds", seconds.to_string())]))),
    }
}

fn tell_weighing(event: Weighing, language: Language) {
    match event {
        Weighing::Reading(Reading::Weight { milligrams, .. }) => say(&format!("    {}", grams(milligrams))),
        Weighing::Settled(Settled::Weight(milligrams)) => {
            say(&messages::say(language, "cli.weight", &[("weight", grams(milligrams))]));
        }
        Weighing::Settled(Settled::Empty) => say(&messages::say(language, "cli.scale_empty", &[])),
        Weighing::Settled(Settled::Trouble(reading)) => complain(&format!("    {reading:?}")),
        Weighing::Reading(reading) => say(&format!("    {reading:?}")),
        Weighing::Silent => complain(&messages::say(language, "cli.scale_silent", &[])),
    }
}

async fn watch(
    scanners: Vec<Address>,
    scales: &[String],
    seconds: Option<u64>,
    language: Language,
) -> Result<(), Failure> {
    let mut tasks = tokio::task::JoinSet::new();
    for address in scanners {
        let (device, codec) = scanner::way(&address, usual(&address).await?);
        let (into, mut events) = mpsc::channel(64);
        tasks.spawn(owner::scanner(device, codec, into));
        tasks.spawn(async move {
            while let Some(told) = events.recv().await {
                match told {
                    Told::Here => say(&format!("+ {address}")),
                    Told::Gone(error) => say(&format!("- {address}  {}", spoken(error.hint(), language))),
                    Told::Event(Event::Scan(scan)) => tell_scan(&scan),
                    Told::Event(_) => say(&messages::say(language, "cli.scan_unreadable", &[])),
                }
            }
        });
    }
    for text in scales {
        let (address, protocol) =
            text.rsplit_once('=').ok_or_else(|| unknown(text, "serial:/dev/ttyUSB1=st_gs ..."))?;
        let address: Address = address.parse().map_err(|error: &str| Failure::Said(error.to_owned()))?;
        let (into, mut events) = mpsc::channel(64);
        tasks.spawn(owner::scale(address.device(UsbKind::Hid), protocol_of(protocol)?, into));
        tasks.spawn(async move {
            while let Some(told) = events.recv().await {
                match told {
                    Told::Here => say(&format!("+ {address}")),
                    Told::Gone(error) => say(&format!("- {address}  {}", spoken(error.hint(), language))),
                    Told::Event(event) => tell_weighing(event, language),
                }
            }
        });
    }
    let looking = async {
        let mut known: Vec<Found> = Vec::new();
        loop {
            let Ok(now) = blocking(discover::devices).await else { return };
            let same = |one: &Found, other: &Found| one.address == other.address && one.trouble == other.trouble;
            for gone in known.iter().filter(|old| !now.iter().any(|new| same(old, new))) {
                say(&format!("- {}", line(gone, language)));
            }
            for new in now.iter().filter(|new| !known.iter().any(|old| same(old, new))) {
                say(&format!("+ {}", line(new, language)));
            }
            known = now;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let ended = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = looking => {}
        () = ended => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tasks.shutdown().await;
    Ok(())
}
