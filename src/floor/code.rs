//! What a scanned text is, in one order: command card, badge, station, place, waybill number, item, lot, order; else unknown.

use super::sql;
use crate::args;
use crate::catalog::ops::other_form;
use crate::catalog::scan::{elements, shorter};
use crate::db::{DbError, Tx};
use crate::kernel::ids::{LotId, OrderId, PlaceId, SkuId, WarehouseId};
use crate::kernel::text::scanned;
use crate::stock::model::PlaceKind;

crate::codes! {
    /// What a command card, or a button that does the same, asks for.
    pub enum Command {
        /// Closes a message; confirms what is named.
        Ok = "%OK",
        /// Takes the last step back, after a question.
        Undo = "%UNDO",
        /// Takes the named step back at once.
        UndoNow = "%UNDO!",
        /// The line to the end of the walk.
        Skip = "%SKIP",
        /// Pieces are missing.
        Short = "%SHORT",
        /// They aren't there.
        Missing = "%SHORT:MISSING",
        /// They are damaged.
        Damaged = "%SHORT:DAMAGED",
        /// They can't be got at: from another place.
        Other = "%OTHER",
        /// The tote is full.
        Full = "%FULL",
        /// Prints the last label once more.
        Print = "%PRINT",
        /// Calls the lead.
        Help = "%HELP",
        /// Logs out.
        Out = "%OUT",
        /// Back, without having done anything.
        Back = "%BACK",
        /// Picks one order.
        GoPick = "%GO:PICK",
        /// Picks with a cart.
        GoCart = "%GO:CART",
        /// Picks a batch.
        GoBatch = "%GO:BATCH",
        /// Sorts at a put wall.
        GoWall = "%GO:WALL",
        /// Puts away, or moves.
        GoStow = "%GO:STOW",
        /// Looks something up.
        GoLook = "%GO:LOOK",
        /// Shows one's own day.
        GoDay = "%GO:DAY",
        /// Gives the work back to others.
        GiveBack = "%GIVE_BACK",
        /// Goes on with what somebody else has begun.
        TakeOver = "%TAKE_OVER",
        /// What is left goes into another parcel.
        Split = "%SPLIT",
        /// A piece is damaged, and doesn't go into the parcel.
        Aside = "%ASIDE",
        /// Opens a closed parcel again.
        Reopen = "%REOPEN",
        /// Passes something that couldn't be checked, with a reason.
        Pass = "%PASS",
        /// The label came out.
        CameOut = "%CAME_OUT",
        /// The label did not come out.
        NotOut = "%NOT_OUT",
        /// Packs.
        GoPack = "%GO:PACK",
        /// Hands parcels over.
        GoOut = "%GO:OUT",
        /// Prints the hand-over list.
        PrintList = "%PRINT_LIST",
    }
}

/// An item that was scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its SKU.
    pub sku: SkuId,
    /// The SKU's code.
    pub code: String,
    /// Pieces that the barcode stands for.
    pub factor: i64,
    /// The lot that the label names.
    pub lot: Option<String>,
    /// What is looked up by: the barcode within the label.
    pub barcode: String,
}

impl Item {
    /// What a domain is told was scanned: the text itself, or the barcode within a label that also names the lot.
    #[must_use]
    pub fn scanned(&self, raw: &str) -> String {
        if self.lot.is_some() { self.barcode.clone() } else { raw.to_owned() }
    }
}

/// What a scanned text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// A command card, or a button.
    Command(Command),
    /// One of several answers that the screen offers: what is asked, and the answer.
    Choice(String, String),
    /// A number that was typed on the keypad: an absolute quantity.
    Quantity(i64),
    /// A badge.
    Badge,
    /// A station's label, with its code.
    Station(String),
    /// A place: location, tote, cart, slot or parcel.
    Place {
        /// Its id.
        id: PlaceId,
        /// What it is.
        kind: PlaceKind,
        /// Its code.
        code: String,
    },
    /// A waybill number.
    Waybill(String),
    /// An item.
    Item(Item),
    /// A lot.
    Lot {
        /// Its id.
        id: LotId,
        /// Its number.
        number: String,
    },
    /// An order.
    Order {
        /// Its id.
        id: OrderId,
        /// Its number.
        number: String,
    },
    /// Nothing that is known.
    Unknown(String),
}

