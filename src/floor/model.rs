//! The words of the floor: what a screen sends, what it hears, and where a person is in their work.

use serde::{Deserialize, Serialize};

use crate::kernel::Timestamp;
use crate::kernel::ids::{AllocationId, BatchId, CellId, ManifestId, PickTaskId, PlaceId, RunId};

crate::codes! {
    /// How an answer sounds and looks.
    pub enum Signal {
        /// Right; go on.
        Ok = "ok",
        /// Right, and something is finished: a line, a tote, an order.
        Done = "done",
        /// Wrong; nothing has changed.
        Wrong = "wrong",
        /// To be read; nothing is wrong.
        Info = "info",
    }
}

crate::codes! {
    /// How a code came into the device.
    pub enum Source {
        /// A scanner that types.
        Wedge = "wedge",
        /// The device's camera.
        Camera = "camera",
        /// Typed on the screen's keypad.
        Keypad = "keypad",
        /// A command card.
        Card = "card",
        /// A button on the screen.
        Tap = "tap",
        /// A scanner of the station.
        Station = "station",
    }
}

crate::codes! {
    /// Which screens a step belongs to; each has its own.
    pub enum Surface {
        /// The handheld.
        Pda = "pda",
        /// The packing station.
        Station = "station",
    }
}

/// A sentence of the catalogue with its facts. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its id in the catalogue.
    pub id: String,
    /// What stands in its braces.
    pub facts: Vec<(String, String)>,
}

impl Said {
    /// A sentence with its facts.
    #[must_use]
    pub fn new(id: &str, facts: &[(&str, &dyn std::fmt::Display)]) -> Self {
        let facts = facts.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        Self { id: id.to_owned(), facts }
    }

    /// The sentence in a language.
    #[must_use]
    pub fn sentence(&self, language: &crate::messages::Language) -> String {
        // A fact that is the name of a kind of thing is itself a text of the catalogue.
        let word = |value: &String| match value.starts_with("kind.") {
            true => crate::messages::fill(*language, value, &[]),
            false => value.clone(),
        };
        let facts: Vec<(&str, String)> = self.facts.iter().map(|(name, value)| (name.as_str(), word(value))).collect();
        let facts: Vec<(&str, &str)> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
        crate::messages::fill(*language, &self.id, &facts)
    }
}

/// What a scan leads to. The same key gives the same verdict for ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// How it sounds.
    pub signal: Signal,
    /// What is to be read.
    pub said: Option<Said>,
    /// The version of the step that follows.
    pub version: i64,
    /// Whether the step had moved on before this scan: it has changed nothing.
    pub stale: bool,
}

/// What a step says after a scan that was right.
#[derive(Clone, Debug)]
pub struct Heard {
    /// How it sounds.
    pub signal: Signal,
    /// What is to be read.
    pub said: Option<Said>,
}

impl Heard {
    /// Right; go on.
    #[must_use]
    pub const fn ok() -> Self {
        Self { signal: Signal::Ok, said: None }
    }

    /// Something is finished.
    #[must_use]
    pub const fn done() -> Self {
        Self { signal: Signal::Done, said: None }
    }

    /// Something is to be read.
    #[must_use]
    pub fn info(id: &str, facts: &[(&str, &dyn std::fmt::Display)]) -> Self {
        Self { signal: Signal::Info, said: Some(Said::new(id, facts)) }
    }

    /// The same with a sentence.
    #[must_use]
    pub fn saying(self, id: &str, facts: &[(&str, &dyn std::fmt::Display)]) -> Self {
        Self { said: Some(Said::new(id, facts)), ..self }
    }
}

/// What stands on the screen until it is answered or the next thing happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// How it sounded.
    pub signal: Signal,
    /// The sentence.
    pub said: Said,
}

crate::codes! {
    /// Which work a handheld is at.
    pub enum Screen {
        /// Chooses work.
        Menu = "menu",
        /// Picks.
        Pick = "pick",
        /// Looks up whatever is scanned.
        Look = "look",
        /// One's own day.
        Day = "day",
        /// Picks a batch.
        Batch = "batch",
        /// Sorts at a put wall.
        Wall = "wall",
        /// Puts away, or moves.
        Stow = "stow",
        /// Packs, at a station.
        Pack = "pack",
        /// Hands parcels over, at a station.
        Out = "out",
    }
}

