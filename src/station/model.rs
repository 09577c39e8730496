//! What printers and print jobs are.

use tallyman_labels::Kind;

crate::codes! {
    /// How a printer is reached.
    pub enum PrinterTransport {
        /// Over the network: `host:port`.
        Tcp = "tcp",
        /// On a serial port: its path, and its line where that isn't 9600 8N1: `/dev/ttyUSB0,115200 8N1`.
        Serial = "serial",
        /// On USB: `0a5f:00d3/SERIAL`, or `0a5f:00d3@1-2.4` for a port.
        Usb = "usb",
        /// A device file, as `/dev/usb/lp0`.
        File = "file",
        /// A directory that files are put into.
        Folder = "folder",
    }
}

crate::codes! {
    /// What a printer understands.
    pub enum PrinterLanguage {
        /// ZPL II.
        Zpl = "zpl",
        /// TSPL: TSC and most label printers from China.
        Tspl = "tspl",
        /// EPL2: older Zebra (Eltron).
        Epl2 = "epl2",
        /// CPCL: mobile printers.
        Cpcl = "cpcl",
        /// ESC/POS: receipt printers.
        EscPos = "esc_pos",
        /// PDF.
        Pdf = "pdf",
    }
}

crate::codes! {
    /// How a picture is sent to a ZPL printer.
    pub enum Compression {
        /// Plain hex.
        None = "none",
        /// Hex with run lengths: every ZPL printer reads it.
        Acs = "acs",
        /// Zlib and base64: half of that, and some printers that are not Zebra's refuse it.
        Z64 = "z64",
    }
}

crate::codes! {
    /// Who draws a label for a ZPL printer.
    pub enum Drawing {
        /// All of it is sent as one picture: the preview is the print.
        Picture = "picture",
        /// Barcodes are commands of the printer: fewer bytes for a slow line.
        Mixed = "mixed",
    }
}

crate::codes! {
    /// What is printed.
    pub enum JobKind {
        /// The label with the waybill number.
        ShippingLabel = "shipping_label",
        /// The GS1 logistic label of a carton or pallet.
        Logistic = "logistic",
        /// What lies in a parcel.
        PackingSlip = "packing_slip",
        /// What was sold, with prices.
        Invoice = "invoice",
        /// What to fetch.
        PickList = "pick_list",
        /// What to count.
        CountSheet = "count_sheet",
        /// A hand-over list.
        Manifest = "manifest",
        /// A place in the shelves.
        Location = "location",
        /// A product's own code.
        Sku = "sku",
        /// A lot of goods.
        Lot = "lot",
        /// A tote.
        Tote = "tote",
        /// The positions of a cart.
        Cart = "cart",
        /// A slot of a put wall.
        PutWallSlot = "put_wall_slot",
        /// A person's badge.
        Badge = "badge",
        /// Codes that stand for words.
        CommandCards = "command_cards",
        /// One of everything.
        TestPage = "test_page",
        /// A document that somebody else made.
        Document = "document",
    }
}

impl JobKind {
    /// The job of a kind of label.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Shipping => Self::ShippingLabel,
            Kind::Logistic => Self::Logistic,
            Kind::PackingSlip => Self::PackingSlip,
            Kind::Invoice => Self::Invoice,
            Kind::PickList => Self::PickList,
            Kind::CountSheet => Self::CountSheet,
            Kind::Manifest => Self::Manifest,
            Kind::Location => Self::Location,
            Kind::Sku => Self::Sku,
            Kind::Lot => Self::Lot,
            Kind::Tote => Self::Tote,
            Kind::Cart => Self::Cart,
            Kind::PutWallSlot => Self::PutWallSlot,
            Kind::Badge => Self::Badge,
            Kind::CommandCards => Self::CommandCards,
            Kind::TestPage => Self::TestPage,
        }
    }

    /// Whether a second one does harm, because it bears a number of its own or may do: then a printer at rest is no proof.
    #[must_use]
    pub const fn harms_twice(self) -> bool {
        matches!(self, Self::ShippingLabel | Self::Logistic | Self::Document)
    }
}

crate::codes! {
    /// Where a print job stands.
    pub enum JobState {
        /// No byte has left.
        Queued = "queued",
        /// An attempt is under way: bytes may have left.
        Sending = "sending",
        /// All bytes have left; nothing proves the paper yet.
        Sent = "sent",
        /// It is on paper, and there is evidence.
        Printed = "printed",
        /// Bytes have left, and nobody knows what came out.
        InDoubt = "in_doubt",
        /// It can't be laid out; no byte has left.
        Failed = "failed",
        /// Will not be printed, or did not come out.
        Cancelled = "cancelled",
    }
}

impl JobState {
    /// Whether a person or a scan has to say what became of it.
    #[must_use]
    pub const fn open_question(self) -> bool {
        matches!(self, Self::Sent | Self::InDoubt)
    }

    /// Whether certainly no byte has left.
    #[must_use]
    pub const fn untouched(self) -> bool {
        matches!(self, Self::Queued | Self::Failed)
    }
}

/// The fault of printers and devices of a packing PC that isn't connected.
pub const STATION_AWAY: &str = "station_away";

/// How long after the last sign of life a packing PC counts as connected, in milliseconds: for other instances of the
/// service, and after this one was killed.
pub const AWAY_AFTER_MS: i64 = 60_000;

/// The fault of a folder that can't be written.
pub const FOLDER_FAULT: &str = "folder";

/// The mark of a copy on paper: nothing on the first, then R1, R2.
#[must_use]
pub fn copy_mark(copy: i64) -> String {
    if copy > 0 { format!("R{copy}") } else { String::new() }
}

/// How long a printer is left alone after `failures` failed attempts in a row, in milliseconds.
#[must_use]
pub fn pause_ms(failures: u32) -> u64 {
    (500_u64 << failures.min(5)).min(15_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_is_both_untouched_and_an_open_question() {
        for state in JobState::ALL {
            assert!(!(state.open_question() && state.untouched()), "{state}");
        }
        assert!(!JobState::Sending.untouched() && !JobState::Sending.open_question());
    }

    #[test]
    fn jobs_are_called_as_their_labels_are() {
        for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Shipping) {
            assert_eq!(JobKind::of(*kind).code(), kind.name());
        }
        assert_eq!(JobKind::ALL.len(), Kind::ALL.len() + 1);
    }

    #[test]
    fn only_copies_are_marked() {
        assert_eq!([copy_mark(0), copy_mark(1), copy_mark(12)], ["", "R1", "R12"]);
    }

    #[test]
    fn pauses_grow_to_a_quarter_minute_and_never_beyond() {
        let pauses: Vec<u64> = (0..8).map(pause_ms).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    }
}