impl Code {
    /// The kind of thing, as sentences name it: a code of the catalogue.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) | Self::Choice(..) => "kind.command",
            Self::Quantity(_) => "kind.quantity",
            Self::Badge => "kind.badge",
            Self::Station(_) => "kind.station",
            Self::Place { kind: PlaceKind::Location, .. } => "kind.location",
            Self::Place { kind: PlaceKind::Tote, .. } => "kind.tote",
            Self::Place { kind: PlaceKind::Cart, .. } => "kind.cart",
            Self::Place { kind: PlaceKind::Slot, .. } => "kind.slot",
            Self::Place { kind: PlaceKind::Parcel, .. } => "kind.parcel",
            Self::Place { .. } => "kind.place",
            Self::Waybill(_) => "kind.waybill",
            Self::Item(_) => "kind.item",
            Self::Lot { .. } => "kind.lot",
            Self::Order { .. } => "kind.order",
            Self::Unknown(_) => "kind.unknown",
        }
    }
}

/// Sees what a text is.
///
/// # Errors
/// A failure of the database.
pub async fn classify(tx: &mut Tx<'_>, warehouse: WarehouseId, raw: &str, aim: &str) -> Result<Code, DbError> {
    let text = scanned(raw);
    if let Some(card) = text.strip_prefix('%') {
        if let Some(command) = Command::from_code(&text) {
            return Ok(Code::Command(command));
        }
        return Ok(match card.split_at_checked(1) {
            Some(("B", digits)) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Code::Badge
            }
            Some(("W", station)) if !station.is_empty() => Code::Station(station.to_owned()),
            _ => match card.split_once(':') {
                // What is typed keeps its case.
                Some((what, _)) => {
                    let value = raw.split_once(':').map_or("", |(_, value)| value).trim();
                    Code::Choice(what.to_owned(), value.to_owned())
                }
                None => Code::Unknown(text),
            },
        });
    }
    if let Some(number) = text.strip_prefix('=') {
        return Ok(number.parse().map_or_else(|_| Code::Unknown(text.clone()), Code::Quantity));
    }
    let within = elements(raw, aim).map(|found| (found.gtin, found.lot));
    let (wanted, lot) = match &within {
        Some((gtin, lot)) => (shorter(gtin), lot.clone()),
        None => (text.clone(), None),
    };
    let found = known(tx, warehouse, &wanted).await?;
    Ok(match found {
        Some(Code::Item(item)) => Code::Item(Item { lot, ..item }),
        Some(code) => code,
        // A case has a number of its own, of fourteen digits.
        None => match within {
            Some((gtin, lot)) if gtin != wanted => match known(tx, warehouse, &gtin).await? {
                Some(Code::Item(item)) => Code::Item(Item { lot, ..item }),
                _ => Code::Unknown(text),
            },
            _ => Code::Unknown(text),
        },
    })
}

async fn known(tx: &mut Tx<'_>, warehouse: WarehouseId, text: &str) -> Result<Option<Code>, DbError> {
    let found: Option<(i64, String, i64, String, i64)> =
        tx.opt(sql::CLASSIFY, args![warehouse, text, other_form(text)]).await?;
    let Some((_, kind, id, code, factor)) = found else { return Ok(None) };
    Ok(Some(match kind.as_str() {
        "waybill" => Code::Waybill(code),
        "sku" => Code::Item(Item { sku: SkuId(id), code, factor, lot: None, barcode: text.to_owned() }),
        "lot" => Code::Lot { id: LotId(id), number: code },
        "order" => Code::Order { id: OrderId(id), number: code },
        kind => {
            let kind = PlaceKind::from_code(kind).ok_or_else(|| DbError::Form(kind.to_owned()))?;
            Code::Place { id: PlaceId(id), kind, code }
        }
    }))
}