crate::codes! {
    /// Where a picker is within a line.
    pub enum PickAt {
        /// To the place.
        Place = "place",
        /// Taking pieces.
        Item = "item",
        /// Into the tote.
        Put = "put",
        /// Pieces are missing: why?
        Short = "short",
        /// The goods can't be got at: from which other place?
        Other = "other",
        /// The tote is full: the next one.
        Full = "full",
        /// Really undo?
        Undo = "undo",
        /// A cart is to be scanned.
        Cart = "cart",
        /// A tote is to be scanned: for the order, or for the cart's next position.
        Load = "load",
        /// Nothing is left: where are the totes put down?
        Drop = "drop",
    }
}

/// The last thing that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoable {
    /// The task.
    pub task: PickTaskId,
    /// The line.
    pub allocation: AllocationId,
    /// Pieces.
    pub quantity: i64,
    /// The SKU's code.
    pub sku: String,
    /// When it was done.
    pub at: Timestamp,
}

/// For how long a step can be taken back: thirty seconds.
pub const UNDO_MS: i64 = 30_000;

/// Where a picker is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Picking {
    /// The walk.
    pub run: Option<RunId>,
    /// The line; none before the first, and where nothing is left.
    pub line: Option<AllocationId>,
    /// Where within the line.
    pub at: PickAt,
    /// The place whose label was scanned last, as it was scanned.
    pub place: String,
    /// Its code.
    pub place_code: String,
    /// The item as it was scanned last.
    pub item: String,
    /// Pieces that one scan of it stands for.
    pub factor: i64,
    /// The item's SKU and lot, verified at this place.
    pub verified: String,
    /// Pieces in hand.
    pub counted: i64,
}

impl Default for Picking {
    fn default() -> Self {
        Self {
            run: None,
            line: None,
            at: PickAt::Load,
            place: String::new(),
            place_code: String::new(),
            item: String::new(),
            factor: 1,
            verified: String::new(),
            counted: 0,
        }
    }
}

crate::codes! {
    /// Where a packer is with a parcel.
    pub enum PackAt {
        /// A tote is to be scanned.
        Tote = "tote",
        /// Somebody else has begun it: take it over?
        TakeOver = "take_over",
        /// Pieces and papers go in.
        Verify = "verify",
        /// Why is it closed unchecked?
        Force = "force",
        /// A damaged piece: which one, and where is it put?
        Aside = "aside",
        /// Onto the scale.
        Weigh = "weigh",
        /// The weight isn't what it should be.
        Hold = "hold",
        /// Why is the weight right?
        Pass = "pass",
        /// The label comes out and is scanned.
        Label = "label",
        /// Why is it printed again?
        Reprint = "reprint",
    }
}

/// Where a packer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Packing {
    /// Where with the parcel.
    pub at: PackAt,
    /// The parcel.
    pub parcel: Option<PlaceId>,
    /// The tote that somebody else has begun.
    pub tote: String,
    /// The item that went in last, as it was scanned.
    pub item: String,
    /// Pieces of it that are in.
    pub verified: i64,
    /// The damaged piece in hand, as it was scanned, and the lot that its label names.
    pub aside: Option<(String, Option<String>)>,
    /// The list that parcels are scanned onto.
    pub manifest: Option<ManifestId>,
}

impl Default for Packing {
    fn default() -> Self {
        Self {
            at: PackAt::Tote,
            parcel: None,
            tote: String::new(),
            item: String::new(),
            verified: 0,
            aside: None,
            manifest: None,
        }
    }
}

/// Where a picker is with a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Batching {
    /// The batch.
    pub batch: Option<BatchId>,
    /// Whether its orders are of one piece each: then it goes to packing, not to a wall.
    pub single: bool,
    /// Its tote.
    pub tote: String,
    /// The line, by its cell.
    pub cell: Option<CellId>,
    /// Where within the line.
    pub at: PickAt,
    /// The place as it was scanned.
    pub place: String,
    /// Its code.
    pub place_code: String,
    /// The item as it was scanned last.
    pub item: String,
    /// Pieces that one scan of it stands for.
    pub factor: i64,
    /// Whether the item was scanned at this line.
    pub verified: bool,
    /// Pieces in hand.
    pub counted: i64,
    /// What can be taken back: cell, pieces, SKU, since when.
    pub undo: Option<(CellId, i64, String, Timestamp)>,
}

impl Default for Batching {
    fn default() -> Self {
        Self {
            batch: None,
            single: false,
            tote: String::new(),
            cell: None,
            at: PickAt::Load,
            place: String::new(),
            place_code: String::new(),
            item: String::new(),
            factor: 1,
            verified: false,
            counted: 0,
            undo: None,
        }
    }
}

/// Where somebody is at a put wall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sorting {
    /// The wall.
    pub wall: String,
    /// The tote that is emptied.
    pub tote: String,
    /// The piece in hand, as it was scanned.
    pub item: String,
    /// The lot that its label names.
    pub lot: Option<String>,
    /// Its SKU.
    pub sku: String,
    /// Where it belongs: a slot, or the spare place.
    pub slot: String,
    /// Whether no order wants it.
    pub spare: bool,
    /// What can be taken back: slot, item, lot, since when.
    pub undo: Option<(String, String, Option<String>, Timestamp)>,
}

/// Where somebody is while they put something away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stowing {
    /// Where it lies.
    pub from: String,
    /// The item in hand: its SKU's code.
    pub item: String,
    /// The same, for the screen.
    pub sku: String,
    /// Its lot, once it is known.
    pub lot: Option<String>,
    /// Pieces in hand.
    pub counted: i64,
    /// The place where another lot lies: put it there all the same?
    pub other_lot: String,
}

/// Where a person is in their work at one surface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Which work.
    pub screen: Screen,
    /// What stands on the screen.
    pub message: Option<Message>,
    /// The picker's place in it.
    pub pick: Picking,
    /// The batch picker's place in it.
    pub batch: Batching,
    /// The sorter's.
    pub sort: Sorting,
    /// The stower's.
    pub stow: Stowing,
    /// The packer's place in it.
    pub pack: Packing,
    /// What was looked up last.
    pub look: String,
    /// The last thing that can be taken back.
    pub undo: Option<Undoable>,
    /// When the last scan that was right was made, by the device's clock.
    pub accepted_at: Timestamp,
}

impl Default for State {
    fn default() -> Self {
        Self {
            screen: Screen::Menu,
            message: None,
            pick: Picking::default(),
            batch: Batching::default(),
            sort: Sorting::default(),
            stow: Stowing::default(),
            pack: Packing::default(),
            look: String::new(),
            undo: None,
            accepted_at: Timestamp(0),
        }
    }
}

impl State {
    /// The step's name, as records and screens have it.
    #[must_use]
    pub fn step(&self) -> &'static str {
        match (self.screen, self.pick.at) {
            (Screen::Menu, _) => "menu",
            (Screen::Look, _) => "look",
            (Screen::Day, _) => "day",
            (Screen::Pick, PickAt::Cart) => "pick.cart",
            (Screen::Pick, PickAt::Load) => "pick.load",
            (Screen::Pick, PickAt::Place) => "pick.place",
            (Screen::Pick, PickAt::Item) => "pick.item",
            (Screen::Pick, PickAt::Put) => "pick.put",
            (Screen::Pick, PickAt::Short) => "pick.short",
            (Screen::Pick, PickAt::Other) => "pick.other",
            (Screen::Pick, PickAt::Full) => "pick.full",
            (Screen::Pick, PickAt::Undo) => "pick.undo",
            (Screen::Pick, PickAt::Drop) => "pick.drop",
            (Screen::Batch, _) => match self.batch.at {
                PickAt::Load => "batch.tote",
                PickAt::Item => "batch.item",
                PickAt::Short => "batch.short",
                PickAt::Full => "batch.full",
                PickAt::Drop => "batch.drop",
                _ => "batch.place",
            },
            (Screen::Wall, _) if self.sort.wall.is_empty() => "wall.wall",
            (Screen::Wall, _) if self.sort.tote.is_empty() => "wall.tote",
            (Screen::Wall, _) if self.sort.item.is_empty() => "wall.item",
            (Screen::Wall, _) => "wall.slot",
            (Screen::Stow, _) if self.stow.from.is_empty() => "stow.from",
            (Screen::Stow, _) if self.stow.item.is_empty() => "stow.item",
            (Screen::Stow, _) => "stow.to",
            (Screen::Out, _) => "out",
            (Screen::Pack, _) => match self.pack.at {
                PackAt::Tote => "pack.tote",
                PackAt::TakeOver => "pack.take_over",
                PackAt::Verify => "pack.verify",
                PackAt::Force => "pack.force",
                PackAt::Aside if self.pack.aside.is_none() => "pack.aside",
                PackAt::Aside => "pack.aside_to",
                PackAt::Weigh => "pack.weigh",
                PackAt::Hold => "pack.hold",
                PackAt::Pass => "pack.pass",
                PackAt::Label => "pack.label",
                PackAt::Reprint => "pack.reprint",
            },
        }
    }
}
